"""Events as facts: read by name, whatever the order of their elements, and never hiding one another."""

import copy
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree
from tests.support.fixtures import PUBLISHED, needs_published, sample
from tests.support.ladok_door import OWN_USER, Sent, page, uid

from mobility_adapters.ladok.events import Decoded, EventDecoder, Seen
from mobility_adapters.ladok.exchange import ExchangeRules, direction_rule
from mobility_adapters.ladok.feed import read_page
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.occasion import (
    CodeRow,
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
)
from mobility_bridge.domain.person import Direction, PersonName
from mobility_bridge.domain.registration import (
    Admission,
    Completion,
    EducationBegun,
    Interruption,
    Leave,
    OccasionBegun,
    Placement,
    Registration,
    Withdrawal,
)
from mobility_bridge.domain.registry_student import (
    CivicNumberChanged,
    LadokStudent,
    StudentContact,
    StudentDeceased,
    StudentLink,
    StudentProtected,
    StudentReplaced,
)
from mobility_bridge.domain.result import CreditTransfer, OtherMerit, ResultDecided
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit import xml
from mobility_bridge.ports.registry import FeedNotice

RULES = ExchangeRules(
    agreement_types=frozenset({"9901"}),
    occasion_types=frozenset({"9902"}),
    directions=(direction_rule("-IN$", Direction.INCOMING),),
)
AT = datetime(2026, 9, 1, 0, 0, 1, tzinfo=UTC)


def decoded(*sent: Sent, own: str | None = OWN_USER) -> Decoded:
    return decoded_page(page(1, sent), own)


def decoded_page(data: bytes, own: str | None = OWN_USER) -> Decoded:
    found = read_page(xml.parse(data, limit=1 << 20), "first")
    return EventDecoder(RULES, own).decode(found.entries, found.number, Seen())


def facts(name: str, service: str = "studiedeltagande", inner: str = "", **fields: str) -> tuple[Fact, ...]:
    (event,) = decoded(Sent(1, name, fields, service, inner=inner)).events
    return event.facts


def fact(name: str, service: str = "studiedeltagande", inner: str = "", **fields: str) -> Any:
    (found,) = facts(name, service, inner, **fields)
    return found


ADMITTED = {"TillfallesantagningUID": uid(1, 9), "UtbildningstillfalleUID": uid(1, 8)}


def test_a_student_event_gives_the_person() -> None:
    found = fact(
        "LokalStudentEvent",
        "studentinformation",
        Efternamn="Påhittsson",
        ExterntStudentUID="5F0B6D1E-3C5A-4F0E-9B57-1F2F5F3C9A01",
        Fodelsedata="1912-12-12",
        Fornamn="Tolvan",
        Kon="2",
        Personnummer="191212121212",
    )
    assert isinstance(found, LadokStudent)
    person = found.person
    assert person is not None
    assert person.names == (PersonName("Tolvan", "Påhittsson"),)
    assert (person.birth_date, person.gender, person.civic_number) == (date(1912, 12, 12), 1, "191212121212")
    assert person.ladok_external_uid == "5f0b6d1e-3c5a-4f0e-9b57-1f2f5f3c9a01"
    assert person.global_id is not None
    assert person.global_id.endswith("externtstudentuid-5f0b6d1e-3c5a-4f0e-9b57-1f2f5f3c9a01")
    assert found.as_of == AT


def test_a_merged_student_points_on_and_a_changed_number_is_kept() -> None:
    found = facts(
        "LokalStudentEvent",
        "studentinformation",
        ErsattAvStudentUID=uid(8, 3),
        Personnummer="191212121212",
        TidigarePersonnummer="19121212T001",
    )
    assert [type(each) for each in found] == [LadokStudent, StudentReplaced, CivicNumberChanged]
    replaced, changed = found[1], found[2]
    assert isinstance(replaced, StudentReplaced)
    assert replaced.replaced_by == uid(8, 3)
    assert isinstance(changed, CivicNumberChanged)
    assert (changed.earlier, changed.present) == ("19121212T001", "191212121212")
    assert "1212" not in repr(changed)


