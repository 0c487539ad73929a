"""A caller of sandbox hosts that shares nothing with the bridge, and the published schemas as a judge."""

import functools
import importlib.util
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.fixtures import PUBLISHED

from mobility_bridge.sandbox.cast import EVERYBODY
from mobility_bridge.sandbox.keys import KeyRing, key_ring
from mobility_bridge.sandbox.partner import PartnerHost, Sent
from mobility_bridge.sandbox.registry import client_keys
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.signature import Received, digest, http_date, signature_header
from mobility_bridge.sandbox.stage import Stage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
Parameters = Sequence[tuple[str, str]]


def stage(scenario: str = "clean", **settings: object) -> Stage:
    """A play on the day of the tests."""
    return Stage(scenario_named(scenario, TODAY), clock=lambda: NOW, **settings)  # type: ignore[arg-type]


@functools.cache
def ring(folder: Path) -> KeyRing:
    return key_ring(folder, list(EVERYBODY))


def host(hei_id: str, played: Stage, keys: KeyRing) -> PartnerHost:
    return PartnerHost(EVERYBODY[hei_id], played, keys, client_keys(keys))


def signed(
    path: str,
    parameters: Parameters,
    key: rsa.RSAPrivateKey,
    *,
    method: str = "POST",
    authority: str = "localhost:8443",
    now: datetime = NOW,
) -> Received:
    """A request as a correct client sends it."""
    query = urlencode(parameters)
    body = b"" if method == "GET" else query.encode()
    target = f"{path}?{query}" if method == "GET" and query else path
    values = {
        "host": authority,
        "date": http_date(now),
        "digest": digest(body),
        "x-request-id": str(uuid.uuid4()),
    }
    names = ["(request-target)", *values]
    request_target = {"(request-target)": f"{method.lower()} {target}"}
    header = signature_header(key, names, {**values, **request_target})
    values["content-type"] = "application/x-www-form-urlencoded"
    return Received(method, target, {**values, "authorization": f"Signature {header}"}, body)


async def ask(
    hei_id: str,
    played: Stage,
    keys: KeyRing,
    endpoint: str,
    parameters: Parameters = (),
    *,
    method: str = "POST",
) -> Sent:
    """Ask one host one thing."""
    path = f"/hosts/{hei_id}/ewp/{endpoint}"
    request = signed(path, parameters, keys.client, method=method)
    return await host(hei_id, played, keys).respond(endpoint, request)


def published_problems(document: bytes) -> list[str]:
    """What the published schemas find wrong with a document."""
    problems: list[str] = _judge().problems(document)
    return problems


@functools.cache
def _judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("official_xsd", PUBLISHED / "tools" / "official_xsd.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
