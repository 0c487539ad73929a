"""`mobility-bridge privacy export|erase|forgotten|readmit|retention`."""

import getpass
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import plain, print_json, print_table, working

if TYPE_CHECKING:
    from mobility_bridge.ports.privacy import Erasure
    from mobility_bridge.services.privacy import ErasureReport

_HERE = "mobility_bridge.cli.privacy"
COMMANDS = {
    "export": (f"{_HERE}:export", "Write out everything that is held about a student."),
    "erase": (
        f"{_HERE}:erase",
        "Erase a student; a fingerprint stays, by which a re-delivery is recognised.",
    ),
    "forgotten": (f"{_HERE}:forgotten", "List what was erased, when, by whom and why. It names nobody."),
    "readmit": (f"{_HERE}:readmit", "Let a student who was erased be known anew."),
    "retention": (f"{_HERE}:retention", "Let go of what is older than its time to keep."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def privacy() -> None:
    """Answer a person's request for their data, erase them, and let go of what is old."""


@click.command()
@click.argument("student")
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write, in JSON; readable by you alone. An existing one is not written over.",
)
@takes_options
def export(invocation: Invocation, student: str, file: Path) -> None:
    """Write out everything that is held about a student. STUDENT is any id that `students show` takes.

    Records with their history, the registry's facts, keys, stays, discrepancies, decisions, matches and evidence.
    Of answers that tell of other people only the part about this one is taken; what was left out is said.
    Of a protected identity nothing leaves the store.
    """
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services.privacy_export import export as export_student

    if file.exists():
        raise UsageError(f"{file} exists already", next_step="Name a file that does not exist.")
    with working("Looking through the evidence"):
        done = invocation.with_bridge(lambda bridge: export_student(bridge.context, student))
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(plain(done.data), stream, ensure_ascii=False, indent=2)
        stream.write("\n")
    if invocation.as_json:
        print_json(
            {
                "student_id": done.student_id,
                "file": str(file),
                "records": done.records,
                "bodies": done.bodies,
                "left_out_bodies": done.withheld,
            }
        )
        return
    click.echo(f"{done.records} records and {done.bodies} answers about {done.student_id} are in {file}.")
    if done.withheld:
        click.echo(
            f"{done.withheld} answers tell of other people, too, and were left out; the file says which."
        )


@click.command()
@click.argument("student")
@click.option("--by", default=None, help="Who erases; default: your account name.")
@click.option("--why", required=True, help="Why; kept, and must not name the student.")
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@takes_options
def erase(invocation: Invocation, student: str, by: str | None, why: str, *, dry_run: bool) -> None:
    """Erase a student: records, histories, keys, facts, stays, matches, decisions' texts, bodies of evidence.

    STUDENT is any id that `students show` takes; everyone who was taken for the same person goes as well. What
    other systems hold is not touched: a keyed fingerprint stays, so that their next delivery is not stored again.
    """
    from mobility_bridge.services.privacy import erase as erase_student

    name = by or getpass.getuser()
    with working("Looking through the evidence"):
        done = invocation.with_bridge(
            lambda bridge: erase_student(bridge.context, student, by=name, why=why, dry_run=dry_run)
        )
    if invocation.as_json:
        print_json(_report(done, dry_run=dry_run))
        return
    who = ", ".join(done.students)
    if done.former is not None:
        click.echo(
            f"{who} was erased on {done.former.erased_at:%Y-%m-%d} already; nothing was left to erase."
        )
        return
    print_table(
        f"{'Would be erased' if dry_run else 'Erased'}: {who}",
        ("What", "How many"),
        list(_words(done.counts)),
    )
    if done.living_stays:
        click.echo(
            f"{done.living_stays} stays had not ended: nobody is told any more if they go wrong.", err=True
        )


@click.command()
@takes_options
def forgotten(invocation: Invocation) -> None:
    """List what was erased, when, by whom and why. It names nobody."""

    async def work(bridge: Any) -> "list[Erasure]":
        return list(await bridge.context.store.read(lambda uow: uow.privacy.erasures()))

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json([_data(each) for each in found])
        return
    print_table(
        f"Erased ({len(found)})",
        ("Number", "Students", "When", "By", "Why", "Records", "Bodies", "Known anew since"),
        [
            (
                each.erasure_id,
                ", ".join(each.students),
                each.erased_at,
                each.by,
                each.why,
                each.counts.get("records", 0),
                each.counts.get("evidence", 0),
                each.lifted_at,
            )
            for each in found
        ],
    )


@click.command()
@click.argument("number", type=click.IntRange(min=1))
@click.option("--by", default=None, help="Who says so; default: your account name.")
@click.option("--why", required=True, help="Why; kept with the erasure.")
@takes_options
def readmit(invocation: Invocation, number: int, by: str | None, why: str) -> None:
    """Let a student who was erased be known anew, for another stay. NUMBER is that of `privacy forgotten`.

    The fingerprints go; what the systems tell from now on is kept again, as that of a new student.
    """
    from mobility_bridge.services.privacy import readmit as readmit_student

    name = by or getpass.getuser()
    done = invocation.with_bridge(lambda bridge: readmit_student(bridge.context, number, by=name, why=why))
    if invocation.as_json:
        print_json(_data(done))
    else:
        click.echo(f"Erasure {number} is lifted; the next full reading tells of the student again.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@takes_options
def retention(invocation: Invocation, *, dry_run: bool) -> None:
    """Let go of what is older than its time to keep, as `[retention]` says. Living stays are never touched."""
    from mobility_bridge.services.retention import retain

    with working("Looking at every student"):
        done = invocation.with_bridge(lambda bridge: retain(bridge.context, dry_run=dry_run))
    if invocation.as_json:
        print_json(
            {
                "dry_run": dry_run,
                "steps": [
                    {"kind": each.kind, "days": each.days, "before": each.until, "number": each.number}
                    for each in done
                ],
            }
        )
        return
    print_table(
        "What would go" if dry_run else "What went",
        ("What", "Kept for days", "From before", "How many"),
        [(_KINDS[each.kind.value], each.days, each.until, each.number) for each in done],
    )


_KINDS = {
    "stays": "students whose last stay is over",
    "drafts": "former states that nobody signed",
    "refused": "refused or withdrawn records",
    "evidence": "bodies of answers about students",
    "feed": "handled events of the feed",
    "discrepancies": "resolved discrepancies of stays that are over",
}


def _report(done: "ErasureReport", *, dry_run: bool) -> dict[str, Any]:
    return {
        "students": list(done.students),
        "dry_run": dry_run,
        "erased_before": done.former is not None,
        "erasure": done.erasure.erasure_id if done.erasure is not None else None,
        "counts": dict(done.counts),
        "living_stays": done.living_stays,
    }


def _data(found: "Erasure") -> dict[str, Any]:
    return {
        "number": found.erasure_id,
        "students": list(found.students),
        "erased_at": found.erased_at,
        "by": found.by,
        "why": found.why,
        "counts": dict(found.counts),
        "lifted_at": found.lifted_at,
        "lifted_by": found.lifted_by,
        "lifted_why": found.lifted_why,
    }


def _words(counts: Any) -> Any:
    for name, number in counts.items():
        words = {"evidence": "bodies of evidence", "former_records": "former states of records"}.get(
            name, name
        )
        yield words, number
