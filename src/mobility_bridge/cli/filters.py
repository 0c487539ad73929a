"""What a filter may name: a word that nothing has is a mistake of typing, not an empty list."""

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mobility_bridge.errors import UsageError

if TYPE_CHECKING:
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.domain.identifiers import HeiId
    from mobility_bridge.ports.sources import PartnerNetwork
    from mobility_bridge.ports.store import UnitOfWork


async def chosen_partner(bridge: "Bridge", text: str | None) -> "HeiId | None":
    """Say which HEI a word means: by its SCHAC id or, where a network is configured, Erasmus code, PIC or name.

    Raises:  UsageError for one that neither the catalogue on disk nor the store knows.
    """
    from mobility_bridge.domain.identifiers import HeiId

    if text is None:
        return None
    network = bridge.context.network
    listed = listed_hei(network, text) if network is not None else None
    if listed is not None:
        return listed
    hei_id = HeiId(text.strip().lower())

    def known(uow: "UnitOfWork") -> set[HeiId]:
        own_systems = {HeiId(source.name) for source in bridge.context.sources}
        asked = {health.partner_hei_id for health in uow.partners.all_health()} - own_systems
        found = bool(uow.discrepancies.select(partner=hei_id)) or bool(
            uow.evidence.select(partner=hei_id, limit=1)
        )
        named = uow.copies.partner_hei_ids() | uow.students.partners() | asked
        return named | ({hei_id} if found else set())

    heis = await bridge.context.store.read(known)
    if hei_id in heis:
        return hei_id
    names: dict[str, str] = {str(each): str(each) for each in heis}
    if network is not None:
        raise _nobody(f"no partner is {text!r}", text, {**names, **_listed_names(network)})
    instead = "Run: mobility-bridge agreements list"
    raise UsageError(f"no partner is {text!r}", next_step=_close(_plain(text), names) or instead)


async def the_partner(bridge: "Bridge", text: str) -> "HeiId":
    """As `chosen_partner`, where a partner must be named."""
    found = await chosen_partner(bridge, text)
    assert found is not None
    return found


def listed_hei(network: "PartnerNetwork", text: str) -> "HeiId | None":
    """Find a HEI of the catalogue on disk by an id of any kind, or by its whole name where only one has it."""
    found = network.find_hei(text)
    if found is not None:
        return found
    called = {partner.hei_id for partner in network.partners() if _plain(partner.name) == _plain(text)}
    return called.pop() if len(called) == 1 else None


def hei_to_ask(network: "PartnerNetwork", text: str) -> "HeiId":
    """Say which HEI of the catalogue a word means; before any catalogue was read, the word is believed.

    Raises:  UsageError for one that the catalogue does not have.
    """
    from mobility_bridge.domain.identifiers import HeiId

    found = listed_hei(network, text)
    if found is not None:
        return found
    if network.partners():
        raise _nobody(f"nobody in the catalogue is {text!r}", text, _listed_names(network))
    return HeiId(text.strip().lower())


def _listed_names(network: "PartnerNetwork") -> dict[str, str]:
    names: dict[str, str] = {}
    for partner in network.partners():
        names[str(partner.hei_id)] = names[_plain(partner.name)] = str(partner.hei_id)
    return names


def _nobody(sentence: str, text: str, names: Mapping[str, str]) -> UsageError:
    return UsageError(sentence, next_step=_close(_plain(text), names) or "Run: mobility-bridge ewp catalogue")


async def chosen_code(bridge: "Bridge", text: str | None) -> str | None:
    """Say which discrepancy code a filter means. Raises UsageError for one that no rule has, nor the store."""
    from mobility_bridge.reconcile.registry import AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES

    if text is None:
        return None
    code = text.strip().upper()
    codes = {rule.code for rules in (AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES) for rule in rules}
    if code in codes or await bridge.context.store.read(
        lambda uow: bool(uow.discrepancies.select(code=code))
    ):
        return code  # an earlier version may have had it
    raise UsageError(
        f"no discrepancy has the code {text!r}",
        next_step=_close(code, {each: each for each in codes})
        or "Run: mobility-bridge discrepancies list --state all",
    )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _close(word: str, known: Mapping[str, str]) -> str | None:
    """Ask whether one of the known words was meant; `known` is what can be typed to what to offer."""
    close = [known[each] for each in difflib.get_close_matches(word, sorted(known), n=3)]
    close += sorted({offer for each, offer in known.items() if len(word) > 3 and word in each})
    offers = list(dict.fromkeys(close))[:3]
    return f"Did you mean {' or '.join(offers)}?" if offers else None
