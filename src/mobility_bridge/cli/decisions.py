"""What the commands that decide on a partner's proposal share: what they take, do and print."""

import getpass
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner
from mobility_bridge.cli.render import print_json, print_pairs, print_table
from mobility_bridge.cli.students import in_words, partner_of_stays

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.record import RecordKind
    from mobility_bridge.ports.decisions import StoredDecision
    from mobility_bridge.services.decide import Order

GOOD = ("confirmed", "sent")
"""The states of a decision that went well, as far as anybody can say."""
OUTCOMES = {
    "queued": "waits to be sent: the partner could not be told yet; the next round tries again",
    "sent": "the partner took it and does not show it yet; the next rounds look again",
    "unknown": "nobody knows whether the partner took it; the next round looks before it sends anything again",
    "took_effect": "the partner shows it",
    "withdrawn": "nothing is proposed any more: the partner took it back, or another answer came first",
    "decided_otherwise": "another decision than ours stands at the partner's",
    "replaced": "the partner replaced the proposal by a newer one, which waits for a decision",
    "cancelled": "the partner cancelled the mobility",
    "cannot_tell": "the proposal is gone, and nothing shows whether that was our doing",
    "refused": "the partner refused the decision, and shows the same proposal all the same",
    "rejected": "the partner rejected the message",
    "never_shown": "the partner took it weeks ago and never showed it",
    "repeated": "it never showed, and was decided once more",
    "not_offered": "the partner has no interface that takes decisions",
    "unsendable": "the partner's format cannot carry it",
    "no_proposal_id": "the proposal has no id any more",
    "draft": "the proposal is not signed by student and partner any more",
    "nothing_proposed": "nothing waits for us any more",
    "not_current": "the partner replaced the proposal by a newer one, which waits for a decision",
    "already_approved": "it was approved in the meantime",
    "already_rejected": "it was rejected in the meantime",
    "already_cancelled": "the partner cancelled the mobility",
    "already_decided": "it was decided on in the meantime",
    "protected_identity": "the student has a protected identity now: nothing was sent",
    "wrong_person": "the systems describe two people now: nothing was sent",
}
"""What became of a decision, by its outcome, else by its state, in words."""


def takes_decision(*, text: str | None = None, signed: bool = False) -> Callable[..., Any]:
    """Give a command everything a decision consists of; `text` is the help of `--text`, where words are needed."""

    def given(function: Callable[..., Any]) -> Callable[..., Any]:
        function = takes_language(takes_options(function))
        function = click.option(
            "--dry-run", is_flag=True, help="Say what would be decided; keep and send nothing."
        )(function)
        if signed:
            for name, what in (("email", "e-mail address"), ("position", "position"), ("name", "name")):
                function = click.option(
                    f"--signer-{name}", help=f"The signer's {what}; default: students.signer.{name}."
                )(function)
        function = click.option(
            "--proposal", metavar="ID", help="Decide only if this proposal is the one that waits."
        )(function)
        function = takes_partner(function)
        if text is not None:
            function = click.option("--text", required=True, help=text)(function)
        function = click.option(
            "--why", required=True, help="Why; kept with the decision and sent to nobody."
        )(function)
        function = click.option("--by", default=None, help="Who decides; default: your account name.")(
            function
        )
        return click.argument("mobility")(function)

    return given


def run(  # noqa: PLR0913 - what a decision consists of
    invocation: Invocation,
    on: "RecordKind",
    mobility: str,
    *,
    approve: bool,
    by: str | None,
    why: str,
    partner: str | None,
    proposal: str | None,
    lang: str | None,
    dry_run: bool,
    text: str | None = None,
    signer_name: str | None = None,
    signer_position: str | None = None,
    signer_email: str | None = None,
) -> int:
    """Decide, send, and say what became of it; the exit code."""
    from mobility_bridge.services.decide import Order

    given = (signer_name, signer_position, signer_email)

    async def work(bridge: Any) -> "StoredDecision":
        hei_id = await partner_of_stays(bridge, partner)
        signer = _signer(bridge.context, given)
        order = Order(on, mobility, approve, by or getpass.getuser(), why, text, proposal, hei_id, signer)
        return await _decided(bridge, order, dry_run=dry_run)

    done = invocation.with_bridge(work)
    if invocation.as_json:
        print_json({"dry_run": dry_run, **as_data(done)})
    else:
        show(done, invocation.speech(lang), dry_run=dry_run)
    return 0 if dry_run or done.state.value in GOOD else 3


