"""How long a stay of a kind may be.

Source: EWP mobilities: reconciliation of dates, programme minimum.
"""

from mobility_bridge.domain.la_merge import mobility_type
from mobility_bridge.domain.learning_agreement import LaMobilityType
from mobility_bridge.domain.nomination import ActivityAttributes
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.stay_la import served
from mobility_bridge.reconcile.stay_state import nominated


def is_short(case: StayCase) -> bool:
    """Whether it is a blended or short doctoral stay: by its learning agreement, else by its nomination."""
    la, nomination = served(case), nominated(case)
    if la is not None:
        return mobility_type(la) is not LaMobilityType.SEMESTER
    attributes = nomination.activity_attributes if nomination is not None else None
    return attributes not in (None, ActivityAttributes.LONG_TERM)


def minimum_days(case: StayCase) -> int:
    """The fewest days, the first and the last included, that the programme accepts."""
    limits = case.thresholds
    return limits.minimum_short_days if is_short(case) else limits.minimum_long_days