def test_a_number_that_fails_its_check_digit_is_kept_and_noted_without_being_shown() -> None:
    (event,) = decoded(
        Sent(1, "LokalStudentEvent", {"Personnummer": "191212121213"}, "studentinformation")
    ).events
    assert event.problems == (("Personnummer", "fails its test of check_digit"),)
    (found,) = event.facts
    assert isinstance(found, LadokStudent)
    assert found.person is not None
    assert found.person.civic_number == "191212121213"
    assert "1212" not in repr(event)


@pytest.mark.parametrize(
    ("name", "service", "said", "kind", "removed"),
    [
        ("StudentAvlidenmarkeringEvent", "studentinformation", {"avliden": "true"}, StudentDeceased, False),
        ("StudentAvlidenmarkeringEvent", "studentinformation", {"avliden": "false"}, StudentDeceased, True),
        ("SkyddadePersonuppgifterEvent", "studentinformation", {}, StudentProtected, False),
        (
            "KontaktuppgifterEvent",
            "studentinformation",
            {"Epostadress": "a@b.example"},
            StudentContact,
            False,
        ),
        ("StudentTillLarosateEvent", "studiedeltagande", {"Tilltalsnamn": "Ana"}, StudentLink, False),
        ("StudentBortkoppladFranLarosateEvent", "studentinformation", {}, StudentLink, True),
        ("ForvantatDeltagandeSkapadEvent", "studiedeltagande", ADMITTED, Admission, False),
        ("ForvantatDeltagandeUppdateradEvent", "studiedeltagande", ADMITTED, Admission, False),
        ("ForvantatDeltagandeBorttagetEvent", "studiedeltagande", ADMITTED, Admission, True),
        ("RegistreringEvent", "studiedeltagande", {"RegistreringUID": uid(1, 9)}, Registration, False),
        ("OmregistreringEvent", "studiedeltagande", {"RegistreringUID": uid(1, 9)}, Registration, False),
        (
            "AterkalladregistreringEvent",
            "studiedeltagande",
            {"RegistreringUID": uid(1, 9)},
            Registration,
            True,
        ),
        ("PaborjatUtbildningstillfalleEvent", "studiedeltagande", ADMITTED, OccasionBegun, False),
        ("AterkallatPaborjatUtbildningstillfalleEvent", "studiedeltagande", ADMITTED, OccasionBegun, True),
        ("PaborjadUtbildningEvent", "studiedeltagande", {}, EducationBegun, False),
        ("AterkalladPaborjadUtbildningEvent", "studiedeltagande", {}, EducationBegun, True),
        ("AterbudEvent", "studiedeltagande", ADMITTED, Withdrawal, False),
        ("AvbrottEvent", "studiedeltagande", ADMITTED, Interruption, False),
        ("AvbrottBorttagetEvent", "studiedeltagande", ADMITTED, Interruption, True),
        (
            "AvklaradEvent",
            "studiedeltagande",
            {"UtbildningstillfalleVidAvklarandeUID": uid(1, 8)},
            Completion,
            False,
        ),
        (
            "AvklaradBorttagetEvent",
            "studiedeltagande",
            {"UtbildningstillfalleVidAvklarandeUID": uid(1, 8)},
            Completion,
            True,
        ),
        ("UppehallEvent", "studiedeltagande", {"UppehallUID": uid(1, 9)}, Leave, False),
        ("UppehallUppdateratEvent", "studiedeltagande", {"UppehallUID": uid(1, 9)}, Leave, False),
        ("UppehallBorttagetEvent", "studiedeltagande", {"UppehallUID": uid(1, 9)}, Leave, True),
        ("AndradPlaceringIPlan2Event", "studiedeltagande", ADMITTED, Placement, False),
        ("AndradPlaceringIPlanEvent", "studiedeltagande", ADMITTED, Placement, False),
        ("ResultatPaHelKursAttesteratEvent", "resultat", {"ResultatUID": uid(1, 9)}, ResultDecided, False),
        ("ResultatPaModulAttesteratEvent", "resultat", {"ResultatUID": uid(1, 9)}, ResultDecided, False),
        ("AttesteratResultatMakuleratEvent", "resultat", {"ResultatUID": uid(1, 9)}, ResultDecided, True),
        (
            "TillgodoraknandeAttesteratEvent",
            "resultat",
            {"TillgodoraknandeUID": uid(1, 9)},
            CreditTransfer,
            False,
        ),
        (
            "TillgodoraknandeRattattEvent",
            "resultat",
            {"TillgodoraknandeUID": uid(1, 9)},
            CreditTransfer,
            False,
        ),
        (
            "TillgodoraknandeBorttagetEvent",
            "resultat",
            {"TillgodoraknandeUID": uid(1, 9)},
            CreditTransfer,
            True,
        ),
        ("AnnanMeritAttesteratEvent", "resultat", {"AnnanMeritUID": uid(1, 9)}, OtherMerit, False),
        ("AnnanMeritRattadEvent", "resultat", {"AnnanMeritUID": uid(1, 9)}, OtherMerit, False),
        ("AnnanMeritMakuleradEvent", "resultat", {"AnnanMeritUID": uid(1, 9)}, OtherMerit, True),
        ("KurspaketeringTillStatusEvent", "utbildningsinformation", {}, ExchangeAgreement, False),
        ("KurspaketeringUppdateradEvent", "utbildningsinformation", {}, ExchangeAgreement, False),
        ("KurspaketeringstillfalleTillStatusEvent", "utbildningsinformation", ADMITTED, Occasion, False),
        ("KurspaketeringstillfalleUppdateratEvent", "utbildningsinformation", ADMITTED, Occasion, False),
        ("UtbildningstillfalleInstalltEvent", "utbildningsinformation", ADMITTED, OccasionCancelled, False),
        (
            "UtbildningstillfalleAteraktiveratEvent",
            "utbildningsinformation",
            ADMITTED,
            OccasionCancelled,
            True,
        ),
        ("UtbildningstillfalleBorttagetEvent", "utbildningsinformation", ADMITTED, Occasion, True),
        ("ExternPartEvent", "kataloginformation", {"Id": "990001"}, ExternalParty, False),
        ("UtbytesprogramEvent", "kataloginformation", {"Id": "1"}, CodeRow, False),
        ("LandEvent", "kataloginformation", {"Id": "1"}, CodeRow, False),
        ("PeriodEvent", "kataloginformation", {"Id": "1"}, CodeRow, False),
        ("TypAvExternPartEvent", "kataloginformation", {"Id": "1", "EventTyp": "BORTTAGEN"}, CodeRow, True),
    ],
)
def test_each_event_of_concern_becomes_its_fact(
    name: str, service: str, said: dict[str, str], kind: type[Fact], *, removed: bool
) -> None:
    found = fact(name, service, **said)
    assert isinstance(found, kind)
    assert (found.removed, found.as_of, found.event_uid) == (removed, AT, uid(1, 2))
    assert found.key[0] == kind.kind


