"""The catalogue as an index: who covers which HEI, offers what, and signs with which keys.

A server key counts only for the host element that lists it, even when another host announces the same
address, so every entry is kept with its host.

Source: EWP Registry API 1.5.0.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.keys import load_public_key
from mobility_adapters.ewp.manifest import Entry, read_entry
from mobility_adapters.ewp.versions import AGREEMENT_APIS, BY_ENTRY, other_major
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import ApiOffer, Partner
from mobility_bridge.kit.xml import Element

_R: Final = f"{{{wire.CATALOGUE}}}"
_LANG: Final = f"{{{wire.XML}}}lang"
# By what a HEI may be looked up, best first; type names are case-sensitive.
_LOOKUPS: Final = ("previous-schac", "erasmus", "pic", "erasmus-charter")
_ALIAS_TYPES: Final = {"euc": "erasmus-charter"}


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """One host element; compared by identity, because that is what its keys belong to."""

    hei_ids: tuple[HeiId, ...]
    entries: tuple[Entry, ...]
    other_majors: tuple[tuple[str, str], ...]
    client_keys: frozenset[str]
    server_keys: frozenset[str]
    provider: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API entry chosen for a HEI, with the host and the catalogue that it came from."""

    entry: Entry
    host: Host
    catalogue: "Catalogue"

    def server_key(self, key_id: str) -> RSAPublicKey | None:
        """Return the key if it may sign answers of this entry's host; in that catalogue, not a later one."""
        return self.catalogue.server_key(self.host, key_id)


@dataclass(frozen=True, slots=True)
class Hei:
    """One HEI as the catalogue describes it."""

    hei_id: HeiId
    name: str
    other_ids: tuple[tuple[str, str], ...]


class Catalogue:
    """An immutable index over one catalogue document."""

    def __init__(self, heis: Mapping[HeiId, Hei], hosts: Sequence[Host], keys: Mapping[str, str]) -> None:
        self.heis = heis
        self._keys = keys
        self._loaded: dict[str, RSAPublicKey | None] = {}
        self._chosen: dict[tuple[HeiId, str], Endpoint] = {}
        self._hosts: dict[HeiId, list[Host]] = defaultdict(list)
        self._client_heis: dict[str, set[HeiId]] = defaultdict(set)
        for host in hosts:
            for hei_id in host.hei_ids:
                self._hosts[hei_id].append(host)
            for key_id in host.client_keys:
                self._client_heis[key_id].update(host.hei_ids)

    def covers(self, hei_id: HeiId) -> bool:
        """Say whether any host covers the HEI."""
        return hei_id in self._hosts

    def client_heis(self, key_id: str) -> frozenset[HeiId]:
        """The HEIs in whose name a client key may act; empty for an unknown one or a server key."""
        return frozenset(self._client_heis.get(key_id, ()))

    def endpoint(self, hei_id: HeiId, api: str) -> Endpoint | None:
        """Choose the entry to call: usable before not, then the highest version, then by address."""
        chosen = self._chosen.get((hei_id, api)) or self._choose(hei_id, api)
        if chosen is not None:
            self._chosen[hei_id, api] = chosen
        return chosen

    def _choose(self, hei_id: HeiId, api: str) -> Endpoint | None:
        found = [
            Endpoint(entry, host, self)
            for host in self._hosts.get(hei_id, ())
            for entry in host.entries
            if entry.row.api == api
        ]
        return max(found, key=_preference, default=None)

    def server_key(self, host: Host, key_id: str) -> RSAPublicKey | None:
        """Return a key that may sign answers of this very host, loading it once."""
        if key_id not in host.server_keys:
            return None
        if key_id not in self._loaded:
            self._loaded[key_id] = load_public_key(self._keys.get(key_id, ""))
        return self._loaded[key_id]

    def partner(self, hei_id: HeiId) -> Partner | None:
        """Describe one HEI with the entries that would be called."""
        hei = self.heis.get(hei_id)
        if hei is None and not self.covers(hei_id):
            return None
        hosts = self._hosts.get(hei_id, ())
        apis = sorted({entry.row.api for host in hosts for entry in host.entries})
        offers = {api: _offer(cast("Endpoint", self._choose(hei_id, api))) for api in apis}
        others = {pair for host in hosts for pair in host.other_majors if pair[0] not in offers}
        providers = [host.provider for host in hosts if host.provider and host.entries]
        return Partner(
            hei_id=hei_id,
            name=hei.name if hei else hei_id,
            other_ids=hei.other_ids if hei else (),
            offers=offers,
            old_versions=tuple(sorted(others)),
            provider=providers[0] if providers else None,
        )

    @cached_property
    def agreement_partners(self) -> tuple[Partner, ...]:
        """All HEIs with an agreement API in any version, by id."""
        wanted = {
            hei_id
            for hei_id, hosts in self._hosts.items()
            for host in hosts
            if any(entry.row.api in AGREEMENT_APIS for entry in host.entries)
            or any(api in AGREEMENT_APIS for api, _ in host.other_majors)
        }
        return tuple(cast("Partner", self.partner(hei_id)) for hei_id in sorted(wanted))

    def find(self, text: str) -> HeiId | None:
        """Resolve an id of any kind; None when nobody or more than one HEI has it."""
        wanted = text.strip().lower()
        for kind in ("schac", *_LOOKUPS):
            found = self._aliases.get((kind, wanted), frozenset())
            if found:
                return next(iter(found)) if len(found) == 1 else None
        return None

    @cached_property
    def _aliases(self) -> Mapping[tuple[str, str], frozenset[HeiId]]:
        aliases: dict[tuple[str, str], set[HeiId]] = defaultdict(set)
        for hei in self.heis.values():
            aliases["schac", hei.hei_id.lower()].add(hei.hei_id)
            for kind, value in hei.other_ids:
                aliases[_ALIAS_TYPES.get(kind, kind), value.strip().lower()].add(hei.hei_id)
        return {key: frozenset(found) for key, found in aliases.items()}


