"""Printing: data on stdout, words for people on stderr, colour and progress only on a terminal."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech

SEVERITY_STYLES = {"blocking": "bold red", "warning": "yellow", "information": "cyan"}


def plain(value: Any) -> Any:
    """Turn domain values into what JSON knows: instants and days in ISO form, enums by value."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    """Write one JSON document to stdout; with escapes where the terminal's encoding knows few letters."""
    few_letters = not (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    click.echo(json.dumps(plain(value), ensure_ascii=few_letters, indent=2, default=str))


def console() -> Console:
    """A console on stdout; wide enough in a pipe that nothing is cut."""
    return Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False, highlight=False)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    styles: Mapping[int, str] | None = None,
    speech: "Speech | None" = None,
) -> None:
    """Print a table, or a sentence when it would be empty. `styles` gives a row its style by position."""
    if not rows:
        click.echo(speech("{title}: none.", title=title) if speech else f"{title}: none.")
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for position, row in enumerate(rows):
        cells = [Styled(_cell(value, speech)) for value in row]
        table.add_row(*cells, style=(styles or {}).get(position))
    console().print(table)


def print_pairs(title: str, pairs: Sequence[tuple[str, Any]], *, speech: "Speech | None" = None) -> None:
    """Print names and values below each other."""
    if title:
        click.secho(title, bold=True)
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        click.echo(f"  {name:<{width}}  {_cell(value, speech)}")


def _cell(value: Any, speech: "Speech | None" = None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        word = "yes" if value else "no"
        return speech(word) if speech else word
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that long work goes on; stay silent in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(stderr=True).status(what):
        yield


def short(digest: str | None) -> str:
    """A hash for people: its first twelve digits."""
    return digest[:12] if digest else "–"
