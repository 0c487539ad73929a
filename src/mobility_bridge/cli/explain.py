"""`mobility-bridge explain`."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner_of_agreement
from mobility_bridge.cli.render import print_json, print_pairs, print_table, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.case import AgreementCase, CopyView, Proposal
    from mobility_bridge.domain.comparison import Comparison, FieldDifference
    from mobility_bridge.domain.discrepancy import Discrepancy
    from mobility_bridge.services.explain import Explanation


@click.command()
@click.argument("agreement")
@takes_partner_of_agreement
@takes_language
@takes_options
def explain(invocation: Invocation, agreement: str, partner: str | None, lang: str | None) -> None:
    """Tell everything about one agreement, by our id, the partner's id or a discrepancy's id.

    Where each copy came from and when, ids, hashes, approvals, the differences side by side, the first
    fragment in which texts part, open discrepancies, and what happened when.
    """
    from mobility_bridge.services.explain import explain as run

    found = invocation.with_partner(partner, lambda context, hei_id: run(context, agreement, hei_id))
    if invocation.as_json:
        from mobility_bridge.cli.explain_json import as_data

        print_json(as_data(found))
    else:
        show(found, invocation.speech(lang))


def show(found: "Explanation", say: "Speech") -> None:
    """Print an explanation for a person."""
    case = found.case
    print_pairs(say("Agreement {subject}", subject=say.subject(case.subject)), _identity(case, say))
    print_table(say("Copies"), ("", *say.all("Ours", "Partner's")), _copies(case, say), speech=say)
    print_table(
        say("Approvals"),
        say.all("Who", "Of", "Text approved", "Names the present text", "Since", "Until"),
        _approvals(case, say),
        speech=say,
    )
    if found.comparison is None:
        click.echo(say("The two copies cannot be compared: one is missing or cannot be read."))
    else:
        _show_comparison(found.comparison, say)
    for part in found.fragments:
        print_pairs(
            say(
                "First difference in {what}, at segment {position}",
                what=say.text(part.what),
                position=part.position + 1,
            ),
            [
                (say("first"), part.one or say("(ends here)")),
                (say("second"), part.other or say("(ends here)")),
            ],
        )
    _show_discrepancies(found.discrepancies, say)
    print_table(
        say("Timeline"),
        say.all("When", "What", "Details"),
        [(m.at, say.text(m.what), say.text(m.detail)) for m in found.timeline],
        speech=say,
    )
    print_table(
        say("Evidence"),
        say.all("Number", "Received", "Call", "Status", "Signature"),
        [
            (
                r.sequence,
                r.exchange.received_at,
                r.exchange.api,
                r.exchange.status,
                say.word("verification", r.exchange.verification),
            )
            for r in found.evidence
        ],
        speech=say,
    )
    if found.evidence:
        click.echo(
            say("Run: {command}", command=f"mobility-bridge evidence show {found.evidence[0].sequence}")
        )


def _identity(case: "AgreementCase", say: "Speech") -> list[tuple[str, Any]]:
    return [
        (say("our id"), case.subject.iia_id),
        (say("partner's id"), case.partner.copy.iia_id if case.partner else case.subject.partner_iia_id),
        (say("partner"), case.subject.partner_hei_id),
        (say("concluded"), case.concluded.concluded_at if case.concluded else None),
        *(
            _proposal(item, item.partner_iia_id if case.local else item.iia_id, say)
            for item in case.proposals
        ),
    ]


def _proposal(item: "Proposal", other_id: str, say: "Speech") -> tuple[str, str]:
    remarks = [("very likely", item.likely), ("as a renewal", item.renewal)]
    said = [say("score {score}", score=f"{item.score:.2f}"), *(say(word) for word, holds in remarks if holds)]
    reasons = (f"{say.word('likeness', reason)} {weight:+.2f}" for reason, weight in item.reasons)
    return say("may belong to {iia_id}", iia_id=other_id), f"{', '.join(said)}: {', '.join(reasons)}"


def _copies(case: "AgreementCase", say: "Speech") -> list[tuple[Any, ...]]:
    rows = (
        ("read from", lambda v: say.word("source_name", v.copy.source)),
        ("id", lambda v: v.copy.iia_id),
        ("lists as the other's id", lambda v: v.copy.partner_iia_id),
        ("code", lambda v: v.copy.iia_code),
        ("state", lambda v: v.copy.record.status if v.copy.record else say("served" if v.live else "gone")),
        ("in effect", lambda v: v.copy.in_effect),
        ("hash", lambda v: short(v.copy.iia_hash)),
        ("hash check", lambda v: say.verdict(v.copy.hash_verdict)),
        ("fetched", lambda v: v.copy.fetched_at),
        ("confirmed", lambda v: v.stored.confirmed_at),
        ("text since", lambda v: v.stored.changed_at),
        ("conditions", lambda v: len(v.iia.conditions) if v.iia else None),
    )
    sides: tuple[CopyView | None, ...] = (case.local, case.partner)
    return [(say(name), *(read(view) if view else None for view in sides)) for name, read in rows]


def _approvals(case: "AgreementCase", say: "Speech") -> list[tuple[Any, ...]]:
    present = {
        "by_partner": case.local.copy.iia_hash if case.local else None,
        "by_us": case.partner.copy.iia_hash if case.partner else None,
    }
    current = [item for item in (case.approval_by_partner, case.approval_by_us) if item is not None]
    sides = {
        "by_partner": say.all("partner", "our copy"),
        "by_us": say.all("we", "the partner's copy"),
    }
    return [
        (
            *sides[item.side.value],
            short(item.iia_hash),
            item.current and item.iia_hash == present[item.side.value],
            item.first_seen_at,
            item.withdrawn_at,
        )
        for item in (*current, *case.earlier_approvals)
    ]


def _show_comparison(comparison: "Comparison", say: "Speech") -> None:
    rows: list[tuple[Any, ...]] = [
        (say("(whole agreement)"), *_difference(item, say)) for item in comparison.whole
    ]
    for pair in comparison.pairs:
        label = say.word("condition", pair.label)
        if pair.direction_swapped:
            turned = say.all("(direction)", "as named", "the other way")
            rows.append((label, *turned, "DIRECTION_SWAPPED"))
        rows.extend((label, *_difference(item, say)) for item in pair.differences)
    whole, there, missing = say.all("(whole condition)", "present", "missing")
    for _, label in comparison.missing:
        rows.append((say.word("condition", label), whole, there, missing, "CONDITION_MISSING"))
    for _, label in comparison.extra:
        rows.append((say.word("condition", label), whole, missing, there, "CONDITION_EXTRA"))
    for split in comparison.splits:
        how = say("split by {field}", field=say.word("split_by", split.split_by))
        counts = len(split.local_positions), len(split.partner_positions)
        rows.append((say.word("condition", split.label), how, *counts, "CONDITION_COUNT"))
    print_table(
        say("Differences ({how})", how=say.word("equality", comparison.equality)),
        say.all("Condition", "Field", "Ours", "Partner's", "Code"),
        rows,
        speech=say,
    )


def _difference(item: "FieldDifference", say: "Speech") -> tuple[Any, ...]:
    sides = (say.word("local", item.local), say.word("partner", item.partner))
    return say.word("field", item.field), *sides, item.code


def _show_discrepancies(found: "Sequence[Discrepancy]", say: "Speech") -> None:
    """One after the other, since what each says and asks for is a sentence."""
    if not found:
        click.echo(say("{title}: none.", title=say("Discrepancies")))
        return
    click.secho(say("Discrepancies ({count})", count=len(found)), bold=True)
    for item in found:
        finding = item.finding
        facts = [
            say.word("severity", finding.severity),
            say.word("discrepancy_state", item.state),
            f"{say('owner')}: {say.word('owner', finding.owner)}",
            *([say("due {day}", day=finding.due_on)] if finding.due_on is not None else []),
        ]
        click.echo(f"  {item.discrepancy_id}  {finding.code}  ({'; '.join(map(str, facts))})")
        click.echo(f"    {say.text(finding.text)}")
        if item.state.value != "resolved":
            click.echo(f"    {say.text(finding.next_step)}")
