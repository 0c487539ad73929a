"""`mobility-bridge db upgrade|check|reseal|keys create`."""

import os
from pathlib import Path

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table, working

_HERE = "mobility_bridge.cli.db"
COMMANDS = {
    "upgrade": (f"{_HERE}:upgrade", "Bring the store to the schema of this version."),
    "check": (f"{_HERE}:check", "Say whether the store has the schema of this version."),
    "keys": (f"{_HERE}:keys", "Make keys that seal personal data in the store."),
    "reseal": (f"{_HERE}:reseal", "Seal everything in the store anew with the first key."),
}
KEYS = {"create": (f"{_HERE}:create", "Make a key and write it to a file.")}


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


@click.command(cls=LazyGroup, lazy=KEYS)
def keys() -> None:
    """Make keys that seal personal data in the store."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@takes_options
def create(invocation: Invocation, file: Path) -> None:
    """Make a key and write it to FILE, which only you may read. An existing file is never written over.

    Whoever loses the key loses what was sealed with it: keep a copy where the store's backups are not.
    """
    from mobility_bridge.errors import UsageError
    from mobility_bridge.kit.secrets import new_key

    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise UsageError(f"{file} exists already", next_step="Name a file that does not exist.") from None
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(new_key() + "\n")
    if invocation.as_json:
        print_json({"file": str(file)})
        return
    click.echo(f"A key was written to {file}. Put it first in [store]:")
    click.echo(f'keys = [{{ file = "{file}" }}]')
    click.echo("Then seal what the store holds already: mobility-bridge db reseal")


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would be sealed anew; change nothing.")
@takes_options
def reseal(invocation: Invocation, *, dry_run: bool) -> None:
    """Seal everything in the store anew with the first key. Stopped half-way, it goes on where it was.

    Run it after a key was added or put first; a former key may be taken out of the configuration afterwards.
    """
    from mobility_bridge.settings.store_keys import store_keys
    from mobility_bridge.store.reseal import reseal as reseal_store

    loaded = invocation.loaded()
    store = loaded.settings.store
    with working("Sealing the store"):
        done = list(reseal_store(store.url, store_keys(store.keys, loaded.base), dry_run=dry_run))
    if invocation.as_json:
        print_json(
            {
                "dry_run": dry_run,
                "tables": [{"table": each.table, "rows": each.rows, "sealed": each.sealed} for each in done],
            }
        )
        return
    print_table(
        "What would be sealed anew" if dry_run else "Sealed anew",
        ("Table", "Rows", "Sealed"),
        [(each.table, each.rows, each.sealed) for each in done],
    )
