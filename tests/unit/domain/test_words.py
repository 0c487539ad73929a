"""What the words mean."""

from datetime import date

import pytest
from tests.support.cases import NOW, local_copy, stored

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.discrepancy import Finding, Owner, Severity, Subject, SubjectKind, Text
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.snapshot import HashVerdict

HEI = HeiId("alderton.example")
OURS = Subject(SubjectKind.AGREEMENT, HEI, IiaId("nh-1"), IiaId("ald-1"))
THEIRS = Subject(SubjectKind.AGREEMENT, HEI, partner_iia_id=IiaId("ald-1"))


@pytest.mark.parametrize(
    ("subject", "key", "text"),
    [
        (OURS, "agreement:alderton.example:ours:nh-1", "alderton.example nh-1"),
        (THEIRS, "agreement:alderton.example:theirs:ald-1", "alderton.example their ald-1"),
        (Subject(SubjectKind.PARTNER, HEI), "partner:alderton.example", "alderton.example"),
        (Subject(SubjectKind.SOURCE, source="catalogue"), "source:catalogue", "catalogue"),
    ],
)
def test_a_subject_has_a_stable_key_and_a_name_for_people(subject: Subject, key: str, text: str) -> None:
    assert subject.key == key
    assert str(subject) == text


def finding(subject: Subject, place: str = "") -> Finding:
    nothing = Text("", "")
    return Finding("ID_CHANGED", Severity.BLOCKING, Owner.PARTNER, subject, nothing, nothing, place)


def test_learning_the_partners_id_makes_no_new_discrepancy() -> None:
    before = Subject(SubjectKind.AGREEMENT, HEI, IiaId("nh-1"))
    assert finding(before).discrepancy_id == finding(OURS).discrepancy_id
    assert finding(OURS, "here").discrepancy_id != finding(OURS, "there").discrepancy_id


@pytest.mark.parametrize("text", ["2026/2028", "2026/2025", "2026", "26/27"])
def test_what_is_no_academic_year_is_none(text: str) -> None:
    assert AcademicYear.parse(text) is None


def test_academic_years_follow_two_calendars() -> None:
    north, south = AcademicYear.parse(" 2026/2027 "), AcademicYear.parse("2026/2026")
    assert north is not None
    assert south is not None
    assert (north.first_day, north.last_day) == (date(2026, 9, 1), date(2027, 8, 31))
    assert (south.first_day, south.last_day) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (str(north.shifted(1)), str(south.shifted(-1))) == ("2027/2028", "2025/2025")
    assert AcademicYear.containing(date(2027, 8, 31)) == north
    assert AcademicYear.containing(date(2026, 9, 1)) == north


def test_only_a_hash_that_fits_is_trusted() -> None:
    trusted = {verdict for verdict in HashVerdict if verdict.trusted}
    assert trusted == {HashVerdict.MATCHES, HashVerdict.DOC_SCOPE}


def test_a_copy_lives_until_its_holder_stops_serving_it() -> None:
    assert stored(local_copy()).live
    assert not stored(local_copy(), gone_at=NOW).live
