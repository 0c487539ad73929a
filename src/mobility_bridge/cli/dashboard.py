"""`mobility-bridge dashboard import|export`."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options, takes_partner
from mobility_bridge.cli.render import print_json, print_table

if TYPE_CHECKING:
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.services.compare import CompareReport
    from mobility_bridge.services.lists import ListsReport
    from mobility_bridge.services.prefill import Prefilled

_HERE = "mobility_bridge.cli.dashboard"
COMMANDS = {
    "import": (f"{_HERE}:import_", "Take in lists that were exported from the Dashboard."),
    "export": (f"{_HERE}:export", "Write pre-filled learning agreements for the Dashboard."),
}
_MOST = 50
"""Lines of one table; JSON has all."""


@click.command(cls=LazyGroup, lazy=COMMANDS)
def dashboard() -> None:
    """Take in what the Dashboard exports, write what it imports."""


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE…",
    type=click.Path(path_type=Path),
)
@takes_options
def import_(invocation: Invocation, files: tuple[Path, ...]) -> int:
    """Take in lists that were exported from the Dashboard: of learning agreements, or of agreements.

    A FILE may be a folder of `*.csv`. Encoding, delimiter and kind of list are recognised. What a list says is kept
    beside what the network serves, never in its place. Exits 3 when something could not be read.
    """
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services.compare import compare
    from mobility_bridge.services.lists import ingest_lists

    for each in files:
        if not each.exists():
            raise UsageError(f"{each} does not exist", next_step="Name files that were exported.")

    async def work(bridge: "Bridge") -> "tuple[ListsReport, CompareReport]":
        report = await ingest_lists(bridge.context, [each.absolute() for each in files])
        return report, await compare(bridge.context)

    report, compared = invocation.with_bridge(work)
    if report.error is not None:
        raise report.error
    if invocation.as_json:
        data = {"opened": compared.opened, "resolved": compared.resolved}
        print_json({**report_data(report), **data})
    else:
        _show(report)
        click.echo(
            f"{_counted(report.read, 'learning agreement')} read, {report.changed} new or changed. Compared "
            f"{compared.compared}: {compared.opened} discrepancies opened, {compared.resolved} resolved."
        )
    return 0 if report.complete else 3


def report_data(report: "ListsReport") -> dict[str, Any]:
    """A reading of lists as JSON."""
    seen = report.agreements
    return {
        "source": report.source,
        "files": [
            {
                "file": each.file,
                "kind": each.kind,
                "rows": each.rows,
                "read": each.read,
                "encoding": each.encoding,
                "delimiter": each.delimiter,
            }
            for each in report.files
        ],
        "listed": report.read,
        "changed": report.changed,
        "gone": report.gone,
        "complete": report.complete,
        "problems": _places(report.problems),
        "remarks": _places(report.remarks),
        "agreements": {
            "listed": seen.listed,
            "unknown": list(seen.unknown),
            "missing": list(seen.missing),
            "other": [{"iia_id": iia_id, "field": field} for iia_id, field in seen.other],
        }
        if seen is not None
        else None,
        "error": report.error.message if report.error is not None else None,
    }


def show_agreements(report: "ListsReport") -> None:
    """Print which agreements a list and our own system do not both name; nothing where all agree."""
    seen = report.agreements
    if seen is None:
        return
    rows = [(each, "on the list, not in our system") for each in seen.unknown]
    rows += [(each, "in our system, not on the list") for each in seen.missing]
    rows += [(each, f"another {field}") for each, field in seen.other]
    if rows:
        _table("Agreements on the list and in our system", ("Agreement", "What"), rows)


def _show(report: "ListsReport") -> None:
    print_table(
        "Files",
        ("File", "Kind", "Rows", "Read", "Encoding", "Delimiter"),
        [
            (
                each.file,
                each.kind.value.replace("_", " ") if each.kind is not None else "not recognised",
                each.rows,
                each.read,
                each.encoding,
                each.delimiter,
            )
            for each in report.files
        ],
    )
    if report.problems:
        _table("Left out", ("Where", "Why"), report.problems)
    if report.remarks:
        _table("Not understood, and not used", ("Where", "What"), report.remarks)
    show_agreements(report)


def _table(title: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    found = list(rows)
    print_table(title, header, found[:_MOST])
    if len(found) > _MOST:
        click.echo(f"and {len(found) - _MOST} more: --json has all")


def _places(found: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"where": where, "what": what} for where, what in found]


@click.command()
@click.option("--term", "term_text", required=True, metavar="TERM", help="The term abroad, such as HT26.")
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write; readable by you alone. An existing one is not written over.",
)
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of the Dashboard whose header row, delimiter and encoding are kept.",
)
@takes_partner
@takes_options
def export(
    invocation: Invocation, term_text: str, file: Path, template: Path | None, partner: str | None
) -> int:
    """Write pre-filled learning agreements of the students who leave in a term and have none yet.

    Each is checked before anything is written; one that cannot be handed in is left out, named by its application,
    with every reason. Exits 4 when any was left out.
    """
    from mobility_bridge.cli.files import read
    from mobility_bridge.domain.term import Term
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services.prefill import prefill

    term = Term.parse(term_text)
    if term is None:
        raise UsageError(f"{term_text!r} is no term", next_step="Write it as HT26 or VT27.")
    if file.exists():
        raise UsageError(f"{file} exists already", next_step="Name a file that does not exist.")
    form = read(template) if template is not None else None
    done = invocation.with_partner(partner, lambda context, hei: prefill(context, term, form, hei))
    if done.file.written:
        _write(file, done.file.content)
    if invocation.as_json:
        print_json(_export_data(done, file))
    else:
        _show_export(done, file)
    return 4 if done.refused else 0


def _write(file: Path, content: bytes) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        written.replace(file)
    finally:
        written.unlink(missing_ok=True)


def _export_data(done: "Prefilled", file: Path) -> dict[str, Any]:
    return {
        "file": str(file) if done.file.written else None,
        "written": list(done.file.written),
        "rows": done.file.rows,
        "existing": done.existing,
        "refused": [{"name": each.name, "reasons": list(each.reasons)} for each in done.refused],
        "unfilled": list(done.file.unfilled),
    }


def _show_export(done: "Prefilled", file: Path) -> None:
    if done.refused:
        rows = [(each.name, "; ".join(each.reasons)) for each in done.refused]
        _table(f"Left out ({len(rows)})", ("Who", "Why"), rows)
    if done.file.unfilled:
        click.echo(f"Nobody here knows how to fill: {', '.join(map(repr, done.file.unfilled))}.", err=True)
    if done.file.written:
        agreements = _counted(len(done.file.written), "learning agreement")
        click.echo(f"Written to {file}: {agreements} in {_counted(done.file.rows, 'row')}.")
    else:
        click.echo("No learning agreement to write: no file was made.")
    if done.existing:
        click.echo(f"Left out since there is one already: {_counted(done.existing, 'learning agreement')}.")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
