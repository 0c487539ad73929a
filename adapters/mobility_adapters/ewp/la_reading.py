"""Learning agreements out of XML, as far as they can be read.

Read in spite of their form, each time with a problem: term numbers and signatures in a wrong name space, `reason`
for `reason-code`, a student in the wrong place, course ids without a prefix (kept as course codes), codes newer
than we are (left out).

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, get response; known trouble of the network.
"""

import re
from collections.abc import Mapping
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.reading import local_name, string_value, text, token
from mobility_bridge.domain.contact import PhoneNumber
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    ComponentTable,
    LaComponent,
    LaContactPerson,
    LaCredit,
    LaSignature,
    LaStudent,
    LearningAgreement,
    MobilityInstitution,
    ReasonCode,
    StudentLanguageSkill,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.kit.xml import Element

_LA: Final = wire.OMOBILITY_LAS_V1_GET
_PHONE: Final = wire.qname(wire.PHONE, "phone-number")
_COMPONENT: Final = wire.qname(_LA, "component")
_CREDIT_TAG: Final = wire.qname(_LA, "credit")

_AGREEMENT: Final = names(
    _LA,
    *("omobility-id", "sending-hei", "receiving-hei", "receiving-academic-year-id", "student"),
    *("start-date", "start-year-month", "end-date", "end-year-month", "eqf-level-studied-at-departure"),
    *("isced-f-code", "isced-clarification", "student-language-skill"),
    *("first-version", "approved-changes", "changes-proposal", "learning-outcomes-url", "provisions-url"),
)
_INSTITUTION: Final = names(_LA, "hei-id", "ounit-name", "ounit-id", "contact-person")
_PERSON: Final = names(_LA, "given-names", "family-name", "email")
_CONTACT: Final = _PERSON._replace(known={**_PERSON.known, _PHONE: "phone-number"})
_STUDENT: Final = names(
    _LA, "given-names", "family-name", "global-id", "birth-date", "citizenship", "gender", "email"
)
_SKILL: Final = names(_LA, "language", "cefr-level")
_SIGNATURES: Final = ("student-signature", "sending-hei-signature", "receiving-hei-signature")
_LISTS: Final = names(_LA, *ComponentTable, *_SIGNATURES, "student")
_COMPONENT_PARTS: Final = names(
    _LA,
    *(
        "los-id",
        "los-code",
        "title",
        "loi-id",
        "term-id",
        "credit",
        "recognition-conditions",
        "short-description",
    ),
    several=("credit",),
)
_TERM: Final = names(wire.ACADEMIC_TERM_V2, "term-number", "total-terms").taking(
    _LA, wire.ACADEMIC_TERM_V1, code="XML-01"
)
_CREDIT: Final = names(_LA, "scheme", "value")
_SIGNATURE: Final = names(
    _LA, "signer-name", "signer-position", "signer-email", "timestamp", "signer-app"
).taking(wire.OMOBILITY_LAS_V1_UPDATE_REQUEST, code="XML-02")
# What a scenario text of the specification calls the approved changes.
_SCENARIO_NAME: Final = "latest-approved"
_ATTRIBUTES: Final = frozenset({"status", "reason-code", "reason-text", "reason"})
_STATUSES: Final = {str(each): each for each in ComponentStatus}
_REASONS: Final = {str(each): each for each in ReasonCode}

_LOS_ID: Final = re.compile(r"(?=[!-~]{1,64}\Z)(?:CR|CLS|MOD|DEP)/.{1,40}")
_LOI_ID: Final = re.compile(r"(?=[!-~]{1,64}\Z)(?:CRI|CLSI|MODI|DEPI)/.{1,40}")
_NEWER_PREFIX: Final = re.compile(r"(?=[!-~]{1,64}\Z)[A-Z]{1,8}/.{1,40}")


