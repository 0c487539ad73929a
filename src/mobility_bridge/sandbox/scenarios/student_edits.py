"""Changes that no form of a well-kept system would allow."""

from collections.abc import Callable

from mobility_bridge.sandbox.learning_agreements import LearningAgreement
from mobility_bridge.sandbox.scenarios.student_life import Happen, Moment


def edited(change: Callable[[LearningAgreement], LearningAgreement]) -> Happen:
    """Rewrite the learning agreement behind its states and signatures."""

    def happen(moment: Moment) -> None:
        la = moment.stay.la
        assert la is not None
        moment.world.stays.change(moment.life.omobility_id, moment.at, la=change(la))

    return happen
