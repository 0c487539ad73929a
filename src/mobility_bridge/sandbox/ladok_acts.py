"""Everything that can be done in Ladok, by name: by people in its web interface, or by a program over REST.

An act takes and keeps plain values only, so that a journal can play it again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import ladok_offers, ladok_people, ladok_results, ladok_studies
from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_world import ASSUMPTIONS

PERSON_IN_CHARGE: Final = "handlaggare"
"""Who acts in the web interface; the university's code follows after @."""


def assume(scene: Scene, *, group: str, on: bool) -> dict[str, bool]:
    """Offer a group of assumed resources, or stop offering it."""
    if group not in ASSUMPTIONS:
        raise UsageError(
            f"there is no assumption {group!r}", next_step=f"Choose one of: {', '.join(ASSUMPTIONS)}."
        )
    scene.ladok.assumed[group] = on
    return dict(scene.ladok.assumed)


def collect_every(scene: Scene, *, seconds: float) -> None:
    """Say how often events reach the feed from now on; 0 is at once."""
    scene.ladok.collector_s = seconds


def page_of(scene: Scene, *, size: int) -> None:
    """Say how many entries a full page of the feed has; only while the feed is empty."""
    if scene.ladok.entries:
        raise UsageError("the feed has entries already", next_step="Say so before anything happens.")
    scene.ladok.page_size = size


ACTS: Final[Mapping[str, Callable[..., Any]]] = {
    "establish": ladok_people.establish,
    "change_person": ladok_people.change_person,
    "replace_number": ladok_people.replace_number,
    "merge_persons": ladok_people.merge_persons,
    "protect_person": ladok_people.protect_person,
    "mark_deceased": ladok_people.mark_deceased,
    "add_country": ladok_offers.add_country,
    "add_extern_part": ladok_offers.add_extern_part,
    "add_exchange_programme": ladok_offers.add_exchange_programme,
    "create_education": ladok_offers.create_education,
    "create_occasion": ladok_offers.create_occasion,
    "set_status": ladok_offers.set_status,
    "cancel_occasion": ladok_offers.cancel_occasion,
    "admit": ladok_studies.admit,
    "remove": ladok_studies.remove,
    "withdraw": ladok_studies.withdraw,
    "register": ladok_studies.register,
    "unregister": ladok_studies.unregister,
    "interrupt": ladok_studies.interrupt,
    "resume": ladok_studies.resume,
    "change_occasion": ladok_studies.change_occasion,
    "complete": ladok_studies.complete,
    "report": ladok_results.report,
    "change_result": ladok_results.change_result,
    "mark_ready": ladok_results.mark_ready,
    "attest_result": ladok_results.attest_result,
    "add_merit": ladok_results.add_merit,
    "attest_merit": ladok_results.attest_merit,
    "propose_transfer": ladok_results.propose_transfer,
    "attest_transfer": ladok_results.attest_transfer,
    "remove_transfer": ladok_results.remove_transfer,
    "touch": ladok_results.touch,
    "assume": assume,
    "collect_every": collect_every,
    "page_of": page_of,
}


def perform(scene: Scene, act: str, arguments: Mapping[str, Any]) -> Any:
    """Do one act and give what it changed. Raises UsageError for an act or argument that does not exist."""
    if act not in ACTS:
        raise UsageError(
            f"Ladok knows no act {act!r}", next_step=f"Choose one of: {', '.join(sorted(ACTS))}."
        )
    try:
        return ACTS[act](scene, **arguments)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{act}: {error}") from error
