"""`mobility-bridge students list|show|explain|match`; `register` stands by itself."""

import getpass
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner
from mobility_bridge.cli.render import SEVERITY_STYLES, print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.discrepancy import Discrepancy
    from mobility_bridge.domain.identifiers import HeiId
    from mobility_bridge.domain.term import Term
    from mobility_bridge.ports.students import Match
    from mobility_bridge.services.student_views import Chosen, StayView, StudentView

_HERE = "mobility_bridge.cli.students"
COMMANDS = {
    "list": (f"{_HERE}:list_", "List stays: where, when, which systems show them, what is open. No names."),
    "show": (f"{_HERE}:show", "Show one student: who it is, their stays, what to settle."),
    "explain": (
        "mobility_bridge.cli.students_explain:explain",
        "Tell everything about one student across all systems.",
    ),
    "register": (
        "mobility_bridge.cli.register:register",
        "Register an outgoing student in the registry for the terms of a stay.",
    ),
    "match": (f"{_HERE}:match", "List proposals that two students are one, and decide on them."),
}
MATCHES = {
    "list": (f"{_HERE}:match_list", "List proposals that two students are one person."),
    "confirm": (f"{_HERE}:match_confirm", "They are one person: join them."),
    "reject": (f"{_HERE}:match_reject", "They are two people: do not propose it again."),
    "undo": (f"{_HERE}:match_undo", "Take a decision back; who was joined is two students again."),
}
STATES = ("proposed", "confirmed", "rejected", "all")
PROGRESS = ("planned", "accepted", "under_way", "ended", "cancelled")


@click.command(cls=LazyGroup, lazy=COMMANDS)
def students() -> None:
    """Look at students and their stays, and decide who is who."""


@click.command(cls=LazyGroup, lazy=MATCHES)
def match() -> None:
    """List proposals that two students are one, and decide on them."""


def a_term(_ctx: click.Context, _param: click.Parameter, value: str | None) -> "Term | None":
    """Read an option that names a term."""
    from mobility_bridge.domain.term import Term

    if value is None:
        return None
    term = Term.parse(value)
    if term is None:
        raise click.BadParameter(f"{value!r} is no term; write it like HT26 or VT27.")
    return term


