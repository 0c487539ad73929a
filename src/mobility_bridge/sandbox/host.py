"""One HTTPS server on this machine that plays everybody: registry, partners, Mobility-Online, control."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import folder as folders
from mobility_bridge.sandbox.cast import LISTED, NORDHAV
from mobility_bridge.sandbox.control import PREFIX, Control
from mobility_bridge.sandbox.dashboard import Dashboard
from mobility_bridge.sandbox.faults import DASHBOARD, LADOK, MOBILITY_ONLINE, REGISTRY, DroppedError
from mobility_bridge.sandbox.folder import Memory
from mobility_bridge.sandbox.keys import KeyRing, key_ring
from mobility_bridge.sandbox.ladok import ABORT, CERTIFICATE, Ladok
from mobility_bridge.sandbox.ladok_control import LadokControl
from mobility_bridge.sandbox.local_records import mo_agreements
from mobility_bridge.sandbox.mobility_online import MobilityOnline, Tenant
from mobility_bridge.sandbox.partner import PartnerHost, Sent
from mobility_bridge.sandbox.registry import Catalogue, Registry, catalogue, client_keys
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.signature import Received, http_date
from mobility_bridge.sandbox.stage import Stage, utc_now

Scope = dict[str, Any]
_START_S = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play. None: as an earlier start in the same folder had it, or the default."""

    scenario: str | None = None
    today: date | None = None
    port: int | None = None


