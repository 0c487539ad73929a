"""What a filter may name: a word that nothing has is a mistake of typing, not an empty list."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mobility_bridge.errors import UsageError

if TYPE_CHECKING:
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.domain.identifiers import HeiId
    from mobility_bridge.ports.store import UnitOfWork


async def chosen_partner(bridge: "Bridge", text: str | None) -> "HeiId | None":
    """Say which HEI a filter means: by its SCHAC id or, where a network is configured, Erasmus code or PIC.

    Raises:  UsageError for one that neither the catalogue on disk nor the store knows.
    """
    from mobility_bridge.domain.identifiers import HeiId

    if text is None:
        return None
    network = bridge.context.network
    listed = network.find_hei(text) if network is not None else None
    if listed is not None:
        return listed
    hei_id = HeiId(text.strip().lower())

    def known(uow: "UnitOfWork") -> set[HeiId]:
        stored = uow.copies.partner_hei_ids()
        return stored | ({hei_id} if uow.discrepancies.select(partner=hei_id) else set())

    heis = await bridge.context.store.read(known)
    if hei_id in heis:
        return hei_id
    if network is not None:
        heis.update(partner.hei_id for partner in network.partners())
        instead = "Run: mobility-bridge ewp catalogue"
    else:
        instead = "Run: mobility-bridge agreements list"
    raise UsageError(f"no partner is {text!r}", next_step=_close(hei_id, heis) or instead)


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
        next_step=_close(code, codes) or "Run: mobility-bridge discrepancies list --state all",
    )


def _close(word: str, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(word, sorted(known), n=3)
    return f"Did you mean {' or '.join(close)}?" if close else None
