"""`mobility-bridge sandbox run|status|fault|advance|change|repair`."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.render import print_json

_HERE = "mobility_bridge.cli.sandbox"
COMMANDS = {
    "run": (f"{_HERE}:run", "Play registry, six partners and Mobility-Online until interrupted."),
    "status": (f"{_HERE}:status", "Say which act plays and which faults are on."),
    "fault": (f"{_HERE}:fault", "Switch one partner's named fault on or off."),
    "advance": (f"{_HERE}:advance", "Go on to the scenario's next act."),
    "change": (f"{_HERE}:change", "Change one agreement in Mobility-Online."),
    "repair": (f"{_HERE}:repair", "Switch every fault off."),
}
DEFAULT_DIR = Path("var/sandbox")
_dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DIR,
    show_default=True,
    help="Where its keys, port and configuration are kept.",
)


@click.command(cls=LazyGroup, lazy=COMMANDS)
def sandbox() -> None:
    """Play the outside world on this machine: registry, partner universities, Mobility-Online."""


@click.command()
@_dir_option
@click.option(
    "--scenario",
    default=None,
    help="Scenario to play; default: the one played last in this folder, else `default`.",
)
@click.option(
    "--port", type=int, default=None, help="Port on localhost; default: the one used last, else a free one."
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Not used; the sandbox writes a configuration.",
)
def run(folder: Path, scenario: str | None, port: int | None, config: Path | None) -> None:
    """Play the outside world until interrupted; write a configuration for the bridge beside it."""
    del config
    from mobility_bridge.sandbox.host import Plan, Sandbox

    async def whole() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        played = Sandbox(folder, Plan(scenario, port=port))
        await played.start()
        try:
            file = write_config(folder)
            click.echo(f"The sandbox plays {played.memory.scenario!r} at {played.base_url}.", err=True)
            click.echo(f"Run: mobility-bridge sync --config {file}", err=True)
            await stop.wait()
        finally:
            await played.stop()

    asyncio.run(whole())


def write_config(folder: Path) -> Path:
    """Write the bridge's configuration for a sandbox, unless one is there, and prepare its store."""
    from mobility_bridge.sandbox.config import render_config
    from mobility_bridge.store import migrate

    file = folder / "mobility-bridge.toml"
    if not file.exists():
        file.write_text(render_config(folder), encoding="utf-8")
    from mobility_bridge.bootstrap import load_settings

    migrate.upgrade(load_settings(file).settings.store.url)
    return file


def ask(folder: Path, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Call a running sandbox's control. Raises UsageError when none runs, or when it refuses."""
    import httpx

    from mobility_bridge.errors import UsageError
    from mobility_bridge.kit.http import tls_context

    state = folder / "sandbox.json"
    if not state.exists():
        raise UsageError(
            f"no sandbox was ever started in {folder}",
            next_step=f"Run: mobility-bridge sandbox run --dir {folder}",
        )
    base = json.loads(state.read_text(encoding="utf-8"))["base_url"]
    context = tls_context(folder / "ca.pem", system=False)
    try:
        with httpx.Client(verify=context, timeout=30) as client:
            answer = client.request(method, f"{base}/_control/{path}", json=body)
    except httpx.TransportError as error:
        raise UsageError(
            f"no sandbox answers at {base}", next_step=f"Run: mobility-bridge sandbox run --dir {folder}"
        ) from error
    if answer.status_code >= 400:
        raise UsageError(
            str(answer.json().get("error", answer.text)), next_step="Run: mobility-bridge sandbox status"
        )
    return answer.json()


@click.command()
@_dir_option
def status(folder: Path) -> None:
    """Say which act plays and which faults are on."""
    print_json(ask(folder, "GET", "state"))


@click.command()
@click.argument("partner")
@click.argument("name")
@click.argument("switch", type=click.Choice(("on", "off")), default="on")
@_dir_option
def fault(partner: str, name: str, switch: str, folder: Path) -> None:
    """Switch PARTNER's fault NAME on or off."""
    print_json(ask(folder, "POST", "faults", {"partner": partner, "fault": name, "on": switch == "on"}))


@click.command()
@_dir_option
def advance(folder: Path) -> None:
    """Go on to the scenario's next act."""
    print_json(ask(folder, "POST", "advance"))


@click.command()
@click.argument("iia_id")
@_dir_option
def change(iia_id: str, folder: Path) -> None:
    """Change the agreement IIA_ID in Mobility-Online, as a coordinator would."""
    print_json(ask(folder, "POST", "change", {"iia_id": iia_id}))


@click.command()
@_dir_option
def repair(folder: Path) -> None:
    """Switch every fault off."""
    print_json(ask(folder, "POST", "repair"))
