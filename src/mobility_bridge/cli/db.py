"""`mobility-bridge db upgrade|check`."""

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json

_HERE = "mobility_bridge.cli.db"
COMMANDS = {
    "upgrade": (f"{_HERE}:upgrade", "Bring the store to the schema of this version."),
    "check": (f"{_HERE}:check", "Say whether the store has the schema of this version."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def db() -> None:
    """Prepare and check the store."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@takes_options
def upgrade(invocation: Invocation, *, dry_run: bool) -> None:
    """Bring the store to the schema of this version. Running it again changes nothing."""
    from mobility_bridge.store import migrate
    from mobility_bridge.store.revision import REVISION

    url = invocation.loaded().settings.store.url
    before, after = (migrate.current(url), REVISION) if dry_run else migrate.upgrade(url)
    if invocation.as_json:
        print_json({"before": before, "after": after, "changed": before != after and not dry_run})
    elif before == after:
        click.echo(f"The store has schema {after} already.")
    else:
        verb = "would go" if dry_run else "went"
        click.echo(f"The store {verb} from schema {before or '(none)'} to {after}.")


@click.command()
@takes_options
def check(invocation: Invocation) -> int:
    """Say whether the store has the schema of this version. Exits 1 when it has not."""
    from mobility_bridge.store import migrate
    from mobility_bridge.store.revision import REVISION

    url = invocation.loaded().settings.store.url
    current = migrate.current(url)
    if invocation.as_json:
        print_json({"current": current, "needed": REVISION, "up_to_date": current == REVISION})
    elif current == REVISION:
        click.echo(f"The store has schema {REVISION}, as this version needs.")
    else:
        click.echo(f"The store has schema {current or '(none)'}; this version needs {REVISION}.", err=True)
        click.echo("Run: mobility-bridge db upgrade", err=True)
    return 0 if current == REVISION else 1
