"""The console script: one table of commands, one place where errors become sentences and exit codes."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

import click

from mobility_bridge import __version__
from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.errors import (
    BridgeError,
    ConfigError,
    ExternalError,
    InvalidDocument,
    NotOffered,
    StoreBusy,
    StoreError,
    UsageError,
)
from mobility_bridge.kit.masking import scrubbed, withhold_messages

_HERE = "mobility_bridge.cli"
COMMANDS = {
    "demo": (f"{_HERE}.demo:demo", "Start the sandbox, run the bridge against it, show what it found."),
    "run": (f"{_HERE}.run:run", "Run the daemon until it is told to stop."),
    "sync": (f"{_HERE}.sync:sync", "Read everything once, compare, and send what is due."),
    "status": (f"{_HERE}.status:status", "Say how every source, partner and queue is doing."),
    "agreements": (f"{_HERE}.agreements:agreements", "List agreements, their places and their ends."),
    "discrepancies": (f"{_HERE}.discrepancies:discrepancies", "List what disagrees, and acknowledge it."),
    "students": (f"{_HERE}.students:students", "List students' stays, tell one whole, say who is who."),
    "mobilities": (f"{_HERE}.mobilities:mobilities", "List stays with their state in each system."),
    "nominations": (f"{_HERE}.nominations:nominations", "List nominations, and decide on them."),
    "catalogue": (
        f"{_HERE}.catalogue:catalogue",
        "Have the catalogue of courses for incoming students say what a list says.",
    ),
    "la": (f"{_HERE}.la:la", "Show learning agreements and what changes, and decide on them."),
    "ladok": (f"{_HERE}.ladok:ladok", "Look into the student registry: its feed, what it offers."),
    "dashboard": (
        f"{_HERE}.dashboard:dashboard",
        "Take in what the Dashboard exports, write what it imports.",
    ),
    "explain": (f"{_HERE}.explain:explain", "Tell everything about one agreement, side by side."),
    "notify": (f"{_HERE}.notify:notify", "Send the notifications of one agreement again."),
    "evidence": (f"{_HERE}.evidence:evidence", "Show, verify and export what was received."),
    "privacy": (f"{_HERE}.privacy:privacy", "Answer a request for one's data, erase, let go of what is old."),
    "ewp": (f"{_HERE}.ewp:ewp", "Look into the network: catalogue, echo, validation."),
    "iia": (f"{_HERE}.iia:iia", "Hash and compare agreement documents, offline."),
    "config": (f"{_HERE}.config:config", "Check and show the configuration."),
    "db": (f"{_HERE}.db:db", "Prepare and check the store."),
    "sandbox": (f"{_HERE}.sandbox:sandbox", "Play the outside world on this machine."),
}

_NEXT_STEPS: tuple[tuple[type[BridgeError], str], ...] = (
    # The first class that fits; for an error whose place of origin knows nothing better.
    (ConfigError, "Run: mobility-bridge config check"),
    (UsageError, "Run: mobility-bridge --help"),
    (NotOffered, "See what is offered: mobility-bridge ewp catalogue"),
    (InvalidDocument, "Look at what was received: mobility-bridge evidence list"),
    (ExternalError, "Run: mobility-bridge status"),
    (StoreBusy, "Wait a moment and run the command again."),
    (StoreError, "Run: mobility-bridge db check"),
    (BridgeError, "Run: mobility-bridge status"),
)
_WITH_FILE = "Check that it exists, and that you may read and write it."
_WITHOUT_FILE = "Free some space, or write the output elsewhere."


@click.command(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Configuration file; also after any command's name. [env: MOBILITY_BRIDGE_CONFIG]",
)
@click.version_option(__version__, prog_name="mobility-bridge")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Keep exchange agreements in agreement across Mobility-Online and the EWP network."""
    ctx.obj = config


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 configuration or usage, 3 external, 4 discrepancies."""
    withhold_messages()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that the terminal cannot show is no reason to stop
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
        sys.exit(1)
    except OSError as error:
        _let_go_of_stdout()
        _say(_sentence(error), _WITHOUT_FILE if error.filename is None else _WITH_FILE)
        sys.exit(1)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = cli.main(arguments, prog_name="mobility-bridge", standalone_mode=False)
    except BridgeError as error:
        _explain(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    return code if isinstance(code, int) else 0


def _let_go_of_stdout() -> None:
    """Send to nowhere what is left in the buffer, or Python says at its very end that it cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: OSError) -> str:
    what = "the output cannot be written" if error.filename is None else str(error.filename)
    return f"{what}: {error.strerror or error}"


def _say(sentence: str, next_step: str) -> None:
    click.echo(sentence, err=True)
    click.echo(next_step, err=True)


def _explain(error: BridgeError) -> None:
    """Write one sentence and the next step to stderr; configuration problems as a table."""
    personal = isinstance(error, ExternalError)
    click.echo(scrubbed(error.message) if personal else error.message, err=True)
    if isinstance(error, ConfigError) and error.problems:
        paths = max(len(path) for path, _, _ in error.problems)
        found = max(len(text) for _, text, _ in error.problems)
        for path, text, wanted in error.problems:
            click.echo(f"  {path:<{paths}}  {text:<{found}}  {wanted}", err=True)
    click.echo(
        error.next_step or next(step for kind, step in _NEXT_STEPS if isinstance(error, kind)), err=True
    )
