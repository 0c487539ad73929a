"""`mobility-bridge explain`."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.options import Invocation, takes_options, takes_partner_of_agreement
from mobility_bridge.cli.render import print_json, print_pairs, print_table, short

if TYPE_CHECKING:
    from mobility_bridge.domain.case import AgreementCase, CopyView
    from mobility_bridge.services.explain import Explanation


@click.command()
@click.argument("agreement")
@takes_partner_of_agreement
@takes_options
def explain(invocation: Invocation, agreement: str, partner: str | None) -> None:
    """Tell everything about one agreement, by our id, the partner's id or a discrepancy's id.

    Where each copy came from and when, ids, hashes, approvals, the differences side by side, the first
    fragment in which texts part, open discrepancies, and what happened when.
    """
    from mobility_bridge.cli.filters import chosen_partner
    from mobility_bridge.services.explain import explain as run

    async def work(bridge: Any) -> "Explanation":
        return await run(bridge.context, agreement, await chosen_partner(bridge, partner))

    found = invocation.with_bridge(work)
    if invocation.as_json:
        from mobility_bridge.cli.explain_json import as_data

        print_json(as_data(found))
    else:
        show(found)


def show(found: "Explanation") -> None:
    """Print an explanation for a person."""
    case = found.case
    print_pairs(f"Agreement {case.subject}", _identity(case))
    print_table("Copies", ("", "Ours", "Partner's"), _copies(case))
    print_table(
        "Approvals",
        ("Who", "Of", "Text approved", "Names the present text", "Since", "Until"),
        _approvals(case),
    )
    _show_comparison(found)
    for fragment in found.fragments:
        print_pairs(
            f"First difference in {fragment.what}, at segment {fragment.position + 1}",
            [("first", fragment.one or "(ends here)"), ("second", fragment.other or "(ends here)")],
        )
    print_table(
        "Discrepancies",
        ("Id", "Code", "Severity", "State", "Owner", "Due", "Next step"),
        [
            (
                d.discrepancy_id,
                d.finding.code,
                d.finding.severity,
                d.state,
                d.finding.owner,
                d.finding.due_on,
                d.finding.next_step.en,
            )
            for d in found.discrepancies
        ],
    )
    print_table("Timeline", ("When", "What", ""), [(m.at, m.what, m.detail) for m in found.timeline])
    print_table(
        "Evidence",
        ("Number", "Received", "Call", "Status", "Signature"),
        [
            (r.sequence, r.exchange.received_at, r.exchange.api, r.exchange.status, r.exchange.verification)
            for r in found.evidence
        ],
    )
    if found.evidence:
        click.echo(f"Run: mobility-bridge evidence show {found.evidence[0].sequence}")


def _identity(case: "AgreementCase") -> list[tuple[str, Any]]:
    return [
        ("our id", case.subject.iia_id),
        ("partner's id", case.partner.copy.iia_id if case.partner else case.subject.partner_iia_id),
        ("partner", case.subject.partner_hei_id),
        ("concluded", case.concluded.concluded_at if case.concluded else None),
        *(
            (
                f"may belong to {item.partner_iia_id if case.local else item.iia_id}",
                f"score {item.score:.2f}{' (very likely)' if item.likely else ''}"
                f"{' as a renewal' if item.renewal else ''}: "
                + ", ".join(f"{reason} {weight:+.2f}" for reason, weight in item.reasons),
            )
            for item in case.proposals
        ),
    ]


def _copies(case: "AgreementCase") -> list[tuple[Any, ...]]:
    rows = (
        ("read from", lambda v: v.copy.source),
        ("id", lambda v: v.copy.iia_id),
        ("lists as the other's id", lambda v: v.copy.partner_iia_id),
        ("code", lambda v: v.copy.iia_code),
        ("state", lambda v: v.copy.record.status if v.copy.record else ("served" if v.live else "gone")),
        ("in effect", lambda v: v.copy.in_effect),
        ("hash", lambda v: short(v.copy.iia_hash)),
        ("hash check", lambda v: v.copy.hash_verdict),
        ("fetched", lambda v: v.copy.fetched_at),
        ("confirmed", lambda v: v.stored.confirmed_at),
        ("text since", lambda v: v.stored.changed_at),
        ("conditions", lambda v: len(v.iia.conditions) if v.iia else None),
    )
    sides: tuple[CopyView | None, ...] = (case.local, case.partner)
    return [(name, *(read(view) if view else None for view in sides)) for name, read in rows]


def _approvals(case: "AgreementCase") -> list[tuple[Any, ...]]:
    present = {
        "by_partner": case.local.copy.iia_hash if case.local else None,
        "by_us": case.partner.copy.iia_hash if case.partner else None,
    }
    current = [item for item in (case.approval_by_partner, case.approval_by_us) if item is not None]
    return [
        (
            "partner" if item.side.value == "by_partner" else "we",
            "our copy" if item.side.value == "by_partner" else "the partner's copy",
            short(item.iia_hash),
            item.current and item.iia_hash == present[item.side.value],
            item.first_seen_at,
            item.withdrawn_at,
        )
        for item in (*current, *case.earlier_approvals)
    ]


def _show_comparison(found: "Explanation") -> None:
    comparison = found.comparison
    if comparison is None:
        click.echo("The two copies cannot be compared: one is missing or cannot be read.")
        return
    rows: list[tuple[Any, ...]] = [
        (pair.label, item.field, item.local, item.partner, item.code)
        for pair in comparison.pairs
        for item in pair.differences
    ]
    rows.extend(
        (label, "(whole condition)", "present", "missing", "CONDITION_MISSING")
        for _, label in comparison.missing
    )
    rows.extend(
        (label, "(whole condition)", "missing", "present", "CONDITION_EXTRA") for _, label in comparison.extra
    )
    rows.extend(
        (
            split.label,
            f"split by {split.split_by}",
            len(split.local_positions),
            len(split.partner_positions),
            "CONDITION_COUNT",
        )
        for split in comparison.splits
    )
    title = f"Differences (the terms are {comparison.equality.value.replace('_', ' ')})"
    print_table(title, ("Condition", "Field", "Ours", "Partner's", "Code"), rows)
