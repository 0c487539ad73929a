"""`mobility-bridge evidence list|show|verify|export`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options, takes_partner
from mobility_bridge.cli.render import plain, print_json, print_pairs, print_table, short, working

if TYPE_CHECKING:
    from mobility_bridge.domain.evidence import EvidenceRecord

SHOWN_BYTES = 1 << 20
"""Of a body more than this is nothing to look at; `--body` writes all of it."""

_HERE = "mobility_bridge.cli.evidence"
COMMANDS = {
    "list": (f"{_HERE}:list_", "List what was received last."),
    "show": (f"{_HERE}:show", "Show one exchange, headers and body."),
    "verify": (f"{_HERE}:verify", "Check every record's hash and its link to the one before."),
    "export": (f"{_HERE}:export", "Write exchanges to a folder: one JSON file and the bodies as received."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def evidence() -> None:
    """Show, verify and export what was received."""


@click.command("list")
@takes_partner
@click.option(
    "--about", metavar="TEXT", help="Only calls whose address or request has this text, such as an id."
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="At most so many, newest first.",
)
@takes_options
def list_(invocation: Invocation, partner: str | None, about: str | None, limit: int) -> None:
    """List what was received last."""
    from mobility_bridge.cli.filters import chosen_partner
    from mobility_bridge.services.evidence import masked

    async def work(bridge: Any) -> "Sequence[EvidenceRecord]":
        hei_id = await chosen_partner(bridge, partner)
        found: Sequence[EvidenceRecord] = await bridge.context.store.read(
            lambda uow: uow.evidence.select(partner=hei_id, text=about, limit=limit)
        )
        return found

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json([as_data(masked(record)) for record in found])
        return
    print_table(
        f"Evidence ({len(found)})",
        ("Number", "Received", "From", "Call", "Status", "Signature", "Bytes", "SHA-256"),
        [
            (
                r.sequence,
                r.exchange.received_at,
                r.exchange.hei_id or r.exchange.system,
                r.exchange.api,
                r.exchange.status,
                r.exchange.verification,
                r.body_length,
                short(r.body_sha256),
            )
            for r in found
        ],
    )


@click.command()
@click.argument("number", type=int)
@click.option("--body", "body_only", is_flag=True, help="Write only the body, byte for byte.")
@takes_options
def show(invocation: Invocation, number: int, *, body_only: bool) -> None:
    """Show one exchange, headers and body."""
    from mobility_bridge.services.evidence import to_show

    record, why = invocation.with_bridge(lambda bridge: to_show(bridge.context, number, personal=True))
    if why is not None:
        click.echo("It names a protected identity: its bodies are not shown.", err=True)
    exchange = record.exchange
    if body_only:
        sys.stdout.buffer.write(exchange.body)
        return
    shown = exchange.body[:SHOWN_BYTES]
    if invocation.as_json:
        body = {"body": shown.decode("utf-8", "replace"), "body_shown_bytes": len(shown)}
        print_json({**as_data(record), **body})
        return
    print_pairs(
        f"Evidence {record.sequence}",
        [
            ("received", exchange.received_at),
            ("from", exchange.hei_id or exchange.system),
            ("request", f"{exchange.method} {exchange.url}"),
            ("status", exchange.status),
            ("signature", exchange.verification),
            ("failure", exchange.failure),
            ("took", f"{exchange.duration_s:.3f} s"),
            ("body", f"{record.body_length} bytes{' (cut off at the limit)' if exchange.truncated else ''}"),
            ("sha256", record.body_sha256),
            ("record hash", record.record_hash),
        ],
    )
    print_pairs("Request headers", sorted(exchange.request_headers.items()))
    if exchange.request_body:
        click.echo(exchange.request_body.decode("utf-8", "replace"))
    print_pairs("Response headers", sorted(exchange.response_headers.items()))
    click.echo(shown.decode("utf-8", "replace"))
    if len(shown) < len(exchange.body):
        rest = len(exchange.body) - len(shown)
        click.echo(f"And {rest} bytes more: mobility-bridge evidence show {number} --body", err=True)


@click.command()
@click.option(
    "--expect",
    metavar="HASH",
    help="A last hash that was noted earlier: some record must still have it. Shows a log that was cut off.",
)
@takes_options
def verify(invocation: Invocation, expect: str | None) -> int:
    """Check every record's hash and its link to the one before. Exits 1 when something was tampered with.

    Bodies that were erased are counted. The chain alone cannot show that its newest records were cut off: note the last hash somewhere else, and
    give it to a later run with --expect.
    """
    from mobility_bridge.services.evidence import pages
    from mobility_bridge.store.chain import START, ChainBreak
    from mobility_bridge.store.chain import verify as verify_page

    async def work(bridge: Any) -> tuple[Any, list[ChainBreak], bool, Counter[str]]:
        end = START
        breaks: list[ChainBreak] = []
        found = expect is None
        erased: Counter[str] = Counter()
        async for page in pages(bridge.context):
            end, broken = verify_page(page, end)
            breaks.extend(broken)
            found = found or any(record.record_hash == expect for record in page)
            erased["bodies"] += sum(record.erased_at is not None for record in page)
            erased["addresses"] += sum(record.url_erased for record in page)
        return end, breaks, found, erased

    with working("Verifying the chain"):
        end, breaks, found, erased = invocation.with_bridge(work)
    if invocation.as_json:
        problems = [{"sequence": item.sequence, "fault": item.fault} for item in breaks]
        print_json(
            {
                "records": end.sequence,
                "last_hash": end.record_hash,
                "problems": problems,
                "expected_found": found,
                "erased_bodies": erased["bodies"],
                "erased_addresses": erased["addresses"],
            }
        )
    elif breaks:
        print_table("Broken evidence", ("Number", "Fault"), [(item.sequence, item.fault) for item in breaks])
    else:
        click.echo(f"{end.sequence} records hold together; the last hash is {end.record_hash}.")
    if erased["bodies"] and not invocation.as_json:
        click.echo(
            f"The bodies of {erased['bodies']} were erased and are verified by their digests; the addresses of "
            f"{erased['addresses']} of these as well, which are verified by their links alone."
        )
    if not found:
        click.echo(f"No record has the hash {expect}: records were cut off or replaced.", err=True)
    return 1 if breaks or not found else 0


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@takes_partner
@click.option(
    "--about", metavar="TEXT", help="Only calls whose address or request has this text, such as an id."
)
@click.option(
    "--with-personal-data",
    "personal",
    is_flag=True,
    help="With the bodies of exchanges about students; the log says that you did.",
)
@click.option("--number", "numbers", type=int, multiple=True, help="Only this record; repeatable.")
@click.option("--dry-run", is_flag=True, help="List what would be written.")
@takes_options
def export(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    folder: Path,
    partner: str | None,
    about: str | None,
    numbers: tuple[int, ...],
    *,
    personal: bool,
    dry_run: bool,
) -> None:
    """Write exchanges to FOLDER: `evidence.json` and each body as received. What is written is readable by you alone.

    Of exchanges about students the bodies are left out, and addresses masked, unless --with-personal-data is
    given; what names a protected identity is left out always. Digests and hashes are those of the whole.
    """
    from mobility_bridge.cli.filters import chosen_partner
    from mobility_bridge.services.evidence import chosen_numbers, to_show

    if numbers and (partner or about):
        raise click.UsageError("--number names records one by one; leave out --partner and --about.")

    async def work(bridge: Any) -> list[int]:
        hei_id = await chosen_partner(bridge, partner)
        found = await chosen_numbers(bridge.context, hei_id, about, numbers)
        if not dry_run:
            with _Folder(folder) as written:
                for number in found:
                    written.add(*await to_show(bridge.context, number, personal=personal))
            if personal:
                bridge.context.log.event("privacy.shown", records=len(found))
        return found

    with working("Reading the evidence"):
        found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(found)
    else:
        click.echo(f"{len(found)} exchanges {'would be ' if dry_run else ''}written to {folder}.")


class _Folder:
    """Takes one record after the other. The list bears its name only when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part = folder / "evidence.json.part"
        self._count = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._list = _for_owner(self._part)
        self._list.write(b"[")
        return self

    def add(self, record: "EvidenceRecord", left_out: str | None) -> None:
        if left_out is None:
            with _for_owner(self._folder / f"{record.sequence:08}.body") as file:
                file.write(record.exchange.body)
        data = as_data(record) if left_out is None else {**as_data(record), "left_out": left_out}
        text = json.dumps(plain(data), ensure_ascii=False, indent=2)
        self._list.write(("," if self._count else "").encode() + b"\n" + text.encode())
        self._count += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._list.write(b"\n]\n")
        self._list.close()
        if kind is None:
            self._part.replace(self._folder / "evidence.json")


def _for_owner(file: Path) -> BinaryIO:
    file.touch(mode=0o600)
    return file.open("wb")


def as_data(record: "EvidenceRecord") -> dict[str, Any]:
    """One record as JSON, without its body."""
    exchange = record.exchange
    return {
        "sequence": record.sequence,
        "received_at": exchange.received_at,
        "system": exchange.system,
        "hei_id": exchange.hei_id,
        "api": exchange.api,
        "method": exchange.method,
        "url": exchange.url,
        "request_id": exchange.request_id,
        "request_headers": exchange.request_headers,
        "request_body": exchange.request_body.decode("utf-8", "replace"),
        "status": exchange.status,
        "response_headers": exchange.response_headers,
        "verification": exchange.verification,
        "failure": exchange.failure,
        "truncated": exchange.truncated,
        "duration_s": exchange.duration_s,
        "body_sha256": record.body_sha256,
        "body_length": record.body_length,
        "previous_hash": record.previous_hash,
        "record_hash": record.record_hash,
        "erased_at": record.erased_at,
    }
