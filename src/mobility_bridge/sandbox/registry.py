"""The network's catalogue as its registry would publish it, and who may sign what.

Source: EWP Registry API 1.5.0; manifest entries of the APIs named here.
"""

import hashlib
from base64 import encodebytes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from cryptography.hazmat.primitives.asymmetric import rsa

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.cast import LISTED, NORDHAV, Hei
from mobility_bridge.sandbox.documents import COMMON_NS, tag
from mobility_bridge.sandbox.keys import DASHBOARD, KeyRing
from mobility_bridge.sandbox.signature import key_id, spki

_EWP = "https://github.com/erasmus-without-paper"
CATALOGUE_NS = f"{_EWP}/ewp-specs-api-registry/tree/stable-v1"
_SECURITY_NS = f"{_EWP}/ewp-specs-sec-intro/tree/stable-v2"
_MAX_AGE = 300


@dataclass(frozen=True, slots=True)
class ApiEntry:
    """How an API is announced: repository, versions by major of the agreement APIs, paths of its URLs."""

    repository: str
    versions: dict[int, str]
    urls: tuple[tuple[str, str], ...]
    limit: str | None = None

    def namespace(self, major: int) -> str:
        stable = self.versions[major].partition(".")[0]
        return f"{_EWP}/{self.repository}/blob/stable-v{stable}/manifest-entry.xsd"


ENTRIES = {
    "echo": ApiEntry("ewp-specs-api-echo", {7: "2.0.1", 6: "2.0.1"}, (("url", "echo"),)),
    "iias": ApiEntry(
        "ewp-specs-api-iias",
        {7: "7.0.0", 6: "6.3.0"},
        (("get-url", "iias/get"), ("index-url", "iias/index")),
        limit="iias",
    ),
    "iia-cnr": ApiEntry("ewp-specs-api-iia-cnr", {7: "3.0.0", 6: "2.0.2"}, (("url", "iia-cnr"),)),
    "iias-approval": ApiEntry(
        "ewp-specs-api-iias-approval", {7: "2.0.0", 6: "1.0.1"}, (("url", "iias-approval"),), limit="approval"
    ),
    "iia-approval-cnr": ApiEntry(
        "ewp-specs-api-iia-approval-cnr", {7: "2.0.0", 6: "1.0.0"}, (("url", "iia-approval-cnr"),)
    ),
}
STUDENT_ENTRIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "omobilities": ("3.0.0", ("get", "index", "update")),
    "omobility-cnr": ("2.0.0", ()),
    "imobilities": ("2.0.0", ("get",)),
    "imobility-cnr": ("2.0.0", ()),
    "imobility-tors": ("3.0.0", ("get", "index")),
    "imobility-tor-cnr": ("2.0.0", ()),
    "omobility-las": ("1.2.0", ("get", "index", "update")),
    "omobility-la-cnr": ("1.1.0", ()),
}
"""APIs about students: version and endpoints; a notified API has one URL of its own."""


FAULTS = {
    "registry_503": "answers 503 with nothing",
    "registry_without_our_key": "lists our client key no more",
}
"""What can be switched on, and what it does."""