def takes_stays(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the filters that choose stays; `chosen_stays` reads them."""
    function = click.option(
        "--direction", type=click.Choice(("outgoing", "incoming")), help="Only students who leave, or come."
    )(function)
    function = takes_partner(function)
    function = click.option(
        "--department", help="Only stays of this department of ours: its name or its id."
    )(function)
    return click.option("--term", metavar="HT26", callback=a_term, help="Only stays in this term.")(function)


def takes_progress(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--state`, which `chosen_stays` reads, too."""
    return click.option(
        "--state", type=click.Choice(PROGRESS), help="Only stays that have come so far, by today."
    )(function)


async def chosen_stays(
    bridge: Any,
    term: "Term | None",
    partner: str | None,
    direction: str | None,
    department: str | None = None,
    state: str | None = None,
) -> "Chosen":
    """Read the filters. Raises UsageError for a partner whom nobody knows."""
    from mobility_bridge.domain.person import Direction
    from mobility_bridge.reconcile.stay_progress import StayProgress
    from mobility_bridge.services.student_views import Chosen

    hei_id = await partner_of_stays(bridge, partner)
    return Chosen(
        term,
        hei_id,
        Direction(direction) if direction else None,
        department,
        StayProgress(state) if state else None,
    )


async def partner_of_stays(bridge: Any, text: str | None) -> "HeiId | None":
    """Say which HEI a word means, also one of which nothing but a stay is known."""
    from mobility_bridge.cli.filters import chosen_partner
    from mobility_bridge.domain.identifiers import HeiId

    if text is None:
        return None
    hei_id = HeiId(text.strip().lower())
    if await bridge.context.store.read(lambda uow: uow.students.select(partner=hei_id, limit=1)):
        return hei_id
    return await chosen_partner(bridge, text)


@click.command("list")
@takes_stays
@takes_progress
@takes_language
@takes_options
def list_(invocation: Invocation, lang: str | None, **filters: Any) -> None:
    """List stays: where, when, which systems show them, what is open; the worst first. No names."""
    from mobility_bridge.services.student_views import list_stays

    async def work(bridge: Any) -> "tuple[list[StayView], bool]":
        chosen = await chosen_stays(bridge, **filters)
        return await list_stays(bridge.context, chosen), bridge.context.settings.students.enabled

    found, followed = invocation.with_bridge(work)
    say = invocation.speech(lang)
    if invocation.as_json:
        print_json([stay_data(each) for each in found])
    else:
        print_stays(found, say)
    if not followed:
        click.echo(say("Students are not followed; set students.enabled = true to begin."), err=True)


def print_stays(found: "Sequence[StayView]", say: "Speech") -> None:
    """Print stays as a table without names."""
    print_table(
        say("Stays ({count})", count=len(found)),
        say.all("Stay", "Direction", "Partner", "Terms", "Shown by", "Open"),
        [
            (
                each.stay_id,
                say(each.case.direction.value),
                say("(protected)") if each.case.protected else each.case.partner_hei_id,
                ", ".join(term.code for term in each.terms),
                "\n".join(each.shown_by),
                "\n".join(_codes(each)),
            )
            for each in found
        ],
        styles={
            row: SEVERITY_STYLES[each.discrepancies[0].finding.severity.value]
            for row, each in enumerate(found)
            if each.discrepancies
        },
        speech=say,
    )


def _codes(stay: "StayView") -> list[str]:
    """The codes of what is open, worst first, each once with how often."""
    counts = Counter(item.finding.code for item in stay.discrepancies)
    return [code if number == 1 else f"{code} ({number})" for code, number in counts.items()]


@click.command()
@click.argument("student")
@takes_partner
@takes_language
@takes_options
def show(invocation: Invocation, student: str, partner: str | None, lang: str | None) -> None:
    """Show one student: who it is, their stays, what to settle.

    STUDENT is our id (P1042) or a stay's, an application's, a mobility's or a discrepancy's. Of a protected
    identity nothing personal is shown.
    """
    from mobility_bridge.services.student_views import show_student

    async def work(bridge: Any) -> "StudentView":
        return await show_student(bridge.context, student, await partner_of_stays(bridge, partner))

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(student_data(found))
        return
    say = invocation.speech(lang)
    print_student(found, say)
    print_stays(found.stays, say)
    print_open(open_ones(found), say)


def print_student(found: "StudentView", say: "Speech", *, named: bool = True) -> None:
    """Print who a student is, as far as may be shown."""
    persons = [each.person for each in found.persons] if named else []
    name = next((each.names[0] for each in persons if each.names), None)
    open_matches = [each.match_id for each in found.matches if each.state.value == "proposed"]
    pairs: list[tuple[str, Any]] = []
    if found.protected:
        pairs.append((say("identity"), say("protected: nothing personal is shown")))
    if found.deceased:
        pairs.append((say("marked"), say("deceased: nobody writes to this student")))
    if persons:
        pairs += [
            (say("name"), f"{name.given_names} {name.family_name}".strip() if name is not None else None),
            (say("birth date"), next((each.birth_date for each in persons if each.birth_date), None)),
            (say("e-mail"), next((each.email for each in persons if each.email), None)),
        ]
    pairs.append(
        (say("described by"), ", ".join(dict.fromkeys(each.system for each in found.persons)) or None)
    )
    pairs.append((say("known by"), ", ".join(say(in_words(kind.value)) for kind in found.keys) or None))
    if open_matches:
        numbers = ", ".join(map(str, open_matches))
        pairs.append((say("may be somebody else, too"), say("proposals {numbers}", numbers=numbers)))
    print_pairs(say("Student {student_id}", student_id=found.student_id), pairs, speech=say)


def open_ones(found: "StudentView") -> "list[Discrepancy]":
    """What is unsettled about a student and all stays."""
    return [*found.discrepancies, *(item for stay in found.stays for item in stay.discrepancies)]


def print_open(found: "Sequence[Discrepancy]", say: "Speech") -> None:
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
        about = f"{item.discrepancy_id}  {finding.code}  {finding.subject}"
        click.echo(f"  {about}  ({'; '.join(map(str, facts))})")
        click.echo(f"    {say.text(finding.text)}")
        click.echo(f"    {say.text(finding.next_step)}")


def stay_data(stay: "StayView") -> dict[str, Any]:
    """One stay as JSON, without anything personal."""
    from mobility_bridge.cli.discrepancies import as_data
    from mobility_bridge.reconcile.stay_days import first_day, last_day

    return {
        "stay_id": stay.stay_id,
        "student_id": stay.student_id,
        "protected": stay.case.protected,
        "direction": stay.case.direction,
        "partner_hei_id": stay.case.partner_hei_id,
        "terms": [term.code for term in stay.terms],
        "first_day": first_day(stay.case),
        "last_day": last_day(stay.case),
        "shown_by": stay.shown_by,
        "discrepancies": [as_data(item) for item in stay.discrepancies],
    }


def student_data(found: "StudentView", *, named: bool = True) -> dict[str, Any]:
    """One student as JSON."""
    from mobility_bridge.cli.discrepancies import as_data

    return {
        "student_id": found.student_id,
        "protected": found.protected,
        "deceased": found.deceased,
        "known_by": found.keys,
        "persons": [
            {
                "system": each.system,
                "given_names": each.person.names[0].given_names if each.person.names else None,
                "family_name": each.person.names[0].family_name if each.person.names else None,
                "birth_date": each.person.birth_date,
                "email": each.person.email,
            }
            for each in (found.persons if named else ())
        ],
        "stays": [stay_data(each) for each in found.stays],
        "discrepancies": [as_data(item) for item in found.discrepancies],
        "matches": [match_data(each) for each in found.matches],
    }


@click.command("list")
@click.option(
    "--state", type=click.Choice(STATES), default="proposed", help="Default: what waits for a decision."
)
@takes_language
@takes_options
def match_list(invocation: Invocation, state: str, lang: str | None) -> None:
    """List proposals that two students are one person."""
    from mobility_bridge.ports.students import MatchState

    wanted = None if state == "all" else MatchState(state)

    async def work(bridge: Any) -> "Sequence[Match]":
        found: Sequence[Match] = await bridge.context.store.read(
            lambda uow: uow.students.matches(state=wanted, limit=1_000_000)
        )
        return found

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json([match_data(each) for each in found])
        return
    say = invocation.speech(lang)
    print_table(
        say("Proposals that two students are one ({count})", count=len(found)),
        say.all("Number", "One", "Other", "Score", "Because of", "State", "Since", "By", "Reason"),
        [
            (
                each.match_id,
                each.one,
                each.other,
                f"{each.score:.2f}",
                ", ".join(say(in_words(reason)) for reason in each.reasons),
                say(each.state.value),
                each.decided_at or each.proposed_at,
                each.decided_by,
                each.reason,
            )
            for each in found
        ],
        speech=say,
    )


def match_data(found: "Match") -> dict[str, Any]:
    """One proposal as JSON."""
    return {
        "match_id": found.match_id,
        "one": found.one,
        "other": found.other,
        "score": found.score,
        "reasons": found.reasons,
        "state": found.state,
        "proposed_at": found.proposed_at,
        "decided_at": found.decided_at,
        "decided_by": found.decided_by,
        "reason": found.reason,
    }


def in_words(name: str) -> str:
    """The name of a closed list or an element as words."""
    return name.replace("_", " ").replace("-", " ")


def _decides(function: Callable[..., Any]) -> Callable[..., Any]:
    function = takes_options(function)
    function = click.option("--by", default=None, help="Who says so; default: your account name.")(function)
    function = click.option("--reason", required=True, help="Why; kept with the decision.")(function)
    return click.argument("number", type=click.IntRange(min=1))(function)


@click.command("confirm")
@_decides
def match_confirm(invocation: Invocation, number: int, reason: str, by: str | None) -> None:
    """They are one person: join them. NUMBER is that of `students match list`."""
    from mobility_bridge.services.matches import confirm_match

    _decide(invocation, confirm_match, number, reason, by)


@click.command("reject")
@_decides
def match_reject(invocation: Invocation, number: int, reason: str, by: str | None) -> None:
    """They are two people: do not propose it again. NUMBER is that of `students match list`."""
    from mobility_bridge.services.matches import reject_match

    _decide(invocation, reject_match, number, reason, by)


@click.command("undo")
@_decides
def match_undo(invocation: Invocation, number: int, reason: str, by: str | None) -> None:
    """Take a decision back; who was joined is two students again, and the proposal is open."""
    from mobility_bridge.services.matches import undo_match

    _decide(invocation, undo_match, number, reason, by)


def _decide(invocation: Invocation, decide: Any, number: int, reason: str, by: str | None) -> None:
    name = by or getpass.getuser()

    async def work(bridge: Any) -> "Match":
        done: Match = await decide(bridge.context, number, by=name, reason=reason)
        return done

    done = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(match_data(done))
    else:
        click.echo(f"{done.one} and {done.other}: {done.state} by {name}: {reason}")