def test_a_registration_says_which_package_occasions_it_is_inside() -> None:
    inside = (
        f"<x:InomKurspaketeringstillfalle><x:KurspaketeringUID>{uid(5, 4)}</x:KurspaketeringUID>"
        f"<x:KurspaketeringstillfalleUID>{uid(5, 8)}</x:KurspaketeringstillfalleUID>"
        f"<x:TillfallesantagningUID>{uid(5, 9)}</x:TillfallesantagningUID></x:InomKurspaketeringstillfalle>"
    )
    found = fact(
        "RegistreringEvent",
        inner=inside * 2,
        RegistreringUID=uid(1, 9).upper(),
        KurstillfalleUID=uid(1, 8),
        Period="1",
        Omfattningsvarde="7,5",
        StudieperiodStart="2026-08-31",
        StudieperiodSlut="2026-10-30",
    )
    assert found.registration_uid == uid(1, 9)
    assert (found.starts_on, found.ends_on) == (date(2026, 8, 31), date(2026, 10, 30))
    assert (found.period, found.credits, len(found.within)) == (1, Decimal("7.5"), 2)
    assert found.within[0].occasion_uid == uid(5, 8)


def test_a_recalled_registration_keeps_its_reason() -> None:
    found = fact(
        "AterkalladregistreringEvent",
        RegistreringUID=uid(1, 9),
        Orsak="studiedeltagande.domain.aterkalla.orsak.borttagen_registrering",
        Aterkallandedatum="2026-10-01",
    )
    assert (found.reason, found.recalled_on) == ("borttagen_registrering", date(2026, 10, 1))


