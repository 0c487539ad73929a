"""Rules about nominations: SEM-20 to SEM-22 and SEM-24 to SEM-28.

SEM-33 is found while reading, since a decoded nomination no longer shows an unknown code.

Source: EWP Outgoing Mobilities API 3.0.0 and 2.0.0, annotations and texts.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mobility_adapters.ewp.semantics import Problem, error, values, warning
from mobility_bridge.domain.nomination import Nomination

_TERM: Final = re.compile(r"([0-9]{4}/[0-9]{4})-([1-9])/([1-9])")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a document alone does not tell: whose nominations were asked for. None expects nobody in particular."""

    sending_hei_id: str | None = None
    receiving_hei_id: str | None = None


def check(
    nomination: Nomination, *, at: str = "/student-mobility", about: Circumstances | None = None
) -> Iterator[Problem]:
    """Find what is wrong with a nomination; `at` is the path that leads to it."""
    inside = f"{at}/nomination"
    yield from _planned_days(nomination, at)
    yield from _term(nomination, f"{inside}/sending-academic-term-ewp-id")
    year = nomination.receiving_academic_year_id
    if year is not None:
        yield from values.academic_year(f"{inside}/receiving-academic-year-id", year)
    yield from values.global_id(f"{at}/student/global-id", nomination.student.global_id)
    yield from _iia_ids(nomination, inside)
    yield from _names(nomination, f"{at}/student")
    about = about or Circumstances()
    for name, side, expected in (
        ("sending-hei", nomination.sending_hei, about.sending_hei_id),
        ("receiving-hei", nomination.receiving_hei, about.receiving_hei_id),
    ):
        if side.hei_id is not None:
            yield from values.hei_id(f"{inside}/{name}/hei-id", side.hei_id, expected)


def check_change(
    before: Nomination, after: Nomination, *, at: str = "/student-mobility"
) -> Iterator[Problem]:
    """SEM-27: the proposal id changes with the content of the nomination, and with nothing else.

    `before` and `after` are two states of one nomination in version 3, as decoded.
    """
    if before.proposal_id is None or after.proposal_id is None:
        return
    same_text = _proposed(before) == _proposed(after)
    path = f"{at}/nomination/@proposal-id"
    if same_text and before.proposal_id != after.proposal_id:
        yield warning("SEM-27", path, "the proposal-id is another one, although nothing proposed has changed")
    if not same_text and before.proposal_id == after.proposal_id:
        yield warning("SEM-27", path, "the nomination has changed, and its proposal-id has not")


def _proposed(nomination: Nomination) -> Nomination:
    """The nomination without what may change under one proposal id."""
    student = type(nomination.student)()
    return replace(nomination, student=student, status=None, written_status=None, proposal_id=None)


def _planned_days(nomination: Nomination, at: str) -> Iterator[Problem]:
    """SEM-20: whoever plans to leave has arrived before. Version 2 only."""
    arrival, departure = nomination.planned_arrival_date, nomination.planned_departure_date
    if arrival is not None and departure is not None and departure < arrival:
        yield error("SEM-20", f"{at}/planned-departure-date", "the departure is planned before the arrival")


def _term(nomination: Nomination, path: str) -> Iterator[Problem]:
    """SEM-21, SEM-24: the term's year fits a calendar, and its number is one that the year has."""
    match = _TERM.fullmatch(nomination.sending_academic_term_ewp_id or "")
    if match is None:
        return
    yield from values.academic_year(path, match[1])
    if int(match[2]) > int(match[3]):
        yield error("SEM-24", path, f"term {match[2]} of {match[3]} does not exist")


def _iia_ids(nomination: Nomination, inside: str) -> Iterator[Problem]:
    """SEM-25: both sides name their ids of the agreement, or neither does."""
    sending, receiving = nomination.sending_hei.iia_id, nomination.receiving_hei.iia_id
    if bool(sending) != bool(receiving):
        side = "receiving-hei" if sending else "sending-hei"
        yield warning(
            "SEM-25", f"{inside}/{side}", "only the other side's id of the agreement (iia-id) is there"
        )


def _names(nomination: Nomination, student: str) -> Iterator[Problem]:
    """SEM-26: a given and a family name that are not blank, and one of each for a language."""
    for name, attribute in (("given-names", "given_names"), ("family-name", "family_name")):
        written = [
            (each.lang or "", getattr(each, attribute))
            for each in nomination.student.names
            if getattr(each, attribute)
        ]
        if not any(text.strip() for _, text in written):
            yield warning("SEM-26", f"{student}/{name}", f"every {name} is blank")
        languages = Counter(lang.lower() for lang, _ in written)
        if any(count > 1 for count in languages.values()):
            yield warning("SEM-26", f"{student}/{name}", f"{name} is there twice for one language")