@dataclass(slots=True)
class Registry:
    """The registry's own misbehaviour."""

    faults: list[str] = field(default_factory=list)

    def switch(self, name: str, *, on: bool) -> None:
        """Switch one fault on or off. Raises UsageError for a name that is none."""
        if name not in FAULTS:
            raise UsageError(
                f"the registry has no fault {name!r}", next_step=f"Choose one of: {', '.join(FAULTS)}."
            )
        self.faults = [each for each in self.faults if each != name] + ([name] if on else [])

    def repair(self) -> None:
        """Switch every fault off."""
        self.faults = []


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The document, with what a conditional request needs."""

    body: bytes
    etag: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "content-type": "application/xml; charset=utf-8",
            "etag": self.etag,
            "cache-control": f"max-age={_MAX_AGE}, must-revalidate",
        }


def catalogue(base_url: str, ring: KeyRing, *, with_our_key: bool = True) -> Catalogue:
    """Build the catalogue for a server at `base_url`."""
    hosts = [_partner_host(hei, base_url, ring.servers[hei.hei_id]) for hei in LISTED]
    hosts += [_our_agreement_host(base_url, ring), _our_dashboard_host(base_url, ring)]
    hosts += [_our_bridge_host(ring if with_our_key else None), _fake_host(base_url)]
    names = [*(hei.hei_id for hei in (*LISTED, NORDHAV)), DASHBOARD]
    keys = [*([ring.client] if with_our_key else []), *(ring.servers[name] for name in names)]
    binaries = [_binary(key.public_key()) for key in keys]
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<catalogue xmlns="{CATALOGUE_NS}" xmlns:ewp="{COMMON_NS}" xmlns:sec="{_SECURITY_NS}">\n'
        f"{''.join(hosts)}"
        f"<institutions>\n{''.join(_institution(hei) for hei in (NORDHAV, *LISTED))}</institutions>\n"
        f"<binaries>\n{''.join(sorted(binaries))}</binaries>\n</catalogue>\n"
    ).encode()
    return Catalogue(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def client_keys(ring: KeyRing) -> dict[str, rsa.RSAPublicKey]:
    """The client keys of the network, as the partners look them up: only ours."""
    key = ring.client.public_key()
    return {key_id(key): key}


def partner_url(base_url: str, hei_id: str) -> str:
    """Where the host of one partner lives."""
    return f"{base_url}/hosts/{hei_id}/ewp"


def _partner_host(hei: Hei, base_url: str, key: rsa.RSAPrivateKey) -> str:
    url = partner_url(base_url, hei.hei_id)
    entries = [_entry(name, hei, url) for name in hei.apis]
    entries += [_student_entry(name, url, hei.max_omobility_ids) for name in hei.student_apis]
    return _host(hei, hei.provider, "".join(entries), server=key.public_key())


def _our_agreement_host(base_url: str, ring: KeyRing) -> str:
    entries = "".join(_entry(name, NORDHAV, f"{base_url}/mobility-online/ewp") for name in NORDHAV.apis)
    return _host(NORDHAV, NORDHAV.provider, entries, server=ring.servers[NORDHAV.hei_id].public_key())


def dashboard_url(base_url: str) -> str:
    """Where the EWP Dashboard serves the network."""
    return f"{base_url}/dashboard/ewp"


def _our_dashboard_host(base_url: str, ring: KeyRing) -> str:
    entries = "".join(
        _student_entry(name, dashboard_url(base_url), NORDHAV.max_omobility_ids)
        for name in ("omobilities", "omobility-las", "imobilities", "imobility-tors")
    )
    return _host(NORDHAV, "EWP Dashboard", entries, server=ring.servers[DASHBOARD].public_key())


def _our_bridge_host(ring: KeyRing | None) -> str:
    key = ring.client.public_key() if ring is not None else None
    return _host(NORDHAV, "Nordhav University (mobility-bridge)", "", client=key)


def _fake_host(base_url: str) -> str:
    """A host without HEI whose entry has no version, as the development network really has one."""
    entry = f'<echo xmlns="{ENTRIES["echo"].namespace(7)}"><url>{base_url}/hosts/nobody.example/ewp/echo</url></echo>'
    return (
        f"<host>{tag('ewp:admin-provider', 'Validator of the sandbox')}"
        f"<apis-implemented>{entry}</apis-implemented><institutions-covered/></host>\n"
    )


def _host(
    hei: Hei,
    provider: str,
    entries: str,
    *,
    client: rsa.RSAPublicKey | None = None,
    server: rsa.RSAPublicKey | None = None,
) -> str:
    return (
        f"<host>{tag('ewp:admin-email', f'ewp@{hei.hei_id}')}{tag('ewp:admin-provider', provider)}\n"
        f"<apis-implemented>\n{entries}</apis-implemented>\n"
        f"<institutions-covered>{tag('hei-id', hei.hei_id)}</institutions-covered>\n"
        f"{_credentials('client', client)}{_credentials('server', server)}</host>\n"
    )


def _credentials(side: str, key: rsa.RSAPublicKey | None) -> str:
    if key is None:
        return ""
    name = f"{side}-credentials-in-use"
    return f'<{name}><rsa-public-key sha-256="{key_id(key)}"/></{name}>\n'


def _entry(name: str, hei: Hei, url: str) -> str:
    api = ENTRIES[name]
    limits = {"iias": hei.max_iia_ids, "approval": hei.max_approval_ids}
    limit = "" if api.limit is None else tag("max-iia-ids", str(limits[api.limit]))
    if name == "iias" and hei.major_version == 6:
        limit += tag("max-iia-codes", "1")
    urls = [tag(element, f"{url}/{path}") for element, path in api.urls]
    return (
        f'<{name} xmlns="{api.namespace(hei.major_version)}" version="{api.versions[hei.major_version]}">'
        f"<http-security>{_SECURITY}</http-security>{urls[0]}{limit}{''.join(urls[1:])}</{name}>\n"
    )


def _student_entry(name: str, url: str, limit: int) -> str:
    version, endpoints = STUDENT_ENTRIES[name]
    namespace = f"{_EWP}/ewp-specs-api-{name}/blob/stable-v{version[0]}/manifest-entry.xsd"
    urls = "".join(tag(f"{each}-url", f"{url}/{name}/{each}") for each in endpoints)
    return (
        f'<{name} xmlns="{namespace}" version="{version}"><http-security>{_SECURITY}</http-security>'
        f"{urls or tag('url', f'{url}/{name}')}{tag('max-omobility-ids', str(limit))}</{name}>\n"
    )


def _methods(aspect: str, methods: Iterable[tuple[str, str]]) -> str:
    listed = "".join(f'<{name} xmlns="{_EWP}/{repository}/tree/stable-v1"/>' for name, repository in methods)
    return f"<sec:{aspect}-methods>{listed}</sec:{aspect}-methods>"


_SECURITY = _methods("client-auth", [("httpsig", "ewp-specs-sec-cliauth-httpsig")]) + _methods(
    "server-auth",
    [("tlscert", "ewp-specs-sec-srvauth-tlscert"), ("httpsig", "ewp-specs-sec-srvauth-httpsig")],
)


def _institution(hei: Hei) -> str:
    others: Sequence[tuple[str, str]] = [("pic", hei.pic)]
    if not hei.institution_code.startswith("UY"):
        others = [*others, ("erasmus", hei.institution_code)]
    listed = "".join(f'<other-id type="{kind}">{escape(value)}</other-id>' for kind, value in others)
    names = "".join(f'<name xml:lang="{lang}">{escape(name)}</name>' for lang, name in hei.names)
    return f'<hei id="{hei.hei_id}">{listed}{names}</hei>\n'


def _binary(key: rsa.RSAPublicKey) -> str:
    text = encodebytes(spki(key)).decode()
    return f'<rsa-public-key sha-256="{key_id(key)}">\n{text}</rsa-public-key>\n'
