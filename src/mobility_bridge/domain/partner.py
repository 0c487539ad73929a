"""What we know of a partner university's host, and how our last calls went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId


@dataclass(frozen=True, slots=True)
class ApiOffer:
    """One API of a HEI as the catalogue announces it, chosen for use.

    `name` is the entry element (`iias`, `iia-cnr`, `iias-approval`, `iia-approval-cnr`, `echo`); `urls` by
    endpoint (`get`, `index`, `stats`, or `url`); `max_ids` is 1 where the limit is absent or unreadable.
    `usable` is False with `unusable_reason` when no security combination fits.
    """

    name: str
    version: str
    urls: Mapping[str, str]
    max_ids: int = 1
    signs_responses: bool = False
    usable: bool = True
    unusable_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A HEI in the catalogue. `old_versions` lists APIs offered only in a major version that we do not speak."""

    hei_id: HeiId
    name: str
    other_ids: tuple[tuple[str, str], ...] = ()
    offers: Mapping[str, ApiOffer] = field(default_factory=dict)
    old_versions: tuple[tuple[str, str], ...] = ()
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How our calls to one partner's API go.

    `failing_since` is set by a failure and cleared by a success; `failure_code` is the error class in the
    words of `errors.py` (`unreachable`, `rejected`, `untrusted`, `invalid_document`, `not_offered`) and
    `failure_reason` its reason. `detail` is a sentence without personal data; `path` and `line` point into
    the document, `evidence` is the sequence number of the record.
    """

    partner_hei_id: HeiId
    api: str
    last_ok_at: datetime | None = None
    failing_since: datetime | None = None
    last_failed_at: datetime | None = None
    failures: int = 0
    failure_code: str | None = None
    failure_reason: str | None = None
    detail: str = ""
    evidence: int | None = None


@dataclass(frozen=True, slots=True)
class IndexState:
    """What a partner's agreement index said last.

    `count` ids at `listed_at`; `shrunk_to` is set while an index that is suddenly empty or less than half
    is not believed (see `sync --accept-shrink`).
    """

    partner_hei_id: HeiId
    listed_at: datetime | None = None
    full_at: datetime | None = None
    count: int = 0
    shrunk_to: int | None = None
    ignores_modified_since: bool = False
    foreign_ids: tuple[str, ...] = ()
