"""The texts of agreements that count: what both sides approved, while a change waits the text before it."""

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.services.gather import Gathering


def text_in_force(gathering: Gathering, held: StoredCopy) -> Iia | None:
    """The text of a copy of ours that both sides approved last; None where they never did or it is not kept."""
    copies, copy = gathering.uow.copies, held.copy
    pair = gathering.uow.approvals.concluded(copy.partner_hei_id, copy.iia_id)
    if pair is None:
        return None
    texts = (held, *copies.history(gathering.own, copy.partner_hei_id, copy.iia_id))
    approved = next((text for text in texts if text.copy.iia_hash == pair.local_hash), None)
    view = gathering.view(approved)
    return view.iia if view is not None else None
