"""The stage hands' door to students: where each stay is, and what happens next.

`GET /_control/students/{stays|received}` reads, `POST /_control/students/{act}` with the act's arguments as
JSON does one act; see `student_acts.ACTS`.
"""

from dataclasses import asdict
from typing import Any

from mobility_bridge.sandbox.stage import Stage
from mobility_bridge.sandbox.student_acts import ACTS
from mobility_bridge.sandbox.students import Stay

Json = dict[str, Any]


def respond(stage: Stage, method: str, name: str, order: Json) -> Any:
    """Answer one request; None for one that does not exist. Raises UsageError."""
    if (method, name) == ("GET", "stays"):
        return [_told(each) for each in stage.world.stays.by_id.values()]
    if (method, name) == ("GET", "received"):
        return [{**asdict(each), "at": each.at.isoformat()} for each in stage.student_notices.values()]
    if method == "POST" and name in ACTS:
        return _told(stage.about_students(name, **order))
    return None


def _told(stay: Stay) -> Json:
    """Where a stay is; without the person."""
    la = stay.la
    return {
        "omobility_id": stay.omobility_id,
        "sending_hei_id": stay.sending_hei_id,
        "receiving_hei_id": stay.receiving_hei_id,
        "status": stay.status,
        "proposal_id": stay.proposal_id,
        "la_state": la.state if la else None,
        "la_proposal_id": la.proposal.proposal_id if la and la.proposal else None,
        "arrived_on": stay.arrived_on,
        "departed_on": stay.departed_on,
        "transcript": stay.transcript is not None,
        "ladok_uid": stay.ladok_uid,
    }
