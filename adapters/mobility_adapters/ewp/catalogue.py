"""The last good catalogue: fetched when due, kept on disk, never replaced by something doubtful.

Source: EWP Registry API 1.5.0, caching; the numbers for outages are those of the official Java client.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.exchanges import unreachable
from mobility_adapters.ewp.httpsig import parse_http_date
from mobility_adapters.ewp.registry import Catalogue, read_catalogue
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import ExternalError, InvalidDocument, Rejected, Unreachable, Untrusted
from mobility_bridge.kit import xml
from mobility_bridge.kit.http import Answer
from mobility_bridge.kit.memory import give_back
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.sources import CatalogueStatus

BETWEEN_FETCHES_S: Final = 60
AFTER_FAILURE_S: Final = 180
WITHOUT_HEADERS_S: Final = 300

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})(?:$|[,\s])", re.IGNORECASE)
_POINTER: Final = "catalogue.json"
_R: Final = f"{{{wire.CATALOGUE}}}"
# Elements of the catalogue's own name space in version 1.5: a later minor version may add others, which
# clients must ignore, and a strict schema would take for an error.
_KNOWN: Final = frozenset(
    f"{_R}{name}"
    for name in (  # noqa: SIM905 - a list of words reads better as words
        "catalogue host apis-implemented institutions-covered hei-id client-credentials-in-use certificate "
        "rsa-public-key server-credentials-in-use institutions hei other-id name binaries"
    ).split()
)

Fetch = Callable[[Mapping[str, str]], Awaitable[tuple[Answer, Exchange]]]


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a copy is believed, in seconds, and whom it must know."""

    own_hei_id: HeiId
    own_key_id: str
    min_s: float = 60
    max_s: float = 10_800
    max_stale_s: float = 5 * 86_400
    max_bytes: int = 32 << 20
    accept_shrink: bool = False


@dataclass(frozen=True, slots=True)
class _Copy:
    catalogue: Catalogue
    sha256: str
    etag: str | None
    confirmed_at: datetime
    expires_at: datetime
    from_disk: bool = False


