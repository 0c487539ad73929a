"""Records become copies: grouped into agreements, each with its document and what our system says of it.

Source: Mobility-Online: data model; its EWP node; assumed services: an agreement with k conditions is k records, grouped by
`ewp.iiaID`, else by partner and number.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mobility_adapters.mobility_online import document as documents
from mobility_adapters.mobility_online.decode import decode
from mobility_adapters.mobility_online.mappings import CodeMappings
from mobility_adapters.mobility_online.records import (
    AgreementRecord,
    Ewp,
    Identity,
    UnreadableRecord,
    read_record,
)
from mobility_adapters.mobility_online.values import Raw
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord
from mobility_bridge.ports.sources import ReadCopy

LOCAL_ID_PREFIX: Final = "mo-"
"""Begins the ids that we give to agreements without one of the network.

Such a copy has no `iia_hash`. The network has never seen it under this id, so it must not be notified.
"""

_IIA_ID: Final = re.compile(r"[!-~]{1,64}")
_NUMBER_IN_ID: Final = re.compile(r"[!-~]{1,61}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")

Problem = tuple[str, str]
Group = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of a set of records. `unreadable` records withhold their whole agreement."""

    copies: tuple[ReadCopy, ...]
    problems: tuple[Problem, ...]
    unreadable: bool


def gather(
    raws: Iterable[Raw],
    *,
    own_hei_id: HeiId,
    mappings: CodeMappings,
    fetched_at: datetime,
    withheld_institutions: Collection[str] = (),
) -> Gathered:
    """Read, group and decode records, in whatever order they come.

    Shape:   copies by partner and id. Records without a counterpart in the network and without a HEI id are
             not ours to compare and leave no trace. An agreement of which any record is unreadable is held
             back, because without that record it would look as if a condition had been dropped.
    """
    groups, problems, damaged = _grouped(raws, mappings)
    copies = []
    for key, records in groups.items():
        if key in damaged or any(r.identity.institution_id in withheld_institutions for r in records):
            continue
        problem = _no_partner(records[0].identity, own_hei_id)
        if problem is not None:
            damaged.add(key)
            problems.append(problem)
            continue
        copies.append(_copy(records, own_hei_id, mappings, fetched_at))
    copies.sort(key=lambda read: (read.copy.partner_hei_id, read.copy.iia_id))
    return Gathered(tuple(copies), tuple(sorted(set(problems))), bool(damaged))


def _grouped(
    raws: Iterable[Raw], mappings: CodeMappings
) -> tuple[dict[Group, list[AgreementRecord]], list[Problem], set[Group]]:
    groups: dict[Group, list[AgreementRecord]] = {}
    problems: list[Problem] = []
    damaged: set[Group] = set()
    seen: dict[int, AgreementRecord] = {}
    for raw in raws:
        try:
            record = read_record(raw, mappings.zone)
        except UnreadableRecord as error:
            if not _concerns_the_network(error.identity):
                continue
            damaged.add(error.identity.group)
            problems.extend((_where(error.identity, field), text) for field, text in error.problems)
            continue
        twin = seen.setdefault(record.agreement_id, record)
        if twin is not record:
            if twin != record:
                damaged.update((twin.identity.group, record.identity.group))
                problems.append(
                    (_where(record.identity, "agreementID"), "two different records have this id")
                )
            continue
        if _concerns_the_network(record.identity):
            groups.setdefault(record.identity.group, []).append(record)
    for records in groups.values():
        records.sort(key=lambda record: record.agreement_id)
    return groups, problems, damaged


def _concerns_the_network(identity: Identity) -> bool:
    return identity.in_ewp or identity.hei_id is not None


def _where(identity: Identity, field: str) -> str:
    return f"agreement record {identity.agreement_id or 'without id'}: {field}"


def _no_partner(identity: Identity, own_hei_id: HeiId) -> Problem | None:
    if identity.hei_id is None:
        return _where(identity, "institution.heiID"), "missing, although the agreement is in the network"
    if identity.hei_id == own_hei_id:
        return _where(identity, "institution.heiID"), f"{own_hei_id} is ourselves"
    return None


