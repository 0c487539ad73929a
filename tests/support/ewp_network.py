"""A small EWP network for tests: a catalogue written from parts, and a partner that is one function."""

from base64 import encodebytes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tests.support.clock import VirtualClock
from tests.support.keys import key, private_pem, public_der

from mobility_adapters.ewp import httpsig, wire
from mobility_adapters.ewp.keys import fingerprint
from mobility_adapters.ewp.network import EwpNetwork, build_network
from mobility_adapters.ewp.settings import EwpSettings
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import Untrusted
from mobility_bridge.ports.adapter import Surroundings

OWN = HeiId("nordhav.example")
BRAVA = HeiId("brava.example")
CATALOGUE_URL = "https://registry.example/catalogue-v1.xml"

SIGNED = (
    f'<s:client-auth-methods xmlns:s="{wire.SECURITY}"><httpsig xmlns="{wire.CLIAUTH_HTTPSIG}"/></s:client-auth-methods>'
    f'<s:server-auth-methods xmlns:s="{wire.SECURITY}"><tlscert xmlns="{wire.SRVAUTH_TLSCERT}"/>'
    f'<httpsig xmlns="{wire.SRVAUTH_HTTPSIG}"/></s:server-auth-methods>'
)
UNSIGNED = f'<s:client-auth-methods xmlns:s="{wire.SECURITY}"><httpsig xmlns="{wire.CLIAUTH_HTTPSIG}"/></s:client-auth-methods>'


@dataclass(frozen=True)
class Api:
    """An entry of `apis-implemented`; `urls` are elements in the order that the schema wants."""

    name: str
    namespace: str
    version: str | None
    urls: tuple[tuple[str, str], ...]
    limit: str | None = None
    security: str | None = SIGNED

    def xml(self) -> str:
        version = "" if self.version is None else f' version="{self.version}"'
        security = "" if self.security is None else f"<http-security>{self.security}</http-security>"
        first, *rest = (f"<{name}>{escape(url)}</{name}>" for name, url in self.urls)
        limit = "" if self.limit is None else f"<max-iia-ids>{self.limit}</max-iia-ids>"
        return f'<{self.name} xmlns="{self.namespace}"{version}>{security}{first}{limit}{"".join(rest)}</{self.name}>'


def iias(
    base: str, version: str | None = "7.0.0", limit: str | None = "3", security: str | None = SIGNED
) -> Api:
    urls = (("get-url", f"{base}/iias/get"), ("index-url", f"{base}/iias/index"))
    return Api("iias", wire.IIAS_V7_ENTRY, version, urls, limit, security)


def one_url(name: str, namespace: str, version: str, url: str, limit: str | None = None) -> Api:
    return Api(name, namespace, version, (("url", url),), limit)


def agreement_apis(base: str, **changes: Any) -> tuple[Api, ...]:
    return (
        iias(base, **changes),
        one_url("iia-cnr", wire.IIA_CNR_V3_ENTRY, "3.0.0", f"{base}/iia-cnr"),
        one_url("iias-approval", wire.IIAS_APPROVAL_V2_ENTRY, "2.0.0", f"{base}/approval", "2"),
        one_url("iia-approval-cnr", wire.IIA_APPROVAL_CNR_V2_ENTRY, "2.0.0", f"{base}/approval-cnr"),
        one_url("echo", wire.ECHO_V2_ENTRY, "2.0.1", f"{base}/echo"),
    )


@dataclass(frozen=True)
class Host:
    """A host element of the catalogue."""

    hei_ids: Sequence[str] = ()
    apis: Sequence[Api] = ()
    client_keys: Sequence[RSAPrivateKey] = ()
    server_keys: Sequence[RSAPrivateKey] = ()
    provider: str | None = None

    def xml(self) -> str:
        provider = (
            f'<admin-provider xmlns="{wire.COMMON}">{escape(self.provider)}</admin-provider>'
            if self.provider
            else ""
        )
        heis = "".join(f"<hei-id>{hei_id}</hei-id>" for hei_id in self.hei_ids)
        return (
            f"<host>{provider}<apis-implemented>{''.join(api.xml() for api in self.apis)}</apis-implemented>"
            f"<institutions-covered>{heis}</institutions-covered>"
            f"<client-credentials-in-use>{_key_refs(self.client_keys)}</client-credentials-in-use>"
            f"<server-credentials-in-use>{_key_refs(self.server_keys)}</server-credentials-in-use></host>"
        )


def hei(hei_id: str, *other_ids: tuple[str, str], names: Sequence[tuple[str | None, str]] = ()) -> str:
    others = "".join(f'<other-id type="{kind}">{escape(value)}</other-id>' for kind, value in other_ids)
    named = "".join(
        "<name" + (f' xml:lang="{lang}"' if lang else "") + f">{escape(text)}</name>"
        for lang, text in (names or ((None, hei_id),))
    )
    return f'<hei id="{hei_id}">{others}{named}</hei>'


def catalogue_xml(hosts: Sequence[Host], heis: Sequence[str] | None = None) -> bytes:
    """A catalogue with these hosts; every HEI that a host covers is described unless `heis` says otherwise."""
    if heis is None:
        heis = [hei(hei_id) for hei_id in sorted({h for host in hosts for h in host.hei_ids})]
    keys = {fingerprint(k.public_key()): k for host in hosts for k in (*host.client_keys, *host.server_keys)}
    bodies = "".join(
        f'<rsa-public-key sha-256="{key_id}">\n{encodebytes(public_der(k)).decode()}</rsa-public-key>'
        for key_id, k in keys.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<catalogue xmlns="{wire.CATALOGUE}">{"".join(h.xml() for h in hosts)}'
        f"<institutions>{''.join(heis)}</institutions><binaries>{bodies}</binaries></catalogue>"
    ).encode()


