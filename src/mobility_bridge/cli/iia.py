"""`mobility-bridge iia hash|diff`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.files import look_into, read
from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table

if TYPE_CHECKING:
    from mobility_bridge.domain.agreement import Iia
    from mobility_bridge.domain.comparison import Comparison
    from mobility_bridge.ports.documents import DocumentInspector

_HERE = "mobility_bridge.cli.iia"
COMMANDS = {
    "hash": (f"{_HERE}:hash_", "Compute the iia-hash of every agreement in get responses, offline."),
    "diff": (f"{_HERE}:diff", "Compare two copies of one agreement field by field, offline."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def iia() -> None:
    """Hash and compare agreement documents, offline. Needs no configuration."""


@click.command("hash")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--text", "show_text", is_flag=True, help="Also print the hashed text, a segment per line.")
@click.option("--check", is_flag=True, help="Exit 1 when a declared hash is another one.")
@takes_options
def hash_(invocation: Invocation, files: tuple[Path, ...], *, show_text: bool, check: bool) -> int:
    """Compute the iia-hash of every agreement in get responses (IIAs 7 or 6).

    The hash is the one that the network's own stylesheet gives for the whole document. A file that cannot be
    hashed is named on stderr and makes the command exit 1, one that cannot be read 2; the others are printed
    all the same.
    """
    from mobility_bridge.bootstrap import inspector
    from mobility_bridge.errors import InvalidDocument, UsageError

    tools = inspector()
    rows: list[dict[str, Any]] = []
    failed = 0
    for file in files:
        try:
            rows.extend(_hashed(tools, file, read(file), show_text=show_text))
        except InvalidDocument as error:
            failed = max(failed, 1)
            click.echo(f"{file}: {error.message}\n{look_into(file)}", err=True)
        except UsageError as error:
            failed = error.exit_code
            click.echo(f"{error.message}\n{error.next_step}", err=True)
    if invocation.as_json:
        print_json(rows)
    else:
        for row in rows:
            approval = "" if row["valid_for_approval"] else "  not valid for approval"
            click.echo(f"{row['sha256']}  {row['file']}  {row['iia_id']}  {row['verdict'].value}{approval}")
            for segment in row.get("segments", ()):
                click.echo(f"  {segment}")
    wrong = check and any(row["verdict"].value not in GOOD for row in rows)
    return failed or int(wrong)


GOOD = frozenset({"matches", "HASH_DOC_SCOPE", "not_declared", "not_checked"})


def _hashed(
    tools: "DocumentInspector", file: Path, document: bytes, *, show_text: bool
) -> list[dict[str, Any]]:
    return [
        {
            "file": str(file),
            "iia_id": item.iia_id,
            "sha256": item.sha256,
            "valid_for_approval": item.valid_for_approval,
            "alone_sha256": item.alone_sha256,
            "alone_valid_for_approval": item.alone_valid_for_approval,
            "declared": item.declared,
            "verdict": item.verdict,
            "content_digest": item.content_digest,
            "conditions_hash": item.conditions_hash,
            "way": item.way,
            **({"segments": list(tools.segments(document, position))} if show_text else {}),
        }
        for position, item in enumerate(tools.hashes(document))
    ]


@click.command()
@click.argument("local", type=click.Path(path_type=Path))
@click.argument("partner", type=click.Path(path_type=Path))
@click.option("--iia-id", help="Our id of the agreement, when LOCAL holds several.")
@takes_options
def diff(invocation: Invocation, local: Path, partner: Path, iia_id: str | None) -> int:
    """Compare two copies of one agreement field by field. Exits 1 when a difference blocks approval."""
    from mobility_bridge.bootstrap import inspector
    from mobility_bridge.domain.comparison import Equality
    from mobility_bridge.reconcile.diff import compare

    tools = inspector()
    ours = _pick(_agreements(tools, local), iia_id, local)
    theirs = _counterpart(_agreements(tools, partner), ours, partner)
    comparison = compare(ours, theirs)
    if invocation.as_json:
        print_json(_data(comparison))
    else:
        rows: list[tuple[Any, ...]] = [
            (p.label, d.field, d.local, d.partner, d.weight, d.code)
            for p in comparison.pairs
            for d in p.differences
        ]
        rows.extend(
            (label, "(whole condition)", "present", "missing", "must", "CONDITION_MISSING")
            for _, label in comparison.missing
        )
        rows.extend(
            (label, "(whole condition)", "missing", "present", "must", "CONDITION_EXTRA")
            for _, label in comparison.extra
        )
        rows.extend(
            (
                s.label,
                f"split by {s.split_by}",
                len(s.local_positions),
                len(s.partner_positions),
                "must",
                "CONDITION_COUNT",
            )
            for s in comparison.splits
        )
        print_table(
            f"The terms are {comparison.equality.value.replace('_', ' ')}",
            ("Condition", "Field", "Local", "Partner", "Agreement needed", "Code"),
            rows,
        )
    return 1 if comparison.equality is Equality.DIFFERENT else 0


def _agreements(tools: "DocumentInspector", file: Path) -> "list[Iia]":
    """Decode a file. Raises BridgeError: a file in hand is no failure of an external system."""
    from mobility_bridge.errors import BridgeError, InvalidDocument

    try:
        return list(tools.agreements(read(file)))
    except InvalidDocument as error:
        raise BridgeError(f"{file}: {error.message}", next_step=look_into(file)) from error


def _pick(found: "list[Iia]", iia_id: str | None, file: Path) -> "Iia":
    from mobility_bridge.errors import UsageError

    chosen = [item for item in found if iia_id in (None, item.partners[0].iia_id)]
    if len(chosen) == 1:
        return chosen[0]
    ids = ", ".join(item.partners[0].iia_id or "(no id)" for item in found)
    raise UsageError(
        f"{file} holds {len(found)} agreements ({ids or 'none'})", next_step="Choose one with --iia-id."
    )


def _counterpart(found: "list[Iia]", ours: "Iia", file: Path) -> "Iia":
    """The partner's copy: the only one, else the one that lists our id or that ours lists, else its later text."""
    if len(found) == 1:
        return found[0]
    own, theirs = ours.partners[0].iia_id, ours.partners[1].iia_id
    for item in found:
        if item.partners[1].iia_id == own or (theirs is not None and item.partners[0].iia_id == theirs):
            return item
    same = next((item for item in found if own is not None and item.partners[0].iia_id == own), None)
    return same if same is not None else _pick(found, theirs, file)


def _data(comparison: "Comparison") -> dict[str, Any]:
    return {
        "equality": comparison.equality,
        "differences": [
            {
                "condition": p.label,
                "field": d.field,
                "local": d.local,
                "partner": d.partner,
                "weight": d.weight,
                "code": d.code,
            }
            for p in comparison.pairs
            for d in p.differences
        ],
        "direction_swapped": [p.label for p in comparison.pairs if p.direction_swapped],
        "missing": [label for _, label in comparison.missing],
        "extra": [label for _, label in comparison.extra],
        "splits": [
            {
                "label": s.label,
                "split_by": s.split_by,
                "local": s.local_positions,
                "partner": s.partner_positions,
            }
            for s in comparison.splits
        ],
        "condition_order_differs": comparison.condition_order_differs,
        "list_order_differs": comparison.list_order_differs,
    }
