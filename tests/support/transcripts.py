"""A transcript that keeps what the learning agreement promised, to be spoilt one fact at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.support.stays import BRAVA, OMOBILITY, PERSON, STUDIED, seen

from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Seen
from mobility_bridge.domain.transcript import (
    ReportStatus,
    ResultStatus,
    Tor,
    TorCourse,
    TorCredit,
    TorIssuer,
    TorLearner,
    TorReport,
)

ISSUED = datetime(2027, 2, 1, 12, tzinfo=UTC)


def course(code: str, ects: str | None = "7.5", **facts: Any) -> TorCourse:
    """A passed course, called by its code alone."""
    given = () if ects is None else (TorCredit("ects", Decimal(ects)),)
    base = TorCourse((LangString(f"The course {code}"),), los_code=code, credits=given)
    return replace(base, **{"status": ResultStatus.PASSED, **facts})


RESULTS = tuple(course(str(each.los_code)) for each in STUDIED)


def report(*courses: TorCourse, **facts: Any) -> TorReport:
    base = TorReport(TorIssuer(BRAVA), courses, issue_date=ISSUED, status=ReportStatus.FULL)
    return replace(base, **facts)


def tor(*courses: TorCourse, **facts: Any) -> Tor:
    """The transcript of these courses, else of all that were agreed."""
    learner = TorLearner(Person(birth_date=PERSON.birth_date, global_id=PERSON.global_id))
    base = Tor(OMOBILITY, "2026/2027", ISSUED, learner, (report(*(courses or RESULTS)),))
    return replace(base, **facts)


def came(said: Tor, *earlier: tuple[Tor, datetime], **times: Any) -> Seen[Any]:
    """The transcript as it came on the day of its issue."""
    return seen(RecordKind.TRANSCRIPT, said, *earlier, **{"changed_at": ISSUED, **times})
