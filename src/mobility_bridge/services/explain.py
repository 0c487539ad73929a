"""One agreement, told whole: its copies, approvals, differences, notifications and what happened when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import AgreementCase, CopyView
from mobility_bridge.domain.comparison import Comparison
from mobility_bridge.domain.discrepancy import Discrepancy, Subject, SubjectKind, Text
from mobility_bridge.domain.evidence import EvidenceRecord
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrState
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.errors import InvalidDocument, UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.diff import compare
from mobility_bridge.reconcile.words import said
from mobility_bridge.services.context import Context
from mobility_bridge.services.gather import Gathering

_PARTNERS_TEXT = Text(
    "the partner's text that we approved and its present one",
    "partnerns text som vi godkände och den nuvarande",
)
_OUR_TEXT = Text(
    "our text that the partner approved and our present one",
    "vår text som partnern godkände och den nuvarande",
)
_OUR_COPY = Text("our copy", "vårt exemplar")
_PARTNERS_COPY = Text("the partner's copy", "partnerns exemplar")
_NO_DETAIL = Text("", "")


@dataclass(frozen=True, slots=True)
class Fragment:
    """The first place where two hashed texts part. A side is None where its text has ended."""

    what: Text
    position: int
    one: str | None
    other: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    what: Text
    detail: Text = _NO_DETAIL


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one agreement."""

    case: AgreementCase
    comparison: Comparison | None
    fragments: tuple[Fragment, ...]
    discrepancies: tuple[Discrepancy, ...]
    notifications: tuple[ChangeNotification, ...]
    evidence: tuple[EvidenceRecord, ...]
    timeline: tuple[Moment, ...]


async def explain(context: Context, text: str, partner: HeiId | None = None) -> Explanation:
    """Explain the agreement that an id names: ours, the partner's, or a discrepancy's (`D-…`, may be short).

    Raises:  UsageError when nothing or more than one thing has that id.
    """
    return await context.store.read(lambda uow: _explain(uow, context, text, partner))


def _explain(uow: UnitOfWork, context: Context, text: str, partner: HeiId | None) -> Explanation:
    gathering = Gathering(context, uow, context.clock.now())
    subject = _subject(uow, context.own_hei_id, text, partner)
    case = gathering.agreement(subject)
    if case is None:
        raise UsageError(f"nothing is left of {text}", next_step="Run: mobility-bridge agreements list")
    hei_id = case.subject.partner_hei_id
    assert hei_id is not None
    discrepancies = list(uow.discrepancies.of_subject(case.subject.key))
    notifications = _notifications(uow, case, hei_id)
    return Explanation(
        case,
        _comparison(case),
        tuple(_fragments(uow, context, case)),
        tuple(sorted(discrepancies, key=lambda item: item.first_seen_at)),
        tuple(notifications),
        tuple(_evidence(uow, case, hei_id)),
        tuple(_timeline(uow, case, discrepancies, notifications)),
    )


def _subject(uow: UnitOfWork, own: HeiId, text: str, partner: HeiId | None) -> Subject:
    if text.startswith("D-"):
        found = uow.discrepancies.matching(text)
        subjects = {item.finding.subject.key: item.finding.subject for item in found}
        if len(subjects) == 1:
            subject = next(iter(subjects.values()))
            if subject.kind is SubjectKind.AGREEMENT:
                return subject
            raise UsageError(
                f"{text} is about {subject}, not about an agreement",
                next_step=f"Run: mobility-bridge discrepancies show {text}",
            )
        raise UsageError(
            f"{'several' if subjects else 'no'} discrepancies start with {text}",
            next_step="Run: mobility-bridge discrepancies list --state all",
        )
    copies = [held for held in uow.copies.find(IiaId(text)) if partner in (None, _other(held, own))]
    subjects = {subject.key: subject for subject in (_subject_of(uow, own, held) for held in copies)}
    if len(subjects) == 1:
        return next(iter(subjects.values()))
    if not subjects:
        whose = f" of {partner}" if partner is not None else ""
        raise UsageError(
            f"no agreement{whose} has the id {text}", next_step="Run: mobility-bridge agreements list"
        )
    heis = ", ".join(sorted({str(subject.partner_hei_id) for subject in subjects.values()}))
    raise UsageError(f"several agreements have the id {text} ({heis})", next_step="Add --partner HEI.")