def test_a_withdrawal_keeps_all_words_of_its_reason() -> None:
    found = fact(
        "AterbudEvent",
        **ADMITTED,
        Aterbudsdatum="2026-08-03",
        Aterbudsorsak="studiedeltagande.domain.aterbudsorsak.meddelat.av.studenten",
    )
    assert (found.withdrawn_on, found.reason) == (date(2026, 8, 3), "meddelat.av.studenten")


def test_an_admission_lies_within_packages_and_follows_an_earlier_one() -> None:
    packages = "".join(
        f"<x:PaketerandeUtbildningstillfalleUID>{uid(number, 8)}</x:PaketerandeUtbildningstillfalleUID>"
        for number in (2, 3)
    )
    periods = (
        "<x:Perioddeltaganden><x:Perioddeltagande><x:Periodindex>1</x:Periodindex><x:UtbildningsPeriodFran>"
        "2026-08-31</x:UtbildningsPeriodFran></x:Perioddeltagande></x:Perioddeltaganden>"
    )
    found = fact(
        "ForvantatDeltagandeSkapadEvent",
        inner=packages + periods,
        **ADMITTED,
        TidigareTillfallesantagningUID=uid(4, 9),
    )
    assert found.within_occasion_uids == (uid(2, 8), uid(3, 8))
    assert found.earlier_admission_uid == uid(4, 9)
    assert [(each.index, each.starts_on) for each in found.periods] == [(1, date(2026, 8, 31))]


def test_a_leave_may_start_in_the_future_under_any_start_date_name() -> None:
    found = fact(
        "UppehallEvent", UppehallUID=uid(1, 9), PlaneratStartdatum="2027-01-18", PlaneratSlutdatum="x"
    )
    assert (found.starts_on, found.planned_end_on) == (date(2027, 1, 18), None)


def test_a_credit_transfer_opens_the_wrapper_that_is_called_as_its_items() -> None:
    inner = (
        f'<x:MalLista><x:MalLista xsi:type="x:HelKurs"><x:Typ>HEL_KURS</x:Typ><x:KursUID>{uid(1, 4)}</x:KursUID>'
        '</x:MalLista><x:MalLista xsi:type="x:Fritext"/></x:MalLista><x:Grunder><x:Grunder xsi:type="x:GrundMerit">'
        f"<x:Typ>ANNAN_MERIT</x:Typ><x:AnnanMeritUID>{uid(2, 9)}</x:AnnanMeritUID></x:Grunder></x:Grunder>"
        "<x:Beslut><x:Beslutsdatum>2027-02-12</x:Beslutsdatum></x:Beslut>"
    )
    found = fact(
        "TillgodoraknandeAttesteratEvent",
        "resultat",
        inner,
        TillgodoraknandeUID=uid(1, 9),
        KopplatKurspaketeringstillfalleUID=uid(1, 8),
    )
    assert [target.kind for target in found.targets] == ["hel_kurs", "fritext"]
    assert found.targets[0].course_uid == uid(1, 4)
    assert [(ground.kind, ground.other_merit_uid) for ground in found.grounds] == [("annan_merit", uid(2, 9))]
    assert (found.occasion_uid, found.decided_on) == (uid(1, 8), date(2027, 2, 12))


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("6 ECTS", Decimal(6)),
        ("7,5 hp", Decimal("7.5")),
        ("6 of 30", None),
        ("six", None),
        ("1.234.5", None),
    ],
)
def test_the_extent_of_a_foreign_merit_is_free_text_and_counted_where_it_can_be(
    text: str, counted: Decimal | None
) -> None:
    found = fact("AnnanMeritAttesteratEvent", "resultat", AnnanMeritUID=uid(1, 9), Omfattning=text)
    assert (found.extent, found.credits) == (text, counted)


