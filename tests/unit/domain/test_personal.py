"""How a person is recognised in a text, and which exchanges are about students."""

from dataclasses import replace
from datetime import date

import pytest
from tests.support.stores import an_exchange

from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.personal import Trace, about_students, hidden_of, marks_of, named_in
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind

ESI = "urn:schac:personaluniquecode:int:esi:x.example:7"
CIVIC = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200302140000")
ALMA = Person(
    names=(PersonName("Alma Testa", "Ek & Bok"),), birth_date=date(2003, 2, 14), email="alma@uni.example"
)
KEYS = [
    CIVIC,
    IdentityKey(IdentityKeyKind.GLOBAL_ID, ESI),
    IdentityKey(IdentityKeyKind.OMOBILITY, "uni.example/NH-OM-1"),
    IdentityKey(IdentityKeyKind.APPLICATION, "mobility_online:12345"),
    IdentityKey(IdentityKeyKind.SOURCE_PERSON, "mobility_online:7"),
]


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("<id>200302140000</id>", True),
        ("20030214-0000", True),
        ("x030214-0000", False),
        ("030214-0000", True),
        ("1200302140000", False),
        ("<id>URN:SCHAC:personalUniqueCode:int:esi:x.example:7</id>", True),
        ("global_id=urn%3Aschac%3ApersonalUniqueCode%3Aint%3Aesi%3Ax.example%3A7", True),
        ("omobility_id=NH-OM-1&x", True),
        ("NH-OM-12", False),
        ("<applicationId>12345</applicationId>", True),
        ("<id>7</id>", False),
        ("to Alma@uni.example", True),
        ("<f>Ek &amp; Bok</f><g>Alma</g><d>2003-02-14</d>", True),
        ("Ek & Bok, Alma, born 14.02.2003", True),
        ("Ek & Bok, Alma, born 15.02.2003", False),
        ("Alma 2003-02-14", False),
    ],
)
def test_a_person_is_recognised_by_keys_or_by_name_and_day_together(text: str, tells: bool) -> None:  # noqa: FBT001
    assert marks_of(KEYS, [ALMA]).are_in(text.encode()) is tells


def test_of_whom_nothing_is_known_no_text_tells() -> None:
    assert not marks_of([], []).are_in(b"Alma 2003-02-14")
    assert not marks_of([], [replace(ALMA, birth_date=None, email=None)]).are_in(b"Ek & Bok Alma")


def test_question_address_and_answer_are_looked_into() -> None:
    marks = marks_of([CIVIC], [])
    blank = {"body": b"", "request_body": b"", "url": "https://x.example/"}
    for where in blank:
        text = "https://x.example/200302140000"
        found = text if where == "url" else text.encode()
        assert marks.are_in_exchange(replace(an_exchange(), **{**blank, where: found}))  # type: ignore[arg-type]
    assert not marks.are_in_exchange(replace(an_exchange(), **blank))  # type: ignore[arg-type]


def test_keys_stand_out_of_a_text_by_their_form() -> None:
    uid = "0b82ca40-1111-2222-3333-444455556666"
    text = f"<a>{uid.upper()}</a><b>20030214-0000</b><c>{ESI.replace(':', '%3A')}</c><d>1234</d>"
    assert named_in(text.encode()) == {
        CIVIC,
        IdentityKey(IdentityKeyKind.LADOK_STUDENT, uid),
        IdentityKey(IdentityKeyKind.LADOK_EXTERNAL, uid),
        IdentityKey(IdentityKeyKind.GLOBAL_ID, ESI),
    }
    assert named_in(b"") == frozenset()


def test_in_addresses_every_form_of_a_key_is_hidden_but_none_that_says_nothing() -> None:
    hidden = hidden_of(KEYS)
    assert {"200302140000", "20030214-0000", ESI, "NH-OM-1", "12345"} <= hidden
    assert "7" not in hidden


@pytest.mark.parametrize(
    ("system", "api", "personal"),
    [
        ("ewp", "iias.get", False),
        ("ewp", "iia-approval-cnr.url", False),
        ("ewp", "registry", False),
        ("ewp", "omobility-las.get", True),
        ("ewp", "imobility-tors.index", True),
        ("mobility_online", "getAgreementsBySearchParameters", False),
        ("mobility_online", "wsdl", False),
        ("mobility_online", "getCoursesOfLearningAgreement", True),
        ("mobility_online", "getApplicationDataByID", True),
        ("ladok", "feed", True),
        ("dashboard", "csv", True),
    ],
)
def test_all_is_about_students_but_what_is_known_not_to_be(system: str, api: str, personal: bool) -> None:  # noqa: FBT001
    assert about_students(an_exchange(system=system, api=api)) is personal


def test_a_trace_shows_its_value_nowhere() -> None:
    assert "2003" not in repr(Trace.of(CIVIC))
