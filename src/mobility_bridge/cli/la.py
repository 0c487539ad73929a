"""`mobility-bridge la show|diff|approve|comment`."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.decisions import run as run_decision
from mobility_bridge.cli.decisions import takes_decision
from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner
from mobility_bridge.cli.render import print_json, print_pairs, print_table
from mobility_bridge.cli.students import in_words, partner_of_stays

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.la_merge import EffectiveLists
    from mobility_bridge.domain.learning_agreement import (
        ComponentLists,
        LaComponent,
        LaSignature,
        LearningAgreement,
    )
    from mobility_bridge.services.la_views import LaDiff, LaView, Row

_HERE = "mobility_bridge.cli.la"
COMMANDS = {
    "show": (f"{_HERE}:show", "Show every version of a learning agreement, with its signatures."),
    "diff": (f"{_HERE}:diff", "Lay first version, what is in force and what is proposed side by side."),
    "approve": (
        f"{_HERE}:approve",
        "Sign what a partner proposes for a student who comes, and tell the partner.",
    ),
    "comment": (
        f"{_HERE}:comment",
        "Say no to what a partner proposes for a student who comes, and say why.",
    ),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def la() -> None:
    """Show learning agreements and what changes in them, and decide on those of students who come."""


def _las(invocation: Invocation, text: str, partner: str | None) -> "list[LaView]":
    from mobility_bridge.services.la_views import show_las

    async def work(bridge: Any) -> "list[LaView]":
        return await show_las(bridge.context, text, await partner_of_stays(bridge, partner))

    return invocation.with_bridge(work)


@click.command()
@click.argument("mobility")
@takes_partner
@takes_language
@takes_options
def show(invocation: Invocation, mobility: str, partner: str | None, lang: str | None) -> None:
    """Show every version of a learning agreement, with its signatures. No names.

    MOBILITY is a mobility's id or a stay's. A mobility's id belongs to the sending university: with --partner
    it is theirs.
    """
    found = _las(invocation, mobility, partner)
    if invocation.as_json:
        print_json([as_data(each) for each in found])
        return
    say = invocation.speech(lang)
    for each in found:
        _print_la(each, say)


def _print_la(view: "LaView", say: "Speech") -> None:
    said, stored = view.said, view.stored
    print_pairs(
        say("Learning agreement {omobility_id}", omobility_id=said.omobility_id),
        [
            (say("stay"), view.stay_id),
            (say("from"), said.sending_hei.hei_id),
            (say("to"), said.receiving_hei.hei_id),
            (say("days"), f"{said.start or '–'} – {said.end or '–'}"),
            (say("academic year"), said.receiving_academic_year_id),
            (say("subject"), said.isced_f_code),
            (say("level at departure"), said.eqf_level_studied_at_departure),
            (say("approved"), said.approved_at),
            (
                say("waits for"),
                said.receiving_hei.hei_id if said.awaits_receiver and stored.live else None,
            ),
            (say("text since"), stored.changed_at),
            *([(say("gone"), stored.gone_at)] if stored.gone_at else []),
            *((say("problem"), f"{where}: {code}") for where, code in stored.record.problems),
        ],
        speech=say,
    )
    for name, lists in _versions(said):
        print_table(
            say(in_words(name)),
            say.all("Table", "Code", "Title", "Term", "Credits", "Change"),
            [
                (
                    say(in_words(table.value)),
                    each.los_code,
                    each.title,
                    _term(each),
                    _credits(each),
                    say(each.status.value) if each.status is not None else "",
                )
                for table, components in lists.tables()
                for each in components
            ],
            speech=say,
        )
        click.echo(f"  {say('signed')}: {_signatures(lists, say)}")


def _versions(said: "LearningAgreement") -> "list[tuple[str, ComponentLists]]":
    """The versions that are there, by the names of their elements."""
    proposal = said.changes_proposal
    every = (
        ("first-version", said.first_version),
        ("approved-changes", said.approved_changes),
        ("changes-proposal", proposal.lists if proposal is not None else None),
    )
    return [(name, lists) for name, lists in every if lists is not None]


def _signatures(lists: "ComponentLists", say: "Speech") -> str:
    who = say.all("student", "sending university", "receiving university")
    said = zip(who, _signed(lists).values(), strict=True)
    return ", ".join(f"{name} {_moment(each)}" for name, each in said if each is not None) or say("by nobody")


def _signed(lists: "ComponentLists") -> "dict[str, LaSignature | None]":
    return {
        "student": lists.student_signature,
        "sending_hei": lists.sending_hei_signature,
        "receiving_hei": lists.receiving_hei_signature,
    }


def _moment(signature: "LaSignature") -> str:
    return "–" if signature.timestamp is None else f"{signature.timestamp:%Y-%m-%d %H:%M}"


def _term(component: "LaComponent") -> str:
    term = component.term_id
    return "" if term is None else f"{term.term_number}/{term.total_terms}"


def _credits(component: "LaComponent") -> str:
    return ", ".join(f"{each.value:f} {each.scheme}" for each in component.credits)


@click.command()
@click.argument("mobility")
@takes_partner
@takes_language
@takes_options
def diff(invocation: Invocation, mobility: str, partner: str | None, lang: str | None) -> None:
    """Lay first version, what is in force and what is proposed side by side, changes applied.

    MOBILITY is a mobility's id or a stay's. A mobility's id belongs to the sending university: with --partner
    it is theirs.
    """
    from mobility_bridge.services.la_views import diff as run

    found = [run(each) for each in _las(invocation, mobility, partner)]
    if invocation.as_json:
        print_json([diff_data(each) for each in found])
        return
    say = invocation.speech(lang)
    for each in found:
        _print_diff(each, say)


def _print_diff(found: "LaDiff", say: "Speech") -> None:
    present = (found.first is not None, found.in_force is not None, found.proposed is not None)
    rows: list[tuple[Any, ...]] = [
        (
            say(in_words(row.table.value)),
            row.component.los_code,
            row.component.title,
            *(_side(each, there=there) for each, there in zip(_sides(row), present, strict=True)),
        )
        for row in found.rows
    ]
    changed = {place for place, row in enumerate(found.rows) if _changes(row, present)}
    rows.append(
        (say("ECTS"), "", "", *(_ects(each) for each in (found.first, found.in_force, found.proposed)))
    )
    print_table(
        say("Learning agreement {omobility_id}", omobility_id=found.view.said.omobility_id),
        say.all("Table", "Code", "Title", "First version", "In force", "Proposed"),
        rows,
        styles=dict.fromkeys(changed, "yellow"),
        speech=say,
    )
    for where, each in found.unapplied:
        click.echo(
            say(
                "A change does not apply: {where}, {table}, row {row}.",
                where=say(in_words(where)),
                table=say(in_words(each.table.value)),
                row=each.position + 1,
            )
        )


def _sides(row: "Row") -> "tuple[LaComponent | None, ...]":
    return row.first, row.in_force, row.proposed


def _changes(row: "Row", present: tuple[bool, ...]) -> bool:
    """Whether the versions that exist do not all have it, or not with the same credits."""
    sides = [each for each, there in zip(_sides(row), present, strict=True) if there]
    return len({None if each is None else _credits(each) for each in sides}) > 1


def _side(component: "LaComponent | None", *, there: bool) -> str:
    if not there:
        return ""
    return "–" if component is None else _credits(component) or "+"


def _ects(lists: "EffectiveLists | None") -> str:
    from mobility_bridge.domain.la_merge import ects
    from mobility_bridge.reconcile.stay_la import taught_abroad

    return "" if lists is None else f"{ects(taught_abroad(lists)):f}"


@click.command()
@takes_decision(signed=True)
def approve(invocation: Invocation, mobility: str, **given: Any) -> int:
    """Sign what a partner proposes for a student who comes, and tell the partner.

    MOBILITY is a stay's id or the sending university's id of the mobility. --dry-run shows what would be signed,
    changes applied. Exits 3 when the partner did not take it, or nobody knows yet.
    """
    return _decide(invocation, mobility, approve=True, **given)


@click.command()
@takes_decision(text="Why not, and what instead: student and partner read it.", signed=True)
def comment(invocation: Invocation, mobility: str, **given: Any) -> int:
    """Say no to what a partner proposes for a student who comes, and say why.

    MOBILITY is a stay's id or the sending university's id of the mobility. Exits 3 when the partner did not take
    it, or nobody knows yet.
    """
    return _decide(invocation, mobility, approve=False, **given)


def _decide(invocation: Invocation, mobility: str, *, approve: bool, **given: Any) -> int:
    """Decide; a dry run shows what would be signed as it would be in force, since changes alone mislead."""
    from mobility_bridge.domain.record import RecordKind
    from mobility_bridge.services.la_views import diff as run

    code = run_decision(invocation, RecordKind.LEARNING_AGREEMENT, mobility, approve=approve, **given)
    if given["dry_run"] and not invocation.as_json:
        for each in _las(invocation, mobility, given["partner"]):
            _print_diff(run(each), invocation.speech(given["lang"]))
    return code


def as_data(view: "LaView") -> dict[str, Any]:
    """One learning agreement as JSON, without the student or anybody's name."""
    said, stored = view.said, view.stored
    return {
        "omobility_id": said.omobility_id,
        "stay_id": view.stay_id,
        "partner_hei_id": view.partner_hei_id,
        "sending_hei_id": said.sending_hei.hei_id,
        "receiving_hei_id": said.receiving_hei.hei_id,
        "receiving_academic_year_id": said.receiving_academic_year_id,
        "start": str(said.start) if said.start else None,
        "end": str(said.end) if said.end else None,
        "isced_f_code": said.isced_f_code,
        "eqf_level_studied_at_departure": said.eqf_level_studied_at_departure,
        "approved_at": said.approved_at,
        "proposal_id": said.changes_proposal.proposal_id if said.changes_proposal else None,
        "first_seen_at": stored.first_seen_at,
        "changed_at": stored.changed_at,
        "gone_at": stored.gone_at,
        "problems": [list(problem) for problem in stored.record.problems],
        "versions": {
            name: {
                "signed": {who: each.timestamp for who, each in _signed(lists).items() if each is not None},
                **{
                    table.value: [component_data(each) for each in components]
                    for table, components in lists.tables()
                },
            }
            for name, lists in _versions(said)
        },
    }