class CatalogueCache:
    """Holds the last good catalogue and knows when to ask for a newer one."""

    def __init__(
        self, fetch: Fetch, folder: Path, rules: Rules, schemas: SchemaSet, clock: Clock, log: Any
    ) -> None:
        self._fetch = fetch
        self._folder = folder
        self._rules = rules
        self._schemas = schemas
        self._clock = clock
        self._log = log
        self._copy: _Copy | None = None
        self._looked_on_disk = False
        self._not_before: datetime | None = None
        self._problem: ExternalError | None = None
        self._lock = asyncio.Lock()

    @property
    def catalogue(self) -> Catalogue | None:
        """The last good catalogue, however old; None when there never was one."""
        if self._copy is None and not self._looked_on_disk:
            self._copy = self._from_disk()
        return self._copy.catalogue if self._copy else None

    def trusted(self) -> Catalogue:
        """The catalogue for making calls. Raises Unreachable when there is none or it is too old."""
        catalogue, reason = self.catalogue, self._problem.reason if self._problem else "connection"
        if catalogue is None or self._copy is None:
            raise Unreachable(
                "there is no catalogue yet",
                system=wire.SYSTEM,
                reason=reason,
                next_step="Run: mobility-bridge ewp catalogue --refresh",
            )
        age = self._clock.now() - self._copy.confirmed_at
        if age.total_seconds() > self._rules.max_stale_s:
            raise Unreachable(
                f"the catalogue was last confirmed {age.days} days ago and is not used any more",
                system=wire.SYSTEM,
                reason=reason,
                next_step="Run: mobility-bridge ewp catalogue --refresh",
            )
        return catalogue

    async def refresh(self, *, force: bool = False) -> CatalogueStatus:
        """Fetch if due or forced; see `ports.sources.PartnerNetwork.refresh_catalogue`."""
        async with self._lock:
            if self._copy is None and not self._looked_on_disk:
                self._copy = await asyncio.to_thread(self._from_disk)
            now = self._clock.now()
            due = self._copy is None or now >= self._copy.expires_at
            if not force and (not due or (self._not_before is not None and now < self._not_before)):
                return self._status()
            return await self._refresh()

    async def newer_than(self, catalogue: Catalogue) -> tuple[Catalogue | None, tuple[Exchange, ...]]:
        """The catalogue if it differs from that one, which lacks something, and what was exchanged to know it.

        Keys change before a copy is due: it is fetched for this, though once a minute at most. Of calls that
        miss something at the same time, one fetches.
        """
        exchanges: tuple[Exchange, ...] = ()
        async with self._lock:
            may = self._not_before is None or self._clock.now() >= self._not_before
            if may and self._copy is not None and self._copy.catalogue is catalogue:
                try:
                    exchanges = (await self._refresh()).exchanges
                except ExternalError as error:
                    exchanges = tuple(item for item in error.evidence if isinstance(item, Exchange))
            current = self.catalogue
            return (current if current is not catalogue else None), exchanges

    async def _refresh(self) -> CatalogueStatus:
        started = self._clock.monotonic()
        self._not_before = self._clock.now() + timedelta(seconds=BETWEEN_FETCHES_S)
        former = self._copy
        headers = {"If-None-Match": former.etag} if former and former.etag else {}
        answer, exchange = await self._fetch(headers)
        try:
            self._copy = await self._read(answer, exchange)
        except ExternalError as error:
            return self._kept(error)
        self._problem = None
        changed = former is None or former.sha256 != self._copy.sha256
        self._log.event(
            "catalogue.refreshed",
            heis=len(self._copy.catalogue.heis),
            changed=int(changed),
            duration_s=round(self._clock.monotonic() - started, 3),
        )
        return self._status(changed=changed, exchanges=(exchange,))

    def _kept(self, error: ExternalError) -> CatalogueStatus:
        self._not_before = self._clock.now() + timedelta(seconds=AFTER_FAILURE_S)
        self._problem = error
        self._log.event(
            "catalogue.kept",
            heis=len(self._copy.catalogue.heis) if self._copy else 0,
            error=error.word,
            reason=error.reason,
            detail=error.message,
        )
        if self._copy is None or isinstance(error, Untrusted):
            raise error
        evidence = tuple(item for item in error.evidence if isinstance(item, Exchange))
        return self._status(exchanges=evidence)

    def _status(self, *, changed: bool = False, exchanges: tuple[Exchange, ...] = ()) -> CatalogueStatus:
        copy = self._copy
        now = self._clock.now()
        return CatalogueStatus(
            hei_count=len(copy.catalogue.heis) if copy else 0,
            fetched_at=copy.confirmed_at if copy else None,
            changed=changed,
            from_disk=copy.from_disk if copy else False,
            stale_since=copy.expires_at if copy and self._problem and now >= copy.expires_at else None,
            problem=self._problem.message if self._problem else None,
            key_problem=self._key_problem(copy),
            exchanges=exchanges,
        )

    def _key_problem(self, copy: _Copy | None) -> str | None:
        if copy is None:
            return None
        heis = copy.catalogue.client_heis(self._rules.own_key_id)
        if self._rules.own_hei_id in heis:
            return None
        if heis:
            return f"our client key belongs to {', '.join(sorted(heis))} in the catalogue, not to us"
        return "our client key is not in the catalogue; partners will refuse our calls"

    async def _read(self, answer: Answer, exchange: Exchange) -> _Copy:
        now = self._clock.now()
        failure = unreachable(answer, "the registry", None, exchange)
        if failure is not None:
            raise failure
        expires_at = now + timedelta(seconds=_validity_s(answer, self._rules))
        if answer.status == 304 and self._copy is not None:
            copy = replace(self._copy, confirmed_at=now, expires_at=expires_at, from_disk=False)
            await asyncio.to_thread(self._point_to, copy)
            return copy
        if answer.status != 200:
            raise Rejected(
                f"the registry answered with status {answer.status}",
                system=wire.SYSTEM,
                reason="http_4xx",
                status=answer.status,
                evidence=(exchange,),
            )
        if answer.body.truncated or answer.undecodable:
            raise InvalidDocument(
                f"the catalogue is {answer.undecodable or 'too large'}",
                system=wire.SYSTEM,
                reason="content" if answer.undecodable else "too_large",
                evidence=(exchange,),
            )
        return await asyncio.to_thread(self._accept, answer, exchange, now, expires_at)

    def _accept(self, answer: Answer, exchange: Exchange, now: datetime, expires_at: datetime) -> _Copy:
        body = answer.body.data
        catalogue = self._parse(body, exchange)
        self._refuse_shrunken(catalogue, exchange)
        copy = _Copy(catalogue, sha256(body).hexdigest(), answer.header("etag"), now, expires_at)
        self._to_disk(copy, body)
        return copy

    def _parse(self, body: bytes, *evidence: Exchange) -> Catalogue:
        def invalid(
            reason: str, message: str, path: str | None = None, line: int | None = None
        ) -> InvalidDocument:
            return InvalidDocument(
                f"the catalogue is refused: {message}",
                system=wire.SYSTEM,
                reason=reason,
                path=path,
                line=line,
                evidence=evidence,
            )

        try:
            root = xml.parse(body, limit=self._rules.max_bytes)
        except xml.XmlRefused as refused:
            raise invalid(refused.reason, refused.message, line=refused.line) from refused
        if root.tag != wire.CATALOGUE_ROOT:
            raise invalid("wrong_root", f"its root is {root.tag}", f"/{root.tag}", 1)
        found = self._schemas.validate(root)
        if found and _prune_unknown(root):
            found = self._schemas.validate(root)
        if found:
            raise invalid("schema", found[0].message, found[0].path, found[0].line)
        catalogue = read_catalogue(root)
        del root  # as a tree, the network's catalogue takes several times what is kept of it
        give_back()
        return catalogue

    def _refuse_shrunken(self, new: Catalogue, exchange: Exchange) -> None:
        if self._copy is None or self._rules.accept_shrink:
            return
        old, own = self._copy.catalogue, self._rules.own_hei_id
        if len(new.heis) * 2 < len(old.heis):
            what = f"it lists {len(new.heis)} HEIs where {len(old.heis)} were"
        elif old.covers(own) and not new.covers(own):
            what = "our own host is gone from it"
        else:
            return
        raise Untrusted(
            f"the new catalogue is not believed: {what}",
            system=wire.SYSTEM,
            reason="catalogue_shrunken",
            evidence=(exchange,),
            next_step="Ask the registry's administrators; then set adapters.ewp.accept_shrink for one refresh.",
        )

    def _from_disk(self) -> _Copy | None:
        self._looked_on_disk = True
        try:
            pointer = json.loads((self._folder / _POINTER).read_bytes())
            body = (self._folder / pointer["file"]).read_bytes()
            if sha256(body).hexdigest() != pointer["sha256"]:
                return None
            confirmed_at = datetime.fromisoformat(pointer["confirmed_at"])
            catalogue = self._parse(body)
        except (OSError, ValueError, KeyError, TypeError, InvalidDocument):
            return None  # a damaged copy is no copy: the next refresh makes a new one
        return _Copy(
            catalogue, pointer["sha256"], pointer.get("etag"), confirmed_at, confirmed_at, from_disk=True
        )

    def _to_disk(self, copy: _Copy, body: bytes) -> None:
        name = _file_name(copy)
        self._folder.mkdir(parents=True, exist_ok=True)
        _replace(self._folder / name, body)
        self._point_to(copy)
        for path in self._folder.glob("catalogue-*.xml"):
            if path.name != name:
                path.unlink(missing_ok=True)

    def _point_to(self, copy: _Copy) -> None:
        """Write last what makes a copy valid, so that a crash between two files leaves the former one."""
        pointer = {
            "file": _file_name(copy),
            "sha256": copy.sha256,
            "etag": copy.etag,
            "confirmed_at": copy.confirmed_at.isoformat(),
        }
        _replace(self._folder / _POINTER, json.dumps(pointer, indent=1).encode())


def _file_name(copy: _Copy) -> str:
    return f"catalogue-{copy.sha256[:16]}.xml"


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(data)
    temporary.replace(path)


def _prune_unknown(root: xml.Element) -> bool:
    """Take out elements of the catalogue's name space that version 1.5 does not have."""
    strangers = [element for element in root.iter(f"{_R}*") if element.tag not in _KNOWN]
    for element in strangers:
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    return bool(strangers)


def _validity_s(answer: Answer, rules: Rules) -> float:
    """How long the registry lets us keep the answer, within our own bounds."""
    match = _MAX_AGE.search(answer.header("cache-control") or "")
    seconds = float(WITHOUT_HEADERS_S)
    if match is not None:
        seconds = float(match[1])
    else:
        # The difference of its own two dates, so that a wrong clock on either side does no harm.
        expires, date = (parse_http_date(answer.header(name) or "") for name in ("expires", "date"))
        if expires is not None and date is not None:
            seconds = (expires - date).total_seconds()
    return min(max(seconds, rules.min_s), rules.max_s)
