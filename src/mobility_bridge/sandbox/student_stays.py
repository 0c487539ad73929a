"""A whole stay put into the world: into Ladok, into the nominations and into the learning agreements.

Everything takes plain values only, so that a journal can play it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, cast, get_args

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import learning_agreements as las
from mobility_bridge.sandbox.academic_years import year_id
from mobility_bridge.sandbox.cast import EVERYBODY, LISTED, NORDHAV, Hei
from mobility_bridge.sandbox.ladok_numbers import Term, civic_number, term_named
from mobility_bridge.sandbox.ladok_seed import agreement_with, course, doer, occasion_of, seed
from mobility_bridge.sandbox.learning_agreements import Component, LearningAgreement, Lists, Signature
from mobility_bridge.sandbox.mobility_online_acts import apply_for_stay
from mobility_bridge.sandbox.students import ESI, Nomination, Office, Status, Stay, Student
from mobility_bridge.sandbox.world import OWN_HEI_ID, World

ABSENT, KNOWN, ADMITTED, REGISTERED = "absent", "known", "admitted", "registered"
IN_LADOK: Final = (ABSENT, KNOWN, ADMITTED, REGISTERED)
"""How far a stay has come in Ladok; each word includes those before it."""
NO_LA, PROPOSED, SIGNED = "none", "proposed", "signed"
Course = Sequence[str]
"""(code, title, credits), and perhaps the term"""
ABROAD: Final = (("GEO210", "Coastal Geodynamics", "15"), ("LAN110", "Regional Language", "15"))
AT_HOME: Final = (("NH2101", "Electives abroad", "30"),)
_HERE: Final = (("NH1101", "Geology of the sea", "7.5"), ("NH1102", "History of Nordic languages", "7.5"))


@dataclass(frozen=True, slots=True)
class _Who:
    """A person to be added; `woman` decides the sex in every system's own notation."""

    given_names: str
    family_name: str
    born: date
    woman: bool
    email: str


def add_outgoing(  # noqa: PLR0913 - what a stay consists of
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    partner: str,
    given_names: str,
    family_name: str,
    born: str,
    serial: int,
    woman: bool = True,
    term: str = "HT2026",
    whole_year: bool = False,
    status: str = "approved",
    la: str = SIGNED,
    in_ladok: str = REGISTERED,
    courses: Sequence[Course] = ABROAD,
    recognized: Sequence[Course] = AT_HOME,
    in_mobility_online: bool = True,
) -> Stay:
    """Let one of our students go to a partner.

    `serial` (0 to 999) makes the personnummer; its parity is put right for the sex. `in_ladok`, `la` and
    `status` say how far each system has come. The agreement and its occasion are made in Ladok if missing.
    """
    _insist_on_a_new_id(world, omobility_id)
    hei = _hei(partner)
    span = _span(term, whole_year=whole_year)
    email = f"{given_names.split(maxsplit=1)[0].lower()}.{serial:03d}@students.{OWN_HEI_ID}"
    who = _Who(given_names, family_name, date.fromisoformat(born), woman, email)
    number = civic_number(who.born, serial - serial % 2 + (0 if woman else 1))
    uid, external = _into_ladok(world, now, who, number=number if in_ladok != ABSENT else None)
    if in_ladok in (ADMITTED, REGISTERED) and uid is not None:
        _send_in_ladok(world, now, hei, uid, span, registered=in_ladok == REGISTERED)
    global_id = f"{ESI}ladok.se:externtstudentuid-{external}" if external else f"{ESI}{OWN_HEI_ID}:{serial}"
    made = _stay(world, now, (NORDHAV, hei), _student(who, global_id, "SE"), span)
    made = replace(made, omobility_id=omobility_id, status=_status(status), ladok_uid=uid)
    made = replace(made, la=_agreement(la, courses, recognized, now, (NORDHAV, hei)))
    return _added(world, now, made, applied=in_mobility_online)