def _other(held: StoredCopy, own: HeiId) -> HeiId:
    copy = held.copy
    return copy.partner_hei_id if copy.holder_hei_id == own else copy.holder_hei_id


def _subject_of(uow: UnitOfWork, own: HeiId, held: StoredCopy) -> Subject:
    """The subject that stands for a copy: by our id if we have one for it."""
    copy, hei_id = held.copy, _other(held, own)
    if copy.holder_hei_id == own:
        return Subject(SubjectKind.AGREEMENT, hei_id, copy.iia_id)
    listing = uow.copies.listing(own, hei_id, copy.iia_id)
    ours = listing[0].copy.iia_id if listing else None
    if ours is None and copy.partner_iia_id is not None:
        named = uow.copies.get(own, hei_id, copy.partner_iia_id)
        ours = copy.partner_iia_id if named is not None and named.live else None
    if ours is not None:
        return Subject(SubjectKind.AGREEMENT, hei_id, ours)
    return Subject(SubjectKind.AGREEMENT, hei_id, partner_iia_id=copy.iia_id)


def _comparison(case: AgreementCase) -> Comparison | None:
    if case.local is None or case.partner is None:
        return None
    if case.local.iia is None or case.partner.iia is None:
        return None
    return compare(case.local.iia, case.partner.iia)


def _fragments(uow: UnitOfWork, context: Context, case: AgreementCase) -> Iterable[Fragment]:
    """Where texts that should be equal part: our terms and theirs, and approved texts and present ones."""
    if case.local is not None and case.partner is not None:
        ours, theirs = _terms(uow, context, case.local), _terms(uow, context, case.partner)
        yield from _first_difference(
            Text("our terms and the partner's", "våra villkor och partnerns"), ours, theirs
        )
    if case.partner is not None and case.approval_by_us is not None:
        approved = case.approval_by_us.iia_hash
        if approved != case.partner.copy.iia_hash:
            then = _text_with_hash(uow, context, case.partner_history, approved)
            now = _stored_segments(uow, context, case.partner.stored)
            yield from _first_difference(_PARTNERS_TEXT, then, now)
    if case.local is not None and case.approval_by_partner is not None:
        approved = case.approval_by_partner.iia_hash
        if approved != case.local.copy.iia_hash:
            then = _text_with_hash(uow, context, case.local_history, approved)
            now = _terms(uow, context, case.local)
            yield from _first_difference(_OUR_TEXT, then, now)


def _first_difference(
    what: Text, one: Sequence[str] | None, other: Sequence[str] | None
) -> Iterable[Fragment]:
    if one is None or other is None:
        return
    for position in range(max(len(one), len(other))):
        left = one[position] if position < len(one) else None
        right = other[position] if position < len(other) else None
        if left != right:
            yield Fragment(what, position, left, right)
            return


def _terms(uow: UnitOfWork, context: Context, view: CopyView) -> list[str] | None:
    """The hashed text of a copy without its ids, by segments; ours is written as a document first."""
    inspector = context.inspector
    if inspector is None:
        return None
    if view.copy.document.format.startswith("ewp."):
        segments = _stored_segments(uow, context, view.stored)
    elif view.iia is not None:
        segments = inspector.segments(inspector.write(_statable(view.iia)))
    else:
        segments = None
    return None if segments is None else [part for part in segments if not part.startswith("_iia-id_")]


def _statable(iia: Iia) -> Iia:
    """Fill in what a document must state and our own system may leave open: not blended."""
    conditions = tuple(
        replace(each, blended=False) if each.kind.is_student and each.blended is None else each
        for each in iia.conditions
    )
    return replace(iia, conditions=conditions)


def _stored_segments(uow: UnitOfWork, context: Context, held: StoredCopy) -> Sequence[str] | None:
    ref = held.copy.document
    document = uow.copies.document(ref.sha256)
    if context.inspector is None or document is None:
        return None
    try:
        if ref.format.startswith("ewp."):
            return context.inspector.segments(document, ref.position)
        iia = _statable(context.decode(document, ref))
        return context.inspector.segments(context.inspector.write(iia))
    except InvalidDocument:
        return None


def _text_with_hash(
    uow: UnitOfWork, context: Context, history: Sequence[StoredCopy], iia_hash: str
) -> Sequence[str] | None:
    held = next((item for item in history if item.copy.iia_hash == iia_hash), None)
    if held is None:
        return None
    segments = _stored_segments(uow, context, held)
    if segments is None or held.copy.document.format.startswith("ewp."):
        return segments
    return [part for part in segments if not part.startswith("_iia-id_")]