def component_data(each: "LaComponent") -> dict[str, Any]:
    """One component as JSON."""
    return {
        "title": each.title,
        "los_id": each.los_id,
        "los_code": each.los_code,
        "loi_id": each.loi_id,
        "term": _term(each) or None,
        "credits": [{"scheme": one.scheme, "value": str(one.value)} for one in each.credits],
        "automatically_recognised": each.recognition_conditions is None,
        "status": each.status,
        "reason_code": each.reason_code,
    }


def diff_data(found: "LaDiff") -> dict[str, Any]:
    """The versions side by side as JSON; a version that does not exist is false in `versions`."""
    return {
        "omobility_id": found.view.said.omobility_id,
        "stay_id": found.view.stay_id,
        "versions": {
            "first": found.first is not None,
            "in_force": found.in_force is not None,
            "proposed": found.proposed is not None,
        },
        "rows": [
            {
                "table": row.table,
                "first": component_data(row.first) if row.first else None,
                "in_force": component_data(row.in_force) if row.in_force else None,
                "proposed": component_data(row.proposed) if row.proposed else None,
            }
            for row in found.rows
        ],
        "unapplied": [
            {"where": where, "table": each.table, "row": each.position + 1, "status": each.status}
            for where, each in found.unapplied
        ],
    }