def _copy(
    records: Sequence[AgreementRecord], own_hei_id: HeiId, mappings: CodeMappings, fetched_at: datetime
) -> ReadCopy:
    identity = records[0].identity
    partner = HeiId(identity.hei_id or "")
    problems: list[Problem] = []
    agreed = _Agreed([record.ewp for record in records if record.ewp is not None], problems)
    iia_id = _iia_id(records, problems)
    partner_iia_id = agreed.text("partnerIiaID", lambda ewp: ewp.partner_iia_id)
    iia_code = agreed.text("iiaCode", lambda ewp: ewp.iia_code) or identity.agreement_number
    document = documents.write(
        iia_id, iia_code, (partner, IiaId(partner_iia_id) if partner_iia_id else None), records
    )
    stated = documents.read(document)
    decoded = decode(stated, own_hei_id, mappings)
    iia_hash = _hash(agreed.text("iiaHash", lambda ewp: ewp.iia_hash), problems)
    problems.extend(decoded.problems)
    copy = AgreementCopy(
        source=documents.SYSTEM,
        holder_hei_id=own_hei_id,
        iia_id=iia_id,
        partner_hei_id=partner,
        partner_iia_id=IiaId(partner_iia_id) if partner_iia_id else None,
        listed_hei_ids=(own_hei_id, partner),
        iia_code=iia_code,
        partner_iia_code=None,
        in_effect=decoded.iia.in_effect,
        terminated=decoded.iia.terminated_as_a_whole,
        iia_hash=iia_hash,
        computed_hash=None,
        hash_verdict=HashVerdict.NOT_CHECKED,
        # Whether the served text may be approved is known from its own bytes, which this source does not show.
        valid_for_approval=iia_hash is not None,
        content_digest=documents.content_digest(stated, mappings.custom_fields.names()),
        document=DocumentRef(documents.digest(document), documents.FORMAT),
        fetched_at=fetched_at,
        record=_local_record(records, agreed, problems),
    )
    return ReadCopy(copy, document)


def _local_record(
    records: Sequence[AgreementRecord], agreed: "_Agreed", problems: list[Problem]
) -> LocalRecord:
    own_approval = agreed.flag("ownApproval", lambda ewp: ewp.own_approval)
    partner_approval = agreed.flag("partnerApproval", lambda ewp: ewp.partner_approval)
    return LocalRecord(
        status="+".join(sorted({record.status for record in records})),
        own_approval=own_approval,
        partner_approval=partner_approval,
        record_ids=tuple(str(record.agreement_id) for record in records),
        modified_at=max((r.modified_at for r in records if r.modified_at is not None), default=None),
        last_notified_at=max(
            (ewp.last_notified_at for ewp in agreed.states if ewp.last_notified_at is not None), default=None
        ),
        problems=tuple(sorted(set(problems))),
    )


def _iia_id(records: Sequence[AgreementRecord], problems: list[Problem]) -> IiaId:
    """The network's id, or one of our own making that starts with `mo-`."""
    identity = records[0].identity
    if identity.iia_id:
        if not _IIA_ID.fullmatch(identity.iia_id):
            problems.append(("ewp.iiaID", identity.iia_id))
        return IiaId(identity.iia_id)
    number = identity.agreement_number
    if number and _NUMBER_IN_ID.fullmatch(number):
        return IiaId(f"{LOCAL_ID_PREFIX}{number}")
    return IiaId(f"{LOCAL_ID_PREFIX}record-{records[0].agreement_id}")


def _hash(text: str | None, problems: list[Problem]) -> IiaHash | None:
    if text is None:
        return None
    if not _HASH.fullmatch(text):
        problems.append(("ewp.iiaHash", text))
        return None
    return IiaHash(text)


class _Agreed:
    """What the records of one agreement say together; where they contradict each other, that is a problem."""

    def __init__(self, states: Sequence[Ewp], problems: list[Problem]) -> None:
        self.states = states
        self._problems = problems

    def text(self, field: str, pick: Callable[[Ewp], str | None]) -> str | None:
        """The one text, or None where the records name several: none of them can be trusted."""
        found = self._distinct(field, pick)
        return found[0] if len(found) == 1 else None

    def flag(self, field: str, pick: Callable[[Ewp], bool]) -> bool:
        return self._distinct(field, pick) == [True]

    def _distinct(self, field: str, pick: Callable[[Ewp], Any]) -> list[Any]:
        found = list(dict.fromkeys(pick(state) for state in self.states))
        if len(found) > 1:
            self._problems.append((f"ewp.{field}", " and ".join(sorted(str(value) for value in found))))
        return found
