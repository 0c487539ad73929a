"""Our copies as Mobility-Online would store them."""

from datetime import date
from decimal import Decimal

from tests.support.sandbox import stage

from mobility_bridge.sandbox.academic_years import last_day
from mobility_bridge.sandbox.local_records import mo_agreements
from mobility_bridge.sandbox.world import MoAgreement, MoLanguage


def records(iia_id: str, scenario: str = "clean") -> list[MoAgreement]:
    everything = mo_agreements(stage(scenario).world)
    return [record for record in everything if record.ewp is not None and record.ewp.iia_id == iia_id]


def test_each_direction_and_person_type_has_a_record_of_its_own():
    found = [
        (each.application_type, each.person_type, each.exchange_program.number)
        for each in records("nhu-iia-0001")
    ]

    assert found == [("OUT", "S", "SMS"), ("IN", "S", "SMS"), ("OUT", "T", "STA"), ("IN", "T", "STA")]


def test_a_record_says_what_the_condition_says():
    outgoing = records("nhu-iia-0001")[0]

    assert outgoing.academic_years == ("2025/2026", "2026/2027", "2027/2028", "2028/2029")
    assert (outgoing.valid_from, outgoing.valid_to) == (date(2025, 9, 1), date(2029, 8, 31))
    assert (outgoing.total_number, outgoing.total_months) == (3, Decimal(15))
    assert outgoing.study_levels == ("B", "M")
    assert outgoing.languages == (MoLanguage("en", "B2"),)
    assert outgoing.study_fields[0].description == "Economics"
    assert outgoing.custom_fields == (("blended", "false"),)


def test_days_of_staff_stand_in_a_custom_field():
    teaching = records("nhu-iia-0001")[2]

    assert teaching.total_months is None
    assert teaching.custom_fields == (("total_days", "5"),)


def test_a_southern_partner_has_its_own_calendar():
    outgoing, incoming = records("nhu-iia-0005")[:2]

    assert outgoing.academic_years[0] == "2025/2025"
    assert incoming.academic_years[0] == "2025/2026"
    assert last_day("2026/2026") == date(2026, 12, 31)


def test_a_draft_is_not_in_the_network():
    drafts = [record for record in mo_agreements(stage("default").world) if record.status == "DRAFT"]

    assert drafts
    assert all(record.ewp is None for record in drafts)
