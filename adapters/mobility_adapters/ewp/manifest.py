"""Manifest entries: what one host offers, where, and how it wants to be asked.

Source: EWP architecture 1.16.0, manifest entries; security framework 2.0.2, choosing methods.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.versions import ApiVersion
from mobility_bridge.kit.xml import Element

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_HTTPSIG_CLIENT: Final = wire.qname(wire.CLIAUTH_HTTPSIG, "httpsig")
_HTTPSIG_SERVER: Final = wire.qname(wire.SRVAUTH_HTTPSIG, "httpsig")
_TLS_SERVER: Final = wire.qname(wire.SRVAUTH_TLSCERT, "tlscert")
_TLS_REQUEST: Final = wire.qname(wire.REQENCR_TLS, "tls")
_TLS_RESPONSE: Final = wire.qname(wire.RESENCR_TLS, "tls")
# What an absent aspect means. For clients that is a TLS certificate, which the registry no longer
# publishes: such an entry cannot be called by anybody.
_DEFAULTS: Final[Mapping[str, frozenset[str]]] = {
    "client-auth-methods": frozenset({wire.qname(wire.CLIAUTH_TLSCERT, "tlscert")}),
    "server-auth-methods": frozenset({_TLS_SERVER}),
    "request-encryption-methods": frozenset({_TLS_REQUEST}),
    "response-encryption-methods": frozenset({_TLS_RESPONSE}),
}


@dataclass(frozen=True, slots=True)
class Security:
    """How an endpoint is called: whether its answers are signed, or why it cannot be called."""

    signs_responses: bool
    unusable_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One API of one host in a version that we speak. `max_ids` is 1 where unlimited or unreadable."""

    row: ApiVersion
    version: tuple[int, int, int]
    urls: Mapping[str, str]
    max_ids: int
    security: Security

    @property
    def version_text(self) -> str:
        return ".".join(str(part) for part in self.version)


def read_version(text: str | None) -> tuple[int, int, int] | None:
    """Read `N.N.N`; None for anything else. The numbers compare as numbers."""
    match = _VERSION.fullmatch(text or "")
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def read_entry(element: Element, row: ApiVersion) -> Entry | None:
    """Read an entry; None for one without a readable version, which some hosts publish on purpose."""
    version = read_version(element.get("version"))
    if version is None:
        return None
    namespace = row.entry.partition("}")[0] + "}"
    urls: dict[str, str] = {}
    limit: str | None = None
    security: Element | None = None
    for child in element.iterchildren(f"{namespace}*"):
        name = child.tag[len(namespace) :]
        if name in row.urls:
            urls.setdefault(row.urls[name], (child.text or "").strip())
        elif name == row.limit:
            limit = child.text
        elif name == "http-security":
            security = child
    return Entry(row, version, urls, _limit(limit), choose(security, urls))


def choose(security: Element | None, urls: Mapping[str, str]) -> Security:
    """Pick one method per aspect out of what `http-security` declares; unknown methods are ignored."""
    methods = dict(_DEFAULTS)
    if security is not None:
        prefix = f"{{{wire.SECURITY}}}"
        for aspect in security.iterchildren(f"{prefix}*"):
            methods[aspect.tag[len(prefix) :]] = frozenset(m.tag for m in aspect.iterchildren("*"))
    servers = methods["server-auth-methods"]
    return Security(_HTTPSIG_SERVER in servers, _why_not(methods, urls))


def _why_not(methods: Mapping[str, frozenset[str]], urls: Mapping[str, str]) -> str | None:
    if _HTTPSIG_CLIENT not in methods["client-auth-methods"]:
        return "it does not accept signed requests"
    if not methods["server-auth-methods"] & {_HTTPSIG_SERVER, _TLS_SERVER}:
        return "it offers no way of proving its answers that we know"
    if (
        _TLS_REQUEST not in methods["request-encryption-methods"]
        or _TLS_RESPONSE not in methods["response-encryption-methods"]
    ):
        return "it wants an encryption beyond TLS"
    if not urls or not all(url.startswith("https://") for url in urls.values()):
        return "it has no HTTPS address"
    return None


def _limit(text: str | None) -> int:
    """Read a limit; 1 where it is missing or unreadable, as the specification demands."""
    stripped = (text or "").strip()
    return (
        int(stripped)
        if stripped.isascii() and stripped.isdigit() and 0 < len(stripped) < 7 and int(stripped)
        else 1
    )