def add_incoming(  # noqa: PLR0913 - what a stay consists of
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    partner: str,
    given_names: str,
    family_name: str,
    born: str,
    serial: int,
    woman: bool = True,
    citizenship: str = "IE",
    term: str = "HT2026",
    whole_year: bool = False,
    status: str = "approved",
    la: str = SIGNED,
    in_ladok: str = REGISTERED,
    courses: Sequence[Course] = _HERE,
    in_mobility_online: bool = True,
) -> Stay:
    """Let a student of a partner come to us.

    Ladok gives an interim number. With `in_ladok` registered the student has also been registered on the
    courses, inside the exchange occasion; their occasions are made if missing.
    """
    _insist_on_a_new_id(world, omobility_id)
    hei = _hei(partner)
    span = _span(term, whole_year=whole_year)
    email = f"{given_names.split(maxsplit=1)[0].lower()}.{serial:03d}@{partner}"
    who = _Who(given_names, family_name, date.fromisoformat(born), woman, email)
    uid = None
    if in_ladok != ABSENT:
        uid, _ = _into_ladok(world, now, who, number="")
        if in_ladok != KNOWN and uid is not None:
            _receive_in_ladok(world, now, hei, uid, span, courses if in_ladok == REGISTERED else ())
    student = _student(who, f"{ESI}{partner}:{serial:06d}", citizenship)
    made = _stay(world, now, (hei, NORDHAV), student, span)
    made = replace(made, omobility_id=omobility_id, status=_status(status))
    at_home = (("HOME-30", "Electives abroad", "15"),)
    made = replace(made, ladok_uid=uid, la=_agreement(la, courses, at_home, now, (hei, NORDHAV)))
    return _added(world, now, made, applied=in_mobility_online)


def _hei(hei_id: str) -> Hei:
    if hei_id not in EVERYBODY or hei_id == OWN_HEI_ID:
        raise UsageError(f"there is no partner {hei_id!r}")
    return EVERYBODY[hei_id]


def _span(term: str, *, whole_year: bool) -> tuple[Term, Term]:
    first = term_named(term)
    if first is None:
        raise UsageError(f"{term!r} is not a term", next_step="Write it as HT2026 or VT2027.")
    return first, first.following if whole_year else first


def _into_ladok(world: World, now: datetime, who: _Who, number: str | None) -> tuple[str | None, str | None]:
    """Establish somebody: with a number, without one (''), or not at all (None)."""
    if number is None:
        return None, None
    _insist_on_ladok(world, now)
    person = doer(world.ladok, now)(
        "establish",
        given_names=who.given_names,
        family_name=who.family_name,
        born=who.born.isoformat(),
        sex=1 if who.woman else 2,
        number=number or None,
        email=who.email,
    )
    return person.uid, person.external_uid


def _insist_on_ladok(world: World, now: datetime) -> None:
    if not world.ladok.countries:
        seed(world.ladok, now, LISTED)


def _days(span: tuple[Term, Term]) -> tuple[str, str]:
    return span[0].first_day.isoformat(), span[1].last_day.isoformat()


def _send_in_ladok(
    world: World, now: datetime, hei: Hei, uid: str, span: tuple[Term, Term], *, registered: bool
) -> None:
    ladok, do = world.ladok, doer(world.ladok, now)
    occasion = occasion_of(ladok, agreement_with(ladok, hei, now), "outgoing", _days(span), now)
    admitted = do("admit", student_uid=uid, occasion_uid=occasion.uid)
    if registered:
        for commitment in ladok.inside(admitted):
            do("register", admission_uid=commitment.uid)


def _receive_in_ladok(
    world: World, now: datetime, hei: Hei, uid: str, span: tuple[Term, Term], courses: Sequence[Course]
) -> None:
    ladok, do = world.ladok, doer(world.ladok, now)
    occasion = occasion_of(ladok, agreement_with(ladok, hei, now), "incoming", _days(span), now)
    admitted = do("admit", student_uid=uid, occasion_uid=occasion.uid)
    days = span[0].first_day.isoformat(), span[0].last_day.isoformat()
    for code, *_ in courses:
        taught = occasion_of(ladok, course(ladok, code), None, days, now)
        taken = do("admit", student_uid=uid, occasion_uid=taught.uid, within=admitted.uid)
        do("register", admission_uid=taken.uid)


