"""The console script: one table of commands, one place where errors become sentences and exit codes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mobility_bridge import __version__
from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.errors import BridgeError, ConfigError

_HERE = "mobility_bridge.cli"
COMMANDS = {
    "demo": (f"{_HERE}.demo:demo", "Start the sandbox, run the bridge against it, show what it found."),
    "run": (f"{_HERE}.run:run", "Run the daemon until it is told to stop."),
    "sync": (f"{_HERE}.sync:sync", "Read everything once, compare, and send what is due."),
    "status": (f"{_HERE}.status:status", "Say how every source, partner and queue is doing."),
    "agreements": (f"{_HERE}.agreements:agreements", "List agreements, their places and their ends."),
    "discrepancies": (f"{_HERE}.discrepancies:discrepancies", "List what disagrees, and acknowledge it."),
    "explain": (f"{_HERE}.explain:explain", "Tell everything about one agreement, side by side."),
    "notify": (f"{_HERE}.notify:notify", "Send the notifications of one agreement again."),
    "evidence": (f"{_HERE}.evidence:evidence", "Show, verify and export what was received."),
    "ewp": (f"{_HERE}.ewp:ewp", "Look into the network: catalogue, echo, validation."),
    "iia": (f"{_HERE}.iia:iia", "Hash and compare agreement documents, offline."),
    "config": (f"{_HERE}.config:config", "Check and show the configuration."),
    "db": (f"{_HERE}.db:db", "Prepare and check the store."),
    "sandbox": (f"{_HERE}.sandbox:sandbox", "Play the outside world on this machine."),
}


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
    try:
        code = cli.main(arguments, prog_name="mobility-bridge", standalone_mode=False)
    except BridgeError as error:
        _explain(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _explain(error: BridgeError) -> None:
    """Write one sentence and the next step to stderr; configuration problems as a table."""
    click.echo(error.message, err=True)
    if isinstance(error, ConfigError) and error.problems:
        paths = max(len(path) for path, _, _ in error.problems)
        found = max(len(text) for _, text, _ in error.problems)
        for path, text, wanted in error.problems:
            click.echo(f"  {path:<{paths}}  {text:<{found}}  {wanted}", err=True)
    if error.next_step:
        click.echo(error.next_step, err=True)
