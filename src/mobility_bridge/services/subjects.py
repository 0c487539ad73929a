"""Subject keys: the text under which a discrepancy's subject is stored and looked up."""

from collections.abc import Iterable

from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.ports.store import UnitOfWork


def agreement_key(hei_id: HeiId, *, ours: IiaId | None = None, theirs: IiaId | None = None) -> str:
    """The key of an agreement, by our id or, without one, by the partner's."""
    return Subject(SubjectKind.AGREEMENT, hei_id, ours, theirs).key


def partner_key(hei_id: HeiId) -> str:
    """The key under which a partner's own troubles are kept."""
    return Subject(SubjectKind.PARTNER, partner_hei_id=hei_id).key


def source_key(name: str) -> str:
    """The key of one of our own systems."""
    return Subject(SubjectKind.SOURCE, source=name).key


def student_key(student_id: StudentId) -> str:
    """The key of a student; what is said of their stays is worked out together."""
    return Subject(SubjectKind.STUDENT, student_id=student_id).key


def parse_key(key: str) -> Subject:
    """Read a subject key back."""
    kind, _, rest = key.partition(":")
    if kind == SubjectKind.SOURCE:
        return Subject(SubjectKind.SOURCE, source=rest)
    if kind == SubjectKind.PARTNER:
        return Subject(SubjectKind.PARTNER, HeiId(rest))
    if kind == SubjectKind.STUDENT:
        return Subject(SubjectKind.STUDENT, student_id=StudentId(rest))
    if kind == SubjectKind.STAY:
        return Subject(SubjectKind.STAY, stay_id=StayId(rest))
    hei_id, whose, iia_id = rest.split(":", 2)
    if whose == "ours":
        return Subject(SubjectKind.AGREEMENT, HeiId(hei_id), IiaId(iia_id))
    return Subject(SubjectKind.AGREEMENT, HeiId(hei_id), partner_iia_id=IiaId(iia_id))


def keys_of(uow: UnitOfWork, own: HeiId, hei_id: HeiId, theirs: Iterable[StoredCopy]) -> list[str]:
    """The agreements that these copies of a partner touch: by their id, by ours where either side names it,
    and by a person's word.
    """
    keys = []
    paired = {partner_id: local_id for local_id, partner_id in uow.links.confirmed(hei_id).items()}
    for held in theirs:
        copy = held.copy
        ours = {local.copy.iia_id for local in uow.copies.listing(own, hei_id, copy.iia_id)}
        ours.update(iia_id for iia_id in (copy.partner_iia_id, paired.get(copy.iia_id)) if iia_id is not None)
        keys.append(agreement_key(hei_id, theirs=copy.iia_id))
        keys.extend(agreement_key(hei_id, ours=iia_id) for iia_id in sorted(ours))
    return keys
