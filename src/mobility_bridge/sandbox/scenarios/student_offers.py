"""Agreements that exist for one story each, in a field of their own that nobody else goes under."""

from dataclasses import dataclass
from typing import Final

from mobility_bridge.sandbox.scenarios.rewrites import Rewrite, both
from mobility_bridge.sandbox.scenarios.rewrites import at as condition
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment
from mobility_bridge.sandbox.scenarios.student_steps import STUDENT_FIELD

_CONCLUDED: Final = Situation()


@dataclass(frozen=True, slots=True)
class Offer:
    """An agreement with a partner about one field, and what is peculiar about it."""

    partner: str
    field: str
    places: int = 2
    levels: tuple[str, ...] = ("6", "7")
    directions: str = "both"
    situation: Situation = _CONCLUDED
    months: str | None = None

    @property
    def terms(self) -> Terms:
        return Terms(
            places_out=self.places,
            places_in=self.places,
            fields=(self.field,),
            levels=self.levels,
            directions=self.directions,
        )

    @property
    def rewrite(self) -> Rewrite | None:
        if self.months is None:
            return None
        return both(condition(0, total=self.months), condition(1, total=self.months))


UNAPPROVED: Final = Offer("alderton.example", "0411", situation=Situation("approved-by-us"))
OVER: Final = Offer("cedrona.example", "0412", situation=Situation(first_year=-4, last_year=-1))
ONE_PLACE: Final = Offer("dunmore.example", "0413", places=1, months="20")
FEW_MONTHS: Final = Offer("eskil.example", "0414", places=2, months="4")
OF_MASTERS: Final = Offer("alderton.example", "0415", levels=("7",))
INCOMING_ONLY: Final = Offer("cedrona.example", "0416", directions="in")
ENDING: Final = Offer("brava.example", "0417", situation=Situation(last_year=0))
NOT_IN_LADOK: Final = Offer("tallby.example", STUDENT_FIELD)
"""With a partner with whom nobody else goes, and whom Ladok has no agreement with."""
OFFERS: Final = (
    UNAPPROVED,
    OVER,
    ONE_PLACE,
    FEW_MONTHS,
    OF_MASTERS,
    INCOMING_ONLY,
    ENDING,
    NOT_IN_LADOK,
)


def conclude(script: Script) -> None:
    """Put them all on both sides, before anybody goes under them."""
    for each in OFFERS:
        script.pair(each.partner, each.terms, each.situation, ours=each.rewrite, theirs=each.rewrite)


def under(offer: Offer, life: Life) -> Life:
    """Nominate under an offer instead of the agreement that everybody goes under."""

    def nominated(moment: Moment) -> None:
        conclusion = next(
            each
            for each in moment.world.our_agreements(offer.partner)
            if any(field.code == offer.field for one in each.copy.conditions for field in one.fields)
        )
        ours, theirs = conclusion.iia_id, conclusion.copy.other_iia_id
        sending, receiving = (ours, theirs) if life.outgoing else (theirs, ours)
        moment.student(
            "change_nomination",
            keep_status=True,
            isced=offer.field,
            sending_iia_id=sending,
            receiving_iia_id=receiving,
        )

    return life.then("applied", nominated)