class Sandbox:
    """A whole sandbox in one folder.

    The folder holds the keys, the certificates and `sandbox.json`; starting again with the same folder gives
    the same port, keys, act and faults. `clock` is the partners' clock.
    """

    def __init__(
        self,
        folder: Path,
        plan: Plan = Plan(),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ring: KeyRing = key_ring(folder, [hei.hei_id for hei in (NORDHAV, *LISTED)])
        before = folders.remember(folder)
        used = before.port if before else 0
        self._socket = _listen(plan.port if plan.port is not None else used)
        self._ladok_socket = _listen(before.ladok_port if before else 0, or_any=True)
        self.memory = _memory(folder, plan, self._socket.getsockname()[1], clock)
        self.memory.ladok_port = self._ladok_socket.getsockname()[1]
        self.stage = Stage(scenario_named(self.memory.scenario, self.memory.today), clock)
        self.application = _Application(self)
        self.stage.replay(self.memory.journal, self.memory.faults)
        self.stage.changed = self._keep
        self._keep()
        self._servers: list[tuple[_Server, asyncio.Task[None]]] = []

    @property
    def base_url(self) -> str:
        return self.memory.base_url

    @property
    def ca_file(self) -> Path:
        return self.ring.ca_file

    @property
    def authority_file(self) -> Path:
        return folders.authority_file(self.folder)

    async def start(self) -> None:
        """Serve until `stop`. Raises UsageError when a server does not come up."""
        ladok = self.application.ladok
        for_ladok = _config(
            ladok,
            self.ring,
            ssl_cert_reqs=ssl.CERT_REQUIRED,
            ssl_ca_certs=str(self.ring.ca_file),
            ssl_context_factory=ladok.tls_context,
        )
        await self._serve(_config(self.application, self.ring), self._socket)
        await self._serve(for_ladok, self._ladok_socket)

    async def _serve(self, config: uvicorn.Config, listener: socket.socket) -> None:
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        self._servers.append((server, task))
        async with asyncio.timeout(_START_S):
            while not server.started:
                if task.done():
                    raise UsageError(f"the sandbox cannot listen on port {listener.getsockname()[1]}")
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        for _, task in self._servers:
            await task
        self._servers.clear()
        self._socket.close()
        self._ladok_socket.close()

    @contextlib.contextmanager
    def in_thread(self) -> Iterator["Sandbox"]:
        """Serve from a thread of its own while the block runs."""
        ready, finished = threading.Event(), threading.Event()

        async def serve() -> None:
            await self.start()
            ready.set()
            await asyncio.to_thread(finished.wait)
            await self.stop()

        def run() -> None:
            with asyncio.Runner() as runner:
                runner.run(serve())

        thread = threading.Thread(target=run, name="sandbox", daemon=True)
        thread.start()
        try:
            if not ready.wait(_START_S):
                raise UsageError(f"the sandbox does not come up on {self.base_url}")
            yield self
        finally:
            finished.set()
            thread.join(_START_S)

    def _keep(self) -> None:
        self.memory.act = self.stage.act
        self.memory.faults = self.stage.fault_names
        self.memory.journal = self.stage.journal
        folders.keep(self.folder, self.memory)


@dataclass(frozen=True, slots=True)
class Hands:
    """Lets what programs do in Ladok happen on a stage, which keeps it."""

    stage: Stage

    def act(self, name: str, who: str, /, **arguments: Any) -> Any:
        return self.stage.in_ladok(name, who, **arguments)


def _tenant(stage: Stage) -> Tenant:
    """Our university in Mobility-Online; what programs write there is kept on the stage."""
    return Tenant(
        "nordhav",
        lambda: mo_agreements(stage.world),
        students=lambda: stage.world.mobility_online,
        written=lambda operation, bean: stage.in_mobility_online("write", operation=operation, bean=bean),
    )


class _Application:
    """Sends each request to whoever plays the part."""

    def __init__(self, sandbox: Sandbox) -> None:
        stage = sandbox.stage
        self._stage = stage
        self._catalogue: Catalogue = catalogue(sandbox.base_url, sandbox.ring)
        self._without_our_key = catalogue(sandbox.base_url, sandbox.ring, with_our_key=False)
        self.mobility_online = MobilityOnline({sandbox.memory.authority: _tenant(stage)})
        self._registry_itself = Registry()
        stage.systems.update({MOBILITY_ONLINE: self.mobility_online, REGISTRY: self._registry_itself})
        self.ladok = Ladok(lambda: stage.world.ladok, Hands(stage), stage.clock)
        stage.systems[LADOK] = self.ladok
        self.dashboard = Dashboard(stage, sandbox.ring)
        stage.systems[DASHBOARD] = self.dashboard
        self._control = Control(stage, LadokControl(self.ladok))
        keys = client_keys(sandbox.ring)
        self._partners = {hei.hei_id: PartnerHost(hei, stage, sandbox.ring, keys) for hei in LISTED}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        if path.startswith(PREFIX):
            body = await _body(receive)
            status, text = self._control.respond(scope["method"], path, body)
            await _send(send, status, [("content-type", "application/json")], text)
        elif path == "/registry/catalogue-v1.xml":
            await self._registry(scope, send)
        elif path.startswith("/mobility-online/"):
            await self.mobility_online(scope, receive, send)
        elif path.startswith("/dashboard/"):
            await self._dashboard(scope, receive, send)
        elif path.startswith("/hosts/"):
            await self._partner(scope, receive, send)
        else:
            await _not_found(scope, send)

    async def _registry(self, scope: Scope, send: Any) -> None:
        faults = self._registry_itself.faults
        found = self._without_our_key if "registry_without_our_key" in faults else self._catalogue
        asked = dict(scope["headers"]).get(b"if-none-match", b"").decode()
        headers = [*found.headers.items(), ("date", http_date(self._stage.clock()))]
        self._stage.requests["registry"] += 1
        if "registry_503" in faults:
            await _send(send, 503, [], b"")
            return
        if found.etag in asked:
            await _send(send, 304, headers, b"")
        else:
            await _send(send, 200, headers, found.body)

    async def _partner(self, scope: Scope, receive: Any, send: Any) -> None:
        hei_id, _, rest = scope["path"].removeprefix("/hosts/").partition("/")
        partner = self._partners.get(hei_id)
        if partner is None or not rest.startswith("ewp/"):
            await _not_found(scope, send)
            return
        request = await _request(scope, receive)
        await _answered(partner.respond(rest.removeprefix("ewp/"), request), scope, receive, send)

    async def _dashboard(self, scope: Scope, receive: Any, send: Any) -> None:
        request = await _request(scope, receive)
        path = scope["path"].removeprefix("/dashboard/")
        await _answered(self.dashboard.respond(path, request), scope, receive, send)


async def _answered(answer: Coroutine[Any, Any, Sent], scope: Scope, receive: Any, send: Any) -> None:
    """Send an answer, unless there is none to be sent or nobody to take it."""
    try:
        sent = await _unless_gone(answer, receive)
    except DroppedError:
        scope["extensions"][ABORT]["abort"]()
        await receive()
        return
    if sent is not None:
        await _send(send, sent.status, list(sent.headers), sent.body)


class _AbortableProtocol(HttpToolsProtocol):
    """Lets the application cut the connection and see the client's certificate, as no server does by itself."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}}
        tls = self.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate is not None:
            self.scope["extensions"][CERTIFICATE] = certificate


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the sandbox."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(application: Any, ring: KeyRing, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_AbortableProtocol,
        lifespan="off",
        log_config=None,
        log_level="error",
        proxy_headers=False,
        access_log=False,
        date_header=False,
        server_header=False,
        ssl_certfile=ring.server_file,
        ssl_keyfile=str(ring.server_file),
        timeout_graceful_shutdown=1,
        **more,
    )


def _listen(port: int, *, or_any: bool = False) -> socket.socket:
    """Take a port (0: any) and hold it from now on. Raises UsageError when it is taken, unless any will do."""
    # The event loop sends small answers at once only where a socket says that it is TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        if not or_any:
            listener.close()
            raise UsageError(
                f"port {port} is taken", next_step="Stop the other sandbox, or choose another --port."
            ) from error
        listener.bind(("127.0.0.1", 0))
    return listener


def _memory(folder: Path, plan: Plan, port: int, clock: Callable[[], datetime]) -> Memory:
    before = folders.remember(folder)
    if before is None or (plan.scenario or before.scenario) != before.scenario:
        return Memory(
            scenario=plan.scenario or "default",
            today=plan.today or clock().date(),
            port=port,
            authority=before.authority if before else folders.new_authority(),
        )
    before.port = port
    return before


async def _unless_gone(answer: Coroutine[Any, Any, Sent], receive: Any) -> Sent | None:
    """Wait for an answer as long as somebody waits for it; None when nobody does any more."""
    answering = asyncio.create_task(answer)
    leaving = asyncio.create_task(receive())
    await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if answering.done():
        return answering.result()
    answering.cancel()
    return None


async def _request(scope: Scope, receive: Any) -> Received:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    return Received(scope["method"], target, headers, await _body(receive))


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Any, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _not_found(scope: Scope, send: Any) -> None:
    text = json.dumps({"error": f"nobody plays {scope['path']}"}).encode()
    await _send(send, 404, [("content-type", "application/json")], text)
