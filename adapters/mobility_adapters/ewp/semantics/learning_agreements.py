"""Rules about learning agreements: SEM-01 to SEM-23, SEM-28 and SEM-34.

SEM-33 and most of SEM-34 are found while reading, since a decoded agreement no longer shows them.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, annotations and text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mobility_adapters.ewp.semantics import Problem, error, values, warning
from mobility_adapters.ewp.semantics import la_components as of_components
from mobility_bridge.domain.la_merge import merged, unapplied
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentTable,
    LaMobilityType,
    LaSignature,
    LearningAgreement,
)

TOLERANCE: Final = timedelta(minutes=5)
"""How far another clock may be ahead of ours."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^.@\s]+\.[^@\s]+")
_FIRST: Final = "first-version"
_CHANGES: Final = "approved-changes"
_PROPOSAL: Final = "changes-proposal"
_TYPES: Final = {
    ComponentTable.STUDIED: LaMobilityType.SEMESTER,
    ComponentTable.RECOGNIZED: LaMobilityType.SEMESTER,
    ComponentTable.VIRTUAL: LaMobilityType.SEMESTER,
    ComponentTable.BLENDED: LaMobilityType.BLENDED,
    ComponentTable.DOCTORAL: LaMobilityType.DOCTORAL,
}
_SIGNER: Final = ("signer-name", "signer-position", "signer-email")
_STUDENT: Final = (
    ("given_names", "given-names", error),
    ("family_name", "family-name", error),
    ("global_id", "global-id", error),
    ("birth_date", "birth-date", error),
    ("citizenship", "citizenship", warning),
    ("gender", "gender", warning),
    ("email", "email", warning),
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a document alone does not tell: whose agreements were asked for, and what time it is.

    None expects nobody in particular, and asks no clock.
    """

    sending_hei_id: str | None = None
    receiving_hei_id: str | None = None
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Version:
    """One of the three places for components. `is_change`: a difference from the first version, not a whole."""

    name: str
    path: str
    lists: ComponentLists
    is_change: bool


@dataclass(frozen=True, slots=True)
class _Case:
    la: LearningAgreement
    at: str
    about: Circumstances
    versions: tuple[_Version, ...]


def check(la: LearningAgreement, *, at: str = "/la", about: Circumstances | None = None) -> Iterator[Problem]:
    """Find what is wrong with an agreement; `at` is the path that leads to it."""
    case = _Case(la, at, about or Circumstances(), tuple(_versions(la, at)))
    for rule in LA_RULES:
        yield from rule(case)
    for version in case.versions:
        for rule_of_version in VERSION_RULES:
            yield from rule_of_version(version, case)
        yield from of_components.check(version.lists, version.path, is_change=version.is_change)


def _versions(la: LearningAgreement, at: str) -> Iterator[_Version]:
    if la.first_version is not None:
        yield _Version(_FIRST, f"{at}/{_FIRST}", la.first_version, is_change=False)
    if la.approved_changes is not None:
        yield _Version(_CHANGES, f"{at}/{_CHANGES}", la.approved_changes, is_change=True)
    if la.changes_proposal is not None:
        changing = la.first_version is not None
        yield _Version(_PROPOSAL, f"{at}/{_PROPOSAL}", la.changes_proposal.lists, is_change=changing)


# --- the agreement as a whole -------------------------------------------------------------------------------


def is_visible(case: _Case) -> Iterator[Problem]:
    """SEM-01, SEM-02: there is a first version or a proposal of it, and changes only to a first version."""
    la = case.la
    if la.first_version is None and la.changes_proposal is None:
        yield error("SEM-01", case.at, "there is neither a first version nor a proposal")
    if la.first_version is None and la.approved_changes is not None:
        yield error(
            "SEM-02", f"{case.at}/{_CHANGES}", "changes are approved of a first version that is not there"
        )


def student_is_complete(case: _Case) -> Iterator[Problem]:
    """SEM-06: all seven facts about the student are there."""
    student = case.la.student
    for attribute, name, problem in _STUDENT:
        value = getattr(student, attribute)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield problem("SEM-06", f"{case.at}/student", f"the student has no {name}")


def sending_unit_is_named(case: _Case) -> Iterator[Problem]:
    """SEM-07: the sending HEI names its unit."""
    if not (case.la.sending_hei.ounit_name or "").strip():
        yield warning(
            "SEM-07", f"{case.at}/sending-hei", "the sending institution names no unit (ounit-name)"
        )


def lists_fit_one_type(case: _Case) -> Iterator[Problem]:
    """SEM-08: the lists of all versions belong to one type of mobility."""
    types: dict[LaMobilityType, None] = {}
    for version in case.versions:
        for table, _ in version.lists.tables():
            types[_TYPES[table]] = None
        if len(types) > 1:
            message = f"the lists belong to different types of mobility: {', '.join(types)}"
            yield error("SEM-08", version.path, message)
            return


def short_stays_do_not_change(case: _Case) -> Iterator[Problem]:
    """SEM-18: a blended or doctoral mobility has no proposal after its first version.

    Source: the annotation; the business document disagrees, so it is a warning.
    """
    la = case.la
    if la.first_version is None or la.changes_proposal is None:
        return
    kind = merged(la.first_version, None).mobility_type
    if kind is not LaMobilityType.SEMESTER:
        yield warning(
            "SEM-18", f"{case.at}/{_PROPOSAL}", f"a {kind} mobility has a proposal after its first version"
        )


def proposal_has_an_id(case: _Case) -> Iterator[Problem]:
    """SEM-19: a proposal is named."""
    proposal = case.la.changes_proposal
    if proposal is not None and not proposal.proposal_id.strip():
        yield error(
            "SEM-19", f"{case.at}/{_PROPOSAL}/@id", "the proposal has an empty id; nobody can answer it"
        )


def starts_before_it_ends(case: _Case) -> Iterator[Problem]:
    """SEM-20: the start is not after the end."""
    start, end = case.la.start, case.la.end
    if start is not None and end is not None and start.is_after(end):
        yield error("SEM-20", case.at, f"the mobility starts ({start}) after it ends ({end})")


def values_are_plausible(case: _Case) -> Iterator[Problem]:
    """SEM-21, SEM-22, SEM-28: years, identifiers and institutions."""
    la, at = case.la, case.at
    if la.receiving_academic_year_id is not None:
        yield from values.academic_year(f"{at}/receiving-academic-year-id", la.receiving_academic_year_id)
    yield from values.global_id(f"{at}/student/global-id", la.student.global_id)
    if la.changes_proposal is not None and la.changes_proposal.student is not None:
        changed = la.changes_proposal.student.global_id
        yield from values.global_id(f"{at}/{_PROPOSAL}/student/global-id", changed)
    yield from values.hei_id(f"{at}/sending-hei/hei-id", la.sending_hei.hei_id, case.about.sending_hei_id)
    yield from values.hei_id(
        f"{at}/receiving-hei/hei-id", la.receiving_hei.hei_id, case.about.receiving_hei_id
    )


# --- one version of it --------------------------------------------------------------------------------------


def receiver_has_signed(version: _Version, _: _Case) -> Iterator[Problem]:
    """SEM-03: what is agreed carries the receiving HEI's signature, and a proposal does not."""
    signed = version.lists.receiving_hei_signature is not None
    if version.name != _PROPOSAL and not signed:
        yield error("SEM-03", version.path, f"the {version.name} lacks the receiving institution's signature")
    if version.name == _PROPOSAL and signed:
        path = f"{version.path}/receiving-hei-signature"
        yield warning("SEM-03", path, "a proposal carries the signature that it waits for")


def signers_are_named(version: _Version, _: _Case) -> Iterator[Problem]:
    """SEM-04, SEM-05: an institution says who signs, and a student's signature does not."""
    for side, signature in _signatures(version.lists):
        if side != "student":
            for message, name in _signer_trouble(signature):
                yield warning("SEM-04", f"{version.path}/{side}-signature{name}", message)
            continue
        given = (signature.signer_name, signature.signer_position, signature.signer_email)
        for name in (name for name, value in zip(_SIGNER, given, strict=True) if value is not None):
            path = f"{version.path}/student-signature/{name}"
            yield warning("SEM-05", path, "a student's signature needs no data of the signer")


def check_signature(signature: LaSignature, *, at: str) -> Iterator[Problem]:
    """SEM-04 for an institution's signature that stands outside an agreement."""
    for message, name in _signer_trouble(signature):
        yield warning("SEM-04", f"{at}{name}", message)


def _signer_trouble(signature: LaSignature) -> list[tuple[str, str]]:
    given = (signature.signer_name, signature.signer_position, signature.signer_email)
    found = [
        (f"the signature has no {name}", "")
        for name, value in zip(_SIGNER, given, strict=True)
        if not value or not value.strip()
    ]
    email = (signature.signer_email or "").strip()
    if email and _EMAIL.fullmatch(email) is None:
        found.append(("this is no e-mail address", "/signer-email"))
    return found


def has_components(version: _Version, _: _Case) -> Iterator[Problem]:
    """SEM-08, SEM-09: a whole version has a list, and that of a long stay has both A and B."""
    if version.is_change:
        return
    present = dict(version.lists.tables())
    if not present:
        yield error("SEM-08", version.path, f"the {version.name} has no list of components")
    elif all(_TYPES[table] is LaMobilityType.SEMESTER for table in present):
        for table in (ComponentTable.STUDIED, ComponentTable.RECOGNIZED):
            if not present.get(table):
                yield warning("SEM-09", version.path, f"the {version.name} of a long stay has no {table}")


def changes_apply(version: _Version, case: _Case) -> Iterator[Problem]:
    """SEM-17: a deletion names a component of the first version, an insertion does not."""
    if not version.is_change or case.la.first_version is None:
        return
    for each in unapplied(case.la.first_version, version.lists):
        if each.status is not None:
            count = len(dict(version.lists.tables())[each.table])
            path = of_components.path_to(f"{version.path}/{each.table}", each.position, count)
            where = (
                "is not in the first version"
                if each.status == "deleted"
                else "is in the first version already"
            )
            yield warning("SEM-17", path, f"the {each.status} component {where}")


def signed_in_order(version: _Version, case: _Case) -> Iterator[Problem]:
    """SEM-23, SEM-34: student, sender, receiver, one after the other, and none of them tomorrow."""
    before: datetime | None = None
    latest = None if case.about.now is None else case.about.now + TOLERANCE
    for side, signature in _signatures(version.lists):
        moment = signature.timestamp
        if moment is None:
            continue
        for code, message in _timing(side, moment, before, latest):
            yield warning(code, f"{version.path}/{side}-signature/timestamp", message)
        before = moment if moment.tzinfo is not None else before


def _timing(
    side: str, moment: datetime, before: datetime | None, latest: datetime | None
) -> Iterator[tuple[str, str]]:
    if moment.tzinfo is None:
        yield "SEM-34", "the time has no offset"
        return
    if before is not None and moment < before:
        yield "SEM-23", f"the {side} signed before the one who must sign first"
    if latest is not None and moment > latest:
        yield "SEM-23", f"the {side} signed in the future"


def _signatures(lists: ComponentLists) -> Iterator[tuple[str, LaSignature]]:
    if lists.student_signature is not None:
        yield "student", lists.student_signature
    if lists.sending_hei_signature is not None:
        yield "sending-hei", lists.sending_hei_signature
    if lists.receiving_hei_signature is not None:
        yield "receiving-hei", lists.receiving_hei_signature


LA_RULES: Final[tuple[Callable[[_Case], Iterator[Problem]], ...]] = (
    is_visible,
    student_is_complete,
    sending_unit_is_named,
    lists_fit_one_type,
    short_stays_do_not_change,
    proposal_has_an_id,
    starts_before_it_ends,
    values_are_plausible,
)
VERSION_RULES: Final[tuple[Callable[[_Version, _Case], Iterator[Problem]], ...]] = (
    receiver_has_signed,
    signers_are_named,
    has_components,
    changes_apply,
    signed_in_order,
)