def read_catalogue(root: Element) -> Catalogue:
    """Index a catalogue whose structure has been checked; one pass over the tree."""
    hosts = [_host(element) for element in root.iterchildren(f"{_R}host")]
    heis = (
        _hei(element)
        for container in root.iterchildren(f"{_R}institutions")
        for element in container.iterchildren(f"{_R}hei")
    )
    keys = {
        element.get("sha-256", ""): element.text or ""
        for container in root.iterchildren(f"{_R}binaries")
        for element in container.iterchildren(f"{_R}rsa-public-key")
    }
    return Catalogue({hei.hei_id: hei for hei in heis}, hosts, keys)


def _host(element: Element) -> Host:
    entries: list[Entry] = []
    others: list[tuple[str, str]] = []
    for child in _below(element, "apis-implemented"):
        row = BY_ENTRY.get(child.tag)
        if row is not None:
            entry = read_entry(child, row)
            if entry is not None:
                entries.append(entry)
        elif (api := other_major(child.tag)) is not None:
            others.append((api, child.get("version", "?")))
    return Host(
        hei_ids=tuple(
            dict.fromkeys(
                HeiId((child.text or "").strip())
                for child in _below(element, "institutions-covered")
                if child.tag == f"{_R}hei-id"
            )
        ),
        entries=tuple(entries),
        other_majors=tuple(others),
        client_keys=_fingerprints(_below(element, "client-credentials-in-use")),
        server_keys=_fingerprints(_below(element, "server-credentials-in-use")),
        provider=(element.findtext(f"{{{wire.COMMON}}}admin-provider") or "").strip() or None,
    )


def _below(element: Element, name: str) -> Iterator[Element]:
    for container in element.iterchildren(f"{_R}{name}"):
        yield from container.iterchildren("*")


def _fingerprints(elements: Iterable[Element]) -> frozenset[str]:
    return frozenset(e.get("sha-256", "") for e in elements if e.tag == f"{_R}rsa-public-key")


def _hei(element: Element) -> Hei:
    others: list[tuple[str, str]] = []
    names: list[tuple[str, str]] = []
    for child in element.iterchildren(f"{_R}*"):
        text = (child.text or "").strip()
        if child.tag == f"{_R}other-id":
            others.append((child.get("type", ""), text))
        elif child.tag == f"{_R}name":
            names.append(((child.get(_LANG) or "").lower(), text))
    return Hei(HeiId(element.get("id", "")), _best_name(names), tuple(dict.fromkeys(others)))


def _best_name(names: Sequence[tuple[str, str]]) -> str:
    """Prefer English, then a name without a language, then the first; tags come in any case."""
    for wanted in ("en", ""):
        for lang, text in names:
            if lang.split("-")[0] == wanted and text:
                return text
    return names[0][1] if names else ""


def _preference(endpoint: Endpoint) -> tuple[bool, tuple[int, int, int], tuple[str, ...]]:
    entry = endpoint.entry
    return entry.security.unusable_reason is None, entry.version, tuple(sorted(entry.urls.values()))


def _offer(endpoint: Endpoint) -> ApiOffer:
    entry = endpoint.entry
    return ApiOffer(
        name=entry.row.api,
        version=entry.version_text,
        urls=entry.urls,
        max_ids=entry.max_ids,
        signs_responses=entry.security.signs_responses,
        usable=entry.security.unusable_reason is None,
        unusable_reason=entry.security.unusable_reason,
    )