class LaReader(LenientReader):
    """Reads learning agreements and collects what is odd about them."""

    def agreement(self, la: Element) -> LearningAgreement | None:
        """Read one `la`; None for one that nobody can refer to, because it has no id."""
        parts = self.parts(la, _AGREEMENT)
        omobility_id = self.text(la, parts, "omobility-id")
        if not omobility_id:
            if omobility_id is not None:
                self.note("MISSING", parts["omobility-id"], "omobility-id is empty")
            return None
        skill, student, first, changes, proposal = map(
            parts.get,
            ("student-language-skill", "student", "first-version", "approved-changes", "changes-proposal"),
        )
        for name in ("student", "student-language-skill", "eqf-level-studied-at-departure"):
            if name not in parts:
                self.missing(la, name)
        return LearningAgreement(
            omobility_id=OmobilityId(omobility_id),
            sending_hei=self._institution(la, parts.get("sending-hei"), "sending-hei"),
            receiving_hei=self._institution(la, parts.get("receiving-hei"), "receiving-hei"),
            receiving_academic_year_id=self.text(la, parts, "receiving-academic-year-id"),
            student=LaStudent() if student is None else self._student(student),
            start=self._planned(la, "start", parts.get("start-date"), parts.get("start-year-month")),
            end=self._planned(la, "end", parts.get("end-date"), parts.get("end-year-month")),
            eqf_level_studied_at_departure=self.integer(parts.get("eqf-level-studied-at-departure")),
            isced_f_code=self.text(la, parts, "isced-f-code"),
            isced_clarification=_text(parts.get("isced-clarification")),
            student_language_skill=None if skill is None else self._skill(skill),
            first_version=None if first is None else self._lists(first)[0],
            approved_changes=None if changes is None else self._lists(changes)[0],
            changes_proposal=None if proposal is None else self._proposal(proposal),
            learning_outcomes_url=_token(parts.get("learning-outcomes-url")),
            provisions_url=_token(parts.get("provisions-url")),
        )

    def signature(self, element: Element) -> LaSignature:
        """Read a signature, of an agreement or of an update request."""
        parts = self.parts(element, _SIGNATURE)
        timestamp = parts.get("timestamp")
        if timestamp is None:
            self.missing(element, "timestamp")
        return LaSignature(
            None if timestamp is None else self.instant(timestamp),
            _text(parts.get("signer-name")),
            _text(parts.get("signer-position")),
            _text(parts.get("signer-email")),
            _text(parts.get("signer-app")),
        )

    def passed_over(self, element: Element) -> None:
        if local_name(element) == _SCENARIO_NAME:
            self.note(
                "XML-05", element, "approved changes are called by a name of no document and were not read"
            )
        else:
            super().passed_over(element)

    # --- who and when ---------------------------------------------------------------------------------------

    def _institution(self, la: Element, element: Element | None, name: str) -> MobilityInstitution:
        if element is None:
            self.missing(la, name)
            return MobilityInstitution(HeiId(""))
        parts = self.parts(element, _INSTITUTION)
        contact = parts.get("contact-person")
        if contact is None:
            self.missing(element, "contact-person", Severity.WARNING)
        return MobilityInstitution(
            HeiId(self.text(element, parts, "hei-id") or ""),
            _text(parts.get("ounit-name")),
            _text(parts.get("ounit-id")),
            None if contact is None else self._contact(contact),
        )

    def _contact(self, element: Element) -> LaContactPerson:
        parts = self.parts(element, _CONTACT)
        phone = parts.get("phone-number")
        return LaContactPerson(
            _text(parts.get("given-names")),
            _text(parts.get("family-name")),
            _text(parts.get("email")),
            None
            if phone is None
            else PhoneNumber(
                e164=text(phone, wire.qname(wire.PHONE, "e164")),
                ext=text(phone, wire.qname(wire.PHONE, "ext")),
                other_format=text(phone, wire.qname(wire.PHONE, "other-format")),
            ),
        )

    def _student(self, element: Element) -> LaStudent:
        parts = self.parts(element, _STUDENT)
        return LaStudent(
            _text(parts.get("given-names")),
            _text(parts.get("family-name")),
            _text(parts.get("global-id")),
            self.day(parts.get("birth-date")),
            _text(parts.get("citizenship")),
            self.integer(parts.get("gender"), Severity.WARNING),
            _text(parts.get("email")),
        )

    def _planned(
        self, la: Element, name: str, day: Element | None, month: Element | None
    ) -> PlannedDay | None:
        if day is not None and month is not None:
            self.note("REPEATED", month, f"the {name} is there as a day and as a month; the day is taken")
        if day is not None:
            exact = self.day(day)
            return None if exact is None else PlannedDay.on(exact)
        if month is not None:
            return self.month(month)
        self.missing(la, f"{name}-date")
        return None

    def _skill(self, element: Element) -> StudentLanguageSkill:
        parts = self.parts(element, _SKILL)
        for name in ("language", "cefr-level"):
            if name not in parts:
                self.missing(element, name, Severity.WARNING)
        return StudentLanguageSkill(_token(parts.get("language")), _text(parts.get("cefr-level")))

    # --- what is studied ------------------------------------------------------------------------------------

    def _proposal(self, element: Element) -> ChangesProposal:
        lists, student = self._lists(element, with_student=True)
        return ChangesProposal(
            element.get("id", ""), lists, None if student is None else self._student(student)
        )

    def _lists(
        self, element: Element, *, with_student: bool = False
    ) -> tuple[ComponentLists, Element | None]:
        parts = self.parts(element, _LISTS)
        student = parts.get("student")
        if student is not None and not with_student:
            self.note("XML-04", student, "a student has no place here and was passed over", Severity.WARNING)
        elif student is not None and student.getnext() is not None:
            self.note("XML-04", student, "the student stands before the end and was read", Severity.WARNING)
        for name in _SIGNATURES[:2]:
            if name not in parts:
                self.missing(element, name)
        tables = [
            None if (found := parts.get(each)) is None else self._table(found) for each in ComponentTable
        ]
        signed = [
            None if (found := parts.get(each)) is None else self.signature(found) for each in _SIGNATURES
        ]
        return ComponentLists(*tables, *signed), student  # type: ignore[arg-type]

    def _table(self, element: Element) -> tuple[LaComponent, ...]:
        components = []
        for each in element:
            if each.tag == _COMPONENT:
                components.append(self._component(each))
            else:
                self.passed_over(each)
        return tuple(components)

    def _component(self, element: Element) -> LaComponent:
        parts = self.parts(element, _COMPONENT_PARTS)
        los_id, los_code, loi_id = self._course(parts)
        status, reason_code, reason_text = self._change(element) if element.keys() else (None, None, None)
        term = parts.get("term-id")
        return LaComponent(
            title=self.text(element, parts, "title") or "",
            los_id=los_id,
            los_code=los_code,
            loi_id=loi_id,
            term_id=None if term is None else self._term(term),
            credits=self._credits(element) if "credit" in parts else (),
            recognition_conditions=_text(parts.get("recognition-conditions")),
            short_description=_text(parts.get("short-description")),
            status=status,
            reason_code=reason_code,
            reason_text=reason_text,
        )

    def _course(self, parts: Mapping[str, Element]) -> tuple[str | None, str | None, str | None]:
        """Read id, code and instance; an id that is none becomes the code, where there is no other."""
        los_id, los_code, loi_id = map(_text, map(parts.get, ("los-id", "los-code", "loi-id")))
        if los_id is not None and not _LOS_ID.fullmatch(los_id):
            if self._is_no_course_id(parts["los-id"], los_id) and not los_code:
                los_code = los_id.strip() or None
            los_id = None
        if loi_id is not None and not _LOI_ID.fullmatch(loi_id):
            self._is_no_course_id(parts["loi-id"], loi_id)
            loi_id = None
        return los_id, los_code, loi_id

    def _is_no_course_id(self, element: Element, written: str) -> bool:
        """Say what an id is that does not fit; one with a prefix may be of a kind newer than we are."""
        if _NEWER_PREFIX.fullmatch(written):
            self.unknown_code(element, "the prefix")
            return False
        self.note(
            "XML-13",
            element,
            "this is no course id, which starts with a prefix such as CR/",
            Severity.WARNING,
        )
        return True

    def _change(self, element: Element) -> tuple[ComponentStatus | None, ReasonCode | None, str | None]:
        for name in map(str, element.attrib):
            if name not in _ATTRIBUTES and not name.startswith("{"):
                self.note(
                    "UNKNOWN", element, "an attribute was passed over", Severity.INFORMATION, at=f"/@{name}"
                )
        status, written = element.get("status"), element.get("reason-code")
        if status is not None and status not in _STATUSES:
            self.note("UNREADABLE", element, "status is neither inserted nor deleted", at="/@status")
        name = "reason-code"
        if written is None and (written := element.get("reason")) is not None:
            name = "reason"
            self.note("XML-03", element, "reason was read as reason-code", Severity.WARNING, at="/@reason")
        if written is not None and written not in _REASONS:
            self.unknown_code(element, name, at=f"/@{name}")
        return _STATUSES.get(status or ""), _REASONS.get(written or ""), element.get("reason-text")

    def _term(self, element: Element) -> TermId | None:
        parts = self.parts(element, _TERM)
        number, total = (self.integer(parts.get(name)) for name in ("term-number", "total-terms"))
        for name in ("term-number", "total-terms"):
            if name not in parts:
                self.missing(element, name)
        return None if number is None or total is None else TermId(number, total)

    def _credits(self, component: Element) -> tuple[LaCredit, ...]:
        credits_ = []
        for element in component.iterchildren(_CREDIT_TAG):
            parts = self.parts(element, _CREDIT)
            scheme, value = self.text(element, parts, "scheme"), parts.get("value")
            number = None if value is None else self.decimal(value)
            if value is None:
                self.missing(element, "value")
            if number is not None:
                credits_.append(LaCredit(scheme or "", number))
        return tuple(credits_)


def _text(element: Element | None) -> str | None:
    return None if element is None else string_value(element)


def _token(element: Element | None) -> str | None:
    return None if element is None else token(element)