def _notifications(uow: UnitOfWork, case: AgreementCase, hei_id: HeiId) -> list[ChangeNotification]:
    ids = {case.subject.iia_id, case.subject.partner_iia_id} - {None}
    found = [item for iia_id in ids for item in uow.outbox.select(partner=hei_id, iia_id=iia_id)]
    return sorted(found, key=lambda item: item.created_at)


def _evidence(uow: UnitOfWork, case: AgreementCase, hei_id: HeiId) -> list[EvidenceRecord]:
    found: dict[int, EvidenceRecord] = {}
    for iia_id in (case.subject.iia_id, case.subject.partner_iia_id):
        if iia_id is not None:
            for record in uow.evidence.select(partner=hei_id, text=iia_id, limit=20):
                found[record.sequence] = record
    return [found[number] for number in sorted(found, reverse=True)][:20]


def _timeline(
    uow: UnitOfWork,
    case: AgreementCase,
    discrepancies: Sequence[Discrepancy],
    notifications: Sequence[ChangeNotification],
) -> list[Moment]:
    moments = [*_copy_moments(_OUR_COPY, case.local, case.local_history)]
    moments.extend(_copy_moments(_PARTNERS_COPY, case.partner, case.partner_history))
    approvals = (case.approval_by_partner, case.approval_by_us, *case.earlier_approvals)
    for approval in approvals:
        if approval is not None:
            moments.extend(_approval_moments(approval))
    if case.concluded is not None:
        moments.append(Moment(case.concluded.concluded_at, Text("mutually approved", "godkänt av båda")))
    for item in discrepancies:
        for event in uow.discrepancies.history(item.discrepancy_id):
            what = _joined(_same(item.finding.code), said("discrepancy_event", event.kind))
            moments.append(Moment(event.at, what, _same(event.reason or "")))
    moments.extend(moment for note in notifications for moment in _notification_moments(note))
    return sorted(moments, key=lambda moment: moment.at)


def _same(text: str) -> Text:
    """What is the same in every language: codes, hashes, and what people and systems wrote."""
    return Text(text, text)


def _joined(*parts: Text) -> Text:
    return Text(" ".join(part.en for part in parts), " ".join(part.sv for part in parts))


def _copy_moments(whose: Text, view: CopyView | None, history: Sequence[StoredCopy]) -> Iterable[Moment]:
    if view is None:
        return
    read_from = said("source_name", view.copy.source)
    yield Moment(
        view.stored.first_seen_at, _joined(whose, Text("first read", "läst första gången")), read_from
    )
    for held in (*history, view.stored):
        if held.changed_at != view.stored.first_seen_at:
            digest = _joined(_same("hash"), said("now", held.copy.iia_hash or ""))
            yield Moment(held.changed_at, _joined(whose, Text("changed", "ändrat")), digest)
    if view.stored.gone_at is not None:
        yield Moment(view.stored.gone_at, _joined(whose, Text("no longer served", "visas inte längre")))


def _approval_moments(approval: Approval) -> Iterable[Moment]:
    partner = approval.side is ApprovalSide.BY_PARTNER
    digest = _joined(_same("hash"), said("approved", approval.iia_hash))
    given = (
        Text("the partner approved", "partnern godkände") if partner else Text("we approved", "vi godkände")
    )
    yield Moment(approval.first_seen_at, given, digest)
    if approval.withdrawn_at is not None:
        over = (
            Text("the partner no longer approves that text", "partnern godkänner inte längre den texten")
            if partner
            else Text("we no longer approve that text", "vi godkänner inte längre den texten")
        )
        yield Moment(approval.withdrawn_at, over, digest)


def _notification_moments(note: ChangeNotification) -> Iterable[Moment]:
    what = _joined(Text("notification of", "avisering om"), said("kind", note.kind))
    queued = _joined(what, Text("queued", "köad"))
    yield Moment(note.created_at, queued, said("cnr_cause", note.cause) if note.cause else _same(""))
    if note.finished_at is not None:
        ended = _joined(what, said("cnr_state", note.state))
        why = "" if note.state is CnrState.DELIVERED else note.last_error or ""
        yield Moment(note.finished_at, ended, _same(why))