def test_a_package_is_an_agreement_by_its_party_or_its_type() -> None:
    service, name = "utbildningsinformation", "KurspaketeringTillStatusEvent"
    assert fact(name, service, UtbildningstypID="2007").exchange is False
    assert fact(name, service, UtbildningstypID="9901").exchange is True
    assert fact(name, service, UtbildningstypID="2007", ExternPartID="990001").exchange is True
    attribute = (
        "<x:Attributvarde><x:Namn>utbildning.attribut.utbytesprogram</x:Namn><x:Varde>990101</x:Varde>"
        "</x:Attributvarde>"
    )
    assert fact(name, service, attribute).programme_id == "990101"


def test_an_occasion_says_its_direction_where_a_pattern_fits() -> None:
    service, name = "utbildningsinformation", "KurspaketeringstillfalleTillStatusEvent"
    period = (
        "<x:Tillfallesperioder><x:ForstaUndervisningsdatum>2026-08-31</x:ForstaUndervisningsdatum>"
        "<x:Omfattningsvarde>30.0</x:Omfattningsvarde></x:Tillfallesperioder>"
    )
    incoming = fact(name, service, period, **ADMITTED, Utbildningstillfalleskod="HT26-IN")
    assert (incoming.direction, incoming.starts_on) == (Direction.INCOMING, date(2026, 8, 31))
    other = fact(name, service, **ADMITTED, Utbildningstillfalleskod="UT261")
    assert (other.direction, other.exchange) == (None, None)
    assert fact(name, service, **ADMITTED, UtbildningstypID="9902").exchange is True


def test_a_course_occasion_counts_only_when_it_was_made_for_one_student() -> None:
    service, name = "utbildningsinformation", "KurstillfalleTillStatusEvent"
    made = f"<x:Kurstillfallesattribut><x:StudentUID>{uid(7, 3)}</x:StudentUID></x:Kurstillfallesattribut>"
    found = fact(name, service, made, **ADMITTED)
    assert isinstance(found, Commitment)
    assert found.student_uid == uid(7, 3)
    plain = decoded(Sent(1, name, ADMITTED, service))
    assert (plain.events, dict(plain.skipped)) == ([], {name: 1})


def test_the_context_may_come_before_the_event_uid() -> None:
    before, after = (decoded(replace(Sent(1), context_first=first)).events for first in (True, False))
    assert before == after


def test_our_own_writes_are_recognised_by_the_certificates_user() -> None:
    mine, theirs = Sent(1, by=OWN_USER), Sent(2)
    assert [event.own for event in decoded(mine, theirs).events] == [True, False]
    assert [event.own for event in decoded(mine, own=None).events] == [False]


def test_a_repair_says_what_the_repaired_event_says_and_is_marked() -> None:
    (event,) = decoded(
        Sent(1, "ResultatPaModulAttesteratFixEvent", {"ResultatUID": uid(1, 9)}, "resultat")
    ).events
    assert (event.name, event.repair) == ("ResultatPaModulAttesteratEvent", True)


def test_unknown_events_and_unknown_elements_are_skipped_and_counted() -> None:
    found = decoded(
        Sent(1, "NagotHeltNyttEvent"),
        Sent(2, "NagotHeltNyttEvent"),
        Sent(3, inner="<x:Nytt><x:Djupt/></x:Nytt>"),
        Sent(4, "BetalningEvent", service="avgiftshantering"),
    )
    assert dict(found.skipped) == {"NagotHeltNyttEvent": 2, "BetalningEvent": 1}
    assert len(found.events) == 1


@pytest.mark.parametrize(
    ("broken", "detail"),
    [
        (Sent(2, "ForvantatDeltagandeSkapadEvent"), "ForvantatDeltagandeSkapadEvent: TillfallesantagningUID"),
        (Sent(2, fields={"StudentUID": ""}), "PaborjadUtbildningEvent: StudentUID"),
        (Sent(2, at="yesterday"), "PaborjadUtbildningEvent: updated"),
        (
            Sent(2, "ResultatPaHelKursAttesteratEvent", service="resultat"),
            "ResultatPaHelKursAttesteratEvent: ResultatUID",
        ),
        (Sent(2, "LandEvent", service="kataloginformation"), "LandEvent: Id"),
    ],
)
def test_an_event_that_cannot_be_read_is_remarked_on_and_hides_no_other(broken: Sent, detail: str) -> None:
    found = decoded(Sent(1), broken, Sent(3))
    assert len(found.events) == 2
    assert [(each.notice, each.entry_id, each.detail) for each in found.remarks] == [
        (FeedNotice.UNREADABLE, uid(2, 1), detail)
    ]