def _key_refs(keys: Sequence[RSAPrivateKey]) -> str:
    return "".join(f'<rsa-public-key sha-256="{fingerprint(k.public_key())}"/>' for k in keys)


def ordinary_hosts(**changes: Any) -> list[Host]:
    """Our own host and Brava's, which signs its answers."""
    return [
        Host([OWN], [], client_keys=[key("client")]),
        Host([BRAVA], agreement_apis("https://brava.example/ewp", **changes), server_keys=[key("server")]),
    ]


@dataclass
class Log:
    """Remembers events."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def event(self, name: str, /, **fields: Any) -> None:
        self.events.append((name, fields))

    def names(self) -> list[str]:
        return [name for name, _ in self.events]


Answer = Callable[[httpx.Request], httpx.Response]


class Network:
    """Plays registry and partner behind one `httpx` transport, and holds the client built on it."""

    def __init__(
        self,
        folder: Path,
        catalogue: bytes | None = None,
        answer: Answer | None = None,
        clock: VirtualClock | None = None,
        **settings: Any,
    ) -> None:
        self.catalogue = catalogue_xml(ordinary_hosts()) if catalogue is None else catalogue
        self.catalogue_answers: list[Answer] = []
        self.catalogue_requests: list[httpx.Request] = []
        self.answer = answer or (lambda request: self.signed(request, b""))
        self.clock = clock or VirtualClock()
        self.log = Log()
        self.requests: list[httpx.Request] = []
        self.server_key = key("server")
        folder.mkdir(exist_ok=True)
        key_file = folder / "client.pem"
        key_file.write_bytes(private_pem(key("client")))
        key_file.chmod(0o600)
        self.settings = EwpSettings(registry_url=CATALOGUE_URL, client_key={"file": key_file}, **settings)
        self.surroundings = Surroundings(
            own_hei_id=OWN,
            clock=self.clock,
            base_dir=folder,
            state_dir=folder / "state",
            mappings_dir=folder,
            log=self.log,
            transport=httpx.MockTransport(self._handle),
        )
        self.client = self.build()

    def build(self) -> EwpNetwork:
        return build_network(self.settings, self.surroundings)

    async def ready(self) -> EwpNetwork:
        await self.client.refresh_catalogue(force=True)
        return self.client

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == CATALOGUE_URL:
            self.catalogue_requests.append(request)
            if self.catalogue_answers:
                return self.catalogue_answers.pop(0)(request)
            return httpx.Response(
                200, content=self.catalogue, headers={"etag": '"1"', "cache-control": "max-age=300"}
            )
        self.requests.append(request)
        return self.answer(request)

    def signed(
        self,
        request: httpx.Request,
        body: bytes,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
        drop: Sequence[str] = (),
        signer: RSAPrivateKey | None = None,
        target: str | None = None,
    ) -> httpx.Response:
        """Answer as a correct partner does, except for what the arguments change."""
        authorization = httpsig.parse_authorization(request.headers["authorization"])
        shown = {
            "original-date": httpsig.http_date(self.clock.now()),
            "digest": httpsig.body_digest(body),
            "x-request-id": request.headers["x-request-id"],
            "x-request-signature": authorization.signature,
            "content-type": "application/xml; charset=utf-8",
            **(headers or {}),
        }
        for name in drop:
            shown.pop(name)
        target = target or httpsig.request_target(request.method, request.url.raw_path.decode())
        private = signer or self.server_key
        parameters = httpsig.sign(
            private, fingerprint(private.public_key()), tuple(names or shown), target, shown
        )
        shown["signature"] = httpsig.format_parameters(parameters)
        return httpx.Response(status, headers=shown, stream=httpx.ByteStream(body))


def xml_response(root: str, *children: str) -> bytes:
    """A response document: `root` as `{namespace}name`, children in the same namespace."""
    namespace, _, name = root[1:].partition("}")
    return f'<{name} xmlns="{namespace}">{"".join(children)}</{name}>'.encode()


def error_xml(message: str) -> bytes:
    return xml_response(wire.ERROR_ROOT, f"<developer-message>{escape(message)}</developer-message>")


E = TypeVar("E", bound=Exception)

INDEX = xml_response(wire.IIAS_V7_INDEX_ROOT, "<iia-id>b-1</iia-id>", "<iia-id>b-2</iia-id>")


def answering(folder: Path) -> Network:
    """A network whose partner answers every question with a signed index."""
    result = Network(folder)
    result.answer = lambda request: result.signed(request, INDEX)
    return result


async def index_fails(network: Network, error: type[E]) -> E:
    """Ask for the index; return the error that must come of it."""
    client = await network.ready()
    with pytest.raises(error) as caught:
        await client.index(BRAVA)
    return caught.value


async def untrusted(network: Network) -> str:
    """Ask for the index; return why the answer was not believed."""
    error = await index_fails(network, Untrusted)
    last = error.evidence[-1]
    assert isinstance(last, Exchange)
    assert last.verification is Verification.FAILED
    return error.reason