async def _decided(bridge: Any, order: "Order", *, dry_run: bool) -> "StoredDecision":
    from mobility_bridge.errors import ExternalError
    from mobility_bridge.services.catalogue import refresh_catalogue
    from mobility_bridge.services.compare import compare
    from mobility_bridge.services.decide import decide, plan_decision
    from mobility_bridge.services.send_decisions import send_decisions

    context = bridge.context
    if dry_run:
        return (await plan_decision(context, order)).decision
    made = await decide(context, order)
    with suppress(ExternalError):  # the last good one stands; what it lacks, sending says
        await refresh_catalogue(context)
    await send_decisions(context, only=made.decision_id)
    await compare(context)
    kept: StoredDecision | None = await context.store.read(lambda uow: uow.decisions.get(made.decision_id))
    return kept or made


def _signer(context: Any, given: tuple[str | None, str | None, str | None]) -> Any:
    """Who is named with the command, filled up from the settings; None where nobody is named."""
    from mobility_bridge.ports.student_sources import Signer

    if not any(given):
        return None
    usual = context.settings.students.signer
    name, position, email = given
    return Signer(name or usual.name, position or usual.position, email or usual.email)


def show(done: "StoredDecision", say: "Speech", *, dry_run: bool) -> None:
    """Print a decision and what became of it."""
    known = OUTCOMES.get(done.outcome) or OUTCOMES.get(done.state.value)
    outcome = in_words(done.outcome or done.state.value) if known is None else say(known)
    pairs: list[tuple[str, Any]] = [
        (say("decision"), say(done.verb)),
        (say("partner"), done.partner_hei_id),
        (say("proposal"), done.proposal_id),
        (say("by"), done.by),
        (say("outcome"), say("not kept, not sent (dry run)") if dry_run else outcome),
    ]
    if done.present_proposal_id not in (None, done.proposal_id):
        pairs.append((say("waits now"), done.present_proposal_id))
    pairs += [(say("the partner says"), each) for each in done.messages]
    about = say(in_words(done.on.value))
    title = say("Decision on {about} {omobility_id}", about=about, omobility_id=done.omobility_id)
    print_pairs(title, pairs, speech=say)


def show_waiting(waiting: "Sequence[StoredDecision]", say: "Speech") -> None:
    """Print the decisions that partners are still to be told, or to show; nothing where there are none."""
    if not waiting:
        return
    print_table(
        say("Decisions under way ({count})", count=len(waiting)),
        say.all("Partner", "About", "Mobility", "Decision", "State", "Next attempt"),
        [
            (
                each.partner_hei_id,
                say(in_words(each.on.value)),
                each.omobility_id,
                say(each.verb),
                say(OUTCOMES[each.state.value]),
                each.next_attempt_at,
            )
            for each in waiting
        ],
        speech=say,
    )


def as_data(done: "StoredDecision") -> dict[str, Any]:
    """One decision as JSON, without what people wrote but for the partner's answer to whoever acted."""
    return {
        "decision_id": done.decision_id or None,
        "about": done.on,
        "decision": done.verb,
        "partner_hei_id": done.partner_hei_id,
        "omobility_id": done.omobility_id,
        "proposal_id": done.proposal_id,
        "by": done.by,
        "decided_at": done.decided_at,
        "state": done.state,
        "outcome": done.outcome or None,
        "attempts": done.attempts,
        "sent_at": done.sent_at,
        "answered": done.answered,
        "present_proposal_id": done.present_proposal_id,
        "messages": done.messages,
    }