def test_an_entry_without_content_is_remarked_on() -> None:
    data = page(1, [Sent(1)])
    start, end = data.index(b"<x:"), data.index(b"</content>")
    found = decoded_page(data[:start] + data[end:])
    assert [remark.detail for remark in found.remarks] == ["PaborjadUtbildningEvent: content"]


def test_an_entry_without_a_category_is_told_by_its_content() -> None:
    data = page(1, [Sent(1)]).replace(
        b'<category term="http://schemas.ladok.se/studiedeltagande/PaborjadUtbildningEvent" label="Event-typ"/>',
        b"",
    )
    assert [event.name for event in decoded_page(data).events] == ["PaborjadUtbildningEvent"]


def test_a_value_that_cannot_be_read_is_none_and_named() -> None:
    (event,) = decoded(Sent(1, "AterbudEvent", {**ADMITTED, "Aterbudsdatum": "tomorrow"})).events
    (found,) = event.facts
    assert isinstance(found, Withdrawal)
    assert found.withdrawn_on is None
    assert event.problems == (("Aterbudsdatum", "no date"),)


def test_the_sample_page_tells_one_term_abroad() -> None:
    found = decoded_page(sample("ladok/feed-term-abroad.xml"))
    assert [each.name for each in found.events] == [
        "KurspaketeringTillStatusEvent",
        "KurspaketeringstillfalleTillStatusEvent",
        "ForvantatDeltagandeSkapadEvent",
        "KurstillfalleTillStatusEvent",
        "ForvantatDeltagandeSkapadEvent",
        "RegistreringEvent",
        "PaborjatUtbildningstillfalleEvent",
    ]
    assert found.remarks == []
    assert all(not event.problems for event in found.events)


@needs_published
def test_the_published_examples_are_read_whole() -> None:
    examples = PUBLISHED / "ladok" / "examples"
    recent = decoded_page((examples / "feed-recent.xml").read_bytes(), own="mobility-bridge@EXU")
    archive = decoded_page((examples / "feed-archive.xml").read_bytes())
    assert (len(recent.events), len(archive.events)) == (12, 4)
    assert (recent.remarks, archive.remarks, dict(recent.skipped)) == ([], [], {})
    assert sum(event.own for event in recent.events) == 3
    assert all(not event.problems for event in (*recent.events, *archive.events))
    occasions = [fact for event in archive.events for fact in event.facts if isinstance(fact, Occasion)]
    assert [(each.code, each.exchange) for each in occasions] == [("UT261", True)]


MUTATIONS = ("removed", "emptied", "renamed", "doubled", "filled with something else")


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_element_of_a_page_can_be_changed_so_that_reading_breaks(mutation: str) -> None:
    """Each element in turn: the page is refused as a page, or every other event of it is still read."""
    data = sample("ladok/feed-term-abroad.xml")
    for place in range(1, sum(1 for _ in etree.fromstring(data).iter("*"))):
        root = etree.fromstring(data)
        element = list(root.iter("*"))[place]
        _mutate(element, mutation)
        with suppress(InvalidDocument):
            found = decoded_page(etree.tostring(root))
            read = len(found.events) + len(found.remarks) + found.skipped.total()
            assert read >= 7 - (mutation in ("removed", "renamed")), (place, element.tag)
            assert len(found.events) >= 5, (place, element.tag)


def _mutate(element: etree._Element, mutation: str) -> None:
    parent = element.getparent()
    assert parent is not None
    if mutation == "removed":
        parent.remove(element)
    elif mutation == "emptied":
        element.clear()
    elif mutation == "renamed":
        element.tag = "{urn:other}renamed"
    elif mutation == "doubled":
        parent.append(copy.deepcopy(element))
    else:
        element.text = "é\u2028 <&>"
