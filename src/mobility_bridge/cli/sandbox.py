"""`mobility-bridge sandbox run|status|fault|advance|change|repair`."""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json

_HERE = "mobility_bridge.cli.sandbox"
COMMANDS = {
    "run": (f"{_HERE}:run", "Play the network, its partners and our own systems until interrupted."),
    "status": (f"{_HERE}:status", "Say which act plays and which faults are on."),
    "fault": (f"{_HERE}:fault", "Switch one partner's named fault on or off."),
    "advance": (f"{_HERE}:advance", "Go on to the scenario's next act."),
    "change": (f"{_HERE}:change", "Change one agreement in Mobility-Online."),
    "repair": (f"{_HERE}:repair", "Switch every fault off."),
}
DEFAULT_DIR = Path("var/sandbox")
CONFIG_NAME = "mobility-bridge.toml"
MAPPINGS_NAME = "mappings"
MARK = "# A configuration for the sandbox in "
"""How every configuration begins that was written for a sandbox."""
_dir_option = click.option(
    "--dir",
    "given",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where its keys, port and configuration are kept; default: the sandbox beside the "
    f"configuration file, else {DEFAULT_DIR}.",
)


@click.command(cls=LazyGroup, lazy=COMMANDS)
def sandbox() -> None:
    """Play the outside world on this machine: registry, partners, Mobility-Online, Dashboard, Ladok."""


def _folder(invocation: Invocation, given: Path | None) -> Path:
    """The sandbox that is meant: the one named, else the one that the configuration in force belongs to."""
    from mobility_bridge.settings.load import config_file

    if given is not None:
        return given
    home = config_file(invocation.config).parent
    played = [folder for folder in (home / "sandbox", home) if (folder / "sandbox.json").exists()]
    return played[0] if played else DEFAULT_DIR


@click.command()
@_dir_option
@click.option(
    "--scenario",
    help="Scenario to play; default: the one played last in this folder, else `default`.",
)
@click.option("--port", type=int, help="Port on localhost; default: the one used last, else a free one.")
@takes_options
def run(invocation: Invocation, given: Path | None, scenario: str | None, port: int | None) -> None:
    """Play the outside world until interrupted; write a configuration for the bridge beside it."""
    from mobility_bridge.sandbox.host import Plan, Sandbox

    folder = _folder(invocation, given)

    async def whole() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        played = Sandbox(folder, Plan(scenario, port=port))
        await played.start()
        try:
            beside = folder.parent if is_ours(folder.parent / CONFIG_NAME, played.base_url) else None
            file = write_config(folder, beside)
            told = {"scenario": played.memory.scenario, "base_url": played.base_url, "config": str(file)}
            if invocation.as_json:
                print_json(told)
            click.echo(f"The sandbox plays {played.memory.scenario!r} at {played.base_url}.", err=True)
            click.echo(f"Run: mobility-bridge sync --config {file}", err=True)
            await stop.wait()
        finally:
            await played.stop()

    asyncio.run(whole())


def is_ours(file: Path, base_url: str = "") -> bool:
    """Whether a configuration was written for a sandbox (and talks to this one): only then may it be touched."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text.startswith(MARK) and base_url in text


def insist_on_a_place_of_our_own(folder: Path, names: Sequence[str]) -> None:
    """Refuse a folder that holds files with these names and no configuration of a sandbox.

    Raises:  UsageError; nothing was touched.
    """
    from mobility_bridge.errors import UsageError

    foreign = [name for name in names if (folder / name).exists()]
    if foreign and not is_ours(folder / CONFIG_NAME):
        raise UsageError(
            f"{folder} holds {', '.join(foreign)}, which no sandbox made",
            next_step="Nothing was touched. Name an empty folder with --dir.",
        )


def write_config(folder: Path, beside: Path | None = None) -> Path:
    """Write the bridge's configuration for a sandbox, unless its own is there, and prepare its store.

    Raises:  UsageError when another configuration is there.
    """
    from mobility_bridge.bootstrap import load_settings
    from mobility_bridge.store import migrate

    home = beside or folder
    file = home / CONFIG_NAME
    insist_on_a_place_of_our_own(home, [CONFIG_NAME])
    if not file.exists():
        file.write_text(_config(folder, home), encoding="utf-8")
    migrate.upgrade(load_settings(file).settings.store.url)
    return file


def _config(folder: Path, home: Path) -> str:
    """The configuration; where the scenario has students, with all that they need."""
    from mobility_bridge.sandbox.config import render_config, render_ladok, render_students
    from mobility_bridge.sandbox.folder import remember
    from mobility_bridge.sandbox.scenarios import WITH_STUDENTS

    memory = remember(folder)
    if memory is None or memory.scenario not in WITH_STUDENTS:
        return render_config(folder, beside=home)
    _write_mappings(home / MAPPINGS_NAME)
    agreements = render_config(folder, beside=home, mappings=MAPPINGS_NAME)
    return agreements + render_ladok(folder, beside=home) + render_students(memory.today)


def _write_mappings(folder: Path) -> None:
    """The codes that come with the bridge, for an office that notes the civic numbers that Ladok gives."""
    from mobility_bridge.bootstrap import packaged_mappings

    folder.mkdir(exist_ok=True)
    for each in packaged_mappings().glob("*.toml"):
        text = each.read_text(encoding="utf-8")
        text = text.replace("civic_number = false", "civic_number = true")
        (folder / each.name).write_text(text, encoding="utf-8")


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
    said = answer.json()
    if answer.status_code >= 400:
        raise UsageError(
            str(said.get("error", answer.text)),
            next_step=said.get("next_step") or "Run: mobility-bridge sandbox status",
        )
    return said


@click.command()
@_dir_option
@takes_options
def status(invocation: Invocation, given: Path | None) -> None:
    """Say which act plays and which faults are on."""
    print_json(ask(_folder(invocation, given), "GET", "state"))


@click.command()
@click.argument("partner")
@click.argument("name")
@click.argument("switch", type=click.Choice(("on", "off")), default="on")
@_dir_option
@takes_options
def fault(invocation: Invocation, partner: str, name: str, switch: str, given: Path | None) -> None:
    """Switch PARTNER's fault NAME on or off."""
    print_json(
        ask(
            _folder(invocation, given),
            "POST",
            "faults",
            {"partner": partner, "fault": name, "on": switch == "on"},
        )
    )


@click.command()
@_dir_option
@takes_options
def advance(invocation: Invocation, given: Path | None) -> None:
    """Go on to the scenario's next act."""
    print_json(ask(_folder(invocation, given), "POST", "advance"))


@click.command()
@click.argument("iia_id")
@click.option(
    "--number", type=click.IntRange(0), help="Places per year of its first condition; default: one more."
)
@_dir_option
@takes_options
def change(invocation: Invocation, iia_id: str, number: int | None, given: Path | None) -> None:
    """Change the agreement IIA_ID in Mobility-Online, as a coordinator would."""
    order = {"iia_id": iia_id} if number is None else {"iia_id": iia_id, "number": number}
    print_json(ask(_folder(invocation, given), "POST", "change", order))


@click.command()
@_dir_option
@takes_options
def repair(invocation: Invocation, given: Path | None) -> None:
    """Switch every fault off."""
    print_json(ask(_folder(invocation, given), "POST", "repair"))