def _student(who: _Who, global_id: str, citizenship: str) -> Student:
    return Student(
        given_names=who.given_names,
        family_name=who.family_name,
        global_id=global_id,
        birth_date=who.born,
        citizenship=citizenship,
        gender=2 if who.woman else 1,
        email=who.email,
    )


def _added(world: World, now: datetime, stay: Stay, *, applied: bool) -> Stay:
    """Put the stay into the world; `applied`: it began with an application in our Mobility-Online."""
    world.stays.by_id[stay.omobility_id] = stay
    if applied:
        apply_for_stay(world, now, omobility_id=stay.omobility_id)
    return stay


def _insist_on_a_new_id(world: World, omobility_id: str) -> None:
    if omobility_id in world.stays.by_id:
        raise UsageError(f"the mobility {omobility_id} is there already")


def _status(word: str) -> Status:
    if word not in get_args(Status):
        raise UsageError(
            f"{word!r} is not a status", next_step=f"Choose one of: {', '.join(get_args(Status))}."
        )
    return cast("Status", word)


def _stay(
    world: World, now: datetime, heis: tuple[Hei, Hei], student: Student, span: tuple[Term, Term]
) -> Stay:
    sender, receiver = heis
    ours, theirs = _iia_ids(world, receiver.hei_id if sender is NORDHAV else sender.hei_id)
    part = "1/1" if span[0] != span[1] else term_part(span[0], sender)
    nomination = Nomination(
        receiving_year=_year(span[0], receiver),
        term=f"{_year(span[0], sender)}-{part}",
        sending_iia_id=ours if sender is NORDHAV else theirs,
        receiving_iia_id=theirs if sender is NORDHAV else ours,
    )
    return Stay(
        omobility_id="",
        sending_hei_id=sender.hei_id,
        receiving_hei_id=receiver.hei_id,
        student=student,
        nomination=nomination,
        starts_on=span[0].first_day,
        ends_on=span[1].last_day,
        sending_office=_office(sender),
        receiving_office=_office(receiver),
        modified_at=now,
        received_at=now,
    )


def _year(term: Term, hei: Hei) -> str:
    """The academic year of a university in which a Swedish term lies; in the south it is a calendar year."""
    start = term.year if term.autumn or hei.southern else term.year - 1
    return year_id(start, southern=hei.southern)


def term_part(term: Term, hei: Hei) -> str:
    """Which half of a university's academic year a Swedish term is: `1/2` or `2/2`."""
    return "1/2" if term.autumn is not hei.southern else "2/2"


def _iia_ids(world: World, partner: str) -> tuple[str | None, str | None]:
    """Both ids of an agreement with the partner that both sides know."""
    for each in world.our_agreements(partner):
        if each.copy.other_iia_id is not None and each.in_ewp:
            return each.iia_id, each.copy.other_iia_id
    return None, None


def _office(hei: Hei) -> Office:
    return Office(f"{hei.name}, exchange office", "Ex", "Change", f"exchange@{hei.hei_id}")


def components(courses: Sequence[Course]) -> tuple[Component, ...]:
    """Each course is (code, title, credits), and perhaps the term: `2/2` is the second of two."""
    return tuple(_component(*each) for each in courses)


def _component(code: str, title: str, points: str, term: str = "1/2") -> Component:
    number, _, total = term.partition("/")
    return Component(title, code, points, (int(number), int(total)))


def _agreement(
    how: str, courses: Sequence[Course], recognized: Sequence[Course], now: datetime, heis: tuple[Hei, Hei]
) -> LearningAgreement | None:
    if how == NO_LA:
        return None
    sender, receiver = heis
    lists = Lists(studied=components(courses), recognized=components(recognized))
    signed = las.propose(LearningAgreement(), lists, now - timedelta(days=2), officer(sender, now, days=1))
    if how == PROPOSED or signed.proposal is None:
        return signed
    return las.approve(signed, signed.proposal.proposal_id, officer(receiver, now))


def officer(hei: Hei, now: datetime, days: int = 0) -> Signature:
    return Signature(
        now - timedelta(days=days), "Sig Nature", "Mobility officer", f"exchange@{hei.hei_id}", hei.provider
    )
