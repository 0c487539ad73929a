"""Learning agreements out of XML, as far as they can be read.

Read in spite of their form, each time with a problem: term numbers and signatures in a wrong name space, `reason`
for `reason-code`, a student in the wrong place, course ids without a prefix (kept as course codes), codes newer
than we are (left out).

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, get response; known trouble of the network.
"""

from functools import lru_cache
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.course_ids import is_loi_id, is_los_id, may_be_newer
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.reading import local_name, string_value, token
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
_PHONE_PARTS: Final = names(wire.PHONE, "e164", "ext", "other-format")
_COMPONENT: Final = wire.qname(_LA, "component")
_CREDIT_TAG: Final = wire.qname(_LA, "credit")

_AGREEMENT: Final = names(
    _LA,
    *("omobility-id", "sending-hei", "receiving-hei", "receiving-academic-year-id", "student"),
    *("start-date", "start-year-month", "end-date", "end-year-month", "eqf-level-studied-at-departure"),
    *("isced-f-code", "isced-clarification", "student-language-skill"),
    *("first-version", "approved-changes", "changes-proposal", "learning-outcomes-url", "provisions-url"),
)
_MANDATORY: Final = (
    *("omobility-id", "sending-hei", "receiving-hei", "receiving-academic-year-id", "student"),
    *("eqf-level-studied-at-departure", "isced-f-code", "student-language-skill"),
)
_VERSIONS: Final = ("first-version", "approved-changes", "changes-proposal")
_INSTITUTION: Final = names(_LA, "hei-id", "ounit-name", "ounit-id", "contact-person")
_CONTACT: Final = names(_LA, "given-names", "family-name", "email").with_tag(_PHONE, "phone-number")
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


class LaReader(LenientReader):
    """Reads learning agreements and collects what is odd about them."""

    def agreement(self, la: Element) -> LearningAgreement | None:
        """Read one `la`; None for one that nobody can refer to, because it has no id."""
        parts = dict(zip(_AGREEMENT.known.values(), self.in_order(la, _AGREEMENT), strict=True))
        omobility_id = _text(parts["omobility-id"])
        for name in _MANDATORY:
            if parts[name] is None:
                self.missing(la, name)
        if not omobility_id:
            if omobility_id is not None:
                self.missing(la, "omobility-id")
            return None
        skill, student = parts["student-language-skill"], parts["student"]
        first, changes, proposal = (parts[name] for name in _VERSIONS)
        return LearningAgreement(
            omobility_id=OmobilityId(omobility_id),
            sending_hei=self._institution(parts["sending-hei"]),
            receiving_hei=self._institution(parts["receiving-hei"]),
            receiving_academic_year_id=_text(parts["receiving-academic-year-id"]),
            student=LaStudent() if student is None else self._student(student),
            start=self._planned(la, "start", parts["start-date"], parts["start-year-month"]),
            end=self._planned(la, "end", parts["end-date"], parts["end-year-month"]),
            eqf_level_studied_at_departure=self.integer(parts["eqf-level-studied-at-departure"]),
            isced_f_code=_text(parts["isced-f-code"]),
            isced_clarification=_text(parts["isced-clarification"]),
            student_language_skill=None if skill is None else self._skill(skill),
            first_version=None if first is None else self._lists(first)[0],
            approved_changes=None if changes is None else self._lists(changes)[0],
            changes_proposal=None if proposal is None else self._proposal(proposal),
            learning_outcomes_url=_token(parts["learning-outcomes-url"]),
            provisions_url=_token(parts["provisions-url"]),
        )

    def signature(self, element: Element) -> LaSignature:
        """Read a signature, of an agreement or of an update request."""
        name, position, email, timestamp, app = self.in_order(element, _SIGNATURE)
        if timestamp is None:
            self.missing(element, "timestamp")
        return LaSignature(
            None if timestamp is None else self.instant(timestamp),
            _text(name),
            _text(position),
            _text(email),
            _text(app),
        )

    def passed_over(self, element: Element) -> None:
        if local_name(element) == _SCENARIO_NAME:
            self.note(
                "XML-05", element, "approved changes are called by a name of no document and were not read"
            )
        else:
            super().passed_over(element)

    # --- who and when ---------------------------------------------------------------------------------------

    def _institution(self, element: Element | None) -> MobilityInstitution:
        if element is None:
            return MobilityInstitution(HeiId(""))
        hei_id, ounit_name, ounit_id, contact = self.in_order(element, _INSTITUTION)
        if hei_id is None:
            self.missing(element, "hei-id")
        if contact is None:
            self.missing(element, "contact-person", Severity.WARNING)
        return MobilityInstitution(
            HeiId(_text(hei_id) or ""),
            _text(ounit_name),
            _text(ounit_id),
            None if contact is None else self._contact(contact),
        )

    def _contact(self, element: Element) -> LaContactPerson:
        given_names, family_name, email, phone = self.in_order(element, _CONTACT)
        return LaContactPerson(
            _text(given_names),
            _text(family_name),
            _text(email),
            None if phone is None else PhoneNumber(*map(_text, self.in_order(phone, _PHONE_PARTS))),
        )

    def _student(self, element: Element) -> LaStudent:
        given_names, family_name, global_id, birth_date, citizenship, gender, email = self.in_order(
            element, _STUDENT
        )
        return LaStudent(
            _text(given_names),
            _text(family_name),
            _text(global_id),
            self.day(birth_date),
            _text(citizenship),
            self.integer(gender, Severity.WARNING),
            _text(email),
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
        parts = self.in_order(element, _LISTS)
        by_student, by_sender, by_receiver, student = parts[-4:]
        if student is not None and not with_student:
            self.note("XML-04", student, "a student has no place here and was passed over", Severity.WARNING)
        elif student is not None and student.getnext() is not None:
            self.note("XML-04", student, "the student stands before the end and was read", Severity.WARNING)
        for name, signature in zip(_SIGNATURES[:2], (by_student, by_sender), strict=True):
            if signature is None:
                self.missing(element, name)
        studied, recognized, virtual, blended, doctoral = map(self._table, parts[:-4])
        lists = ComponentLists(
            studied,
            recognized,
            virtual,
            blended,
            doctoral,
            None if by_student is None else self.signature(by_student),
            None if by_sender is None else self.signature(by_sender),
            None if by_receiver is None else self.signature(by_receiver),
        )
        return lists, student

    def _table(self, element: Element | None) -> tuple[LaComponent, ...] | None:
        if element is None:
            return None
        components = []
        for each in element:
            if each.tag == _COMPONENT:
                components.append(self._component(each))
            else:
                self.passed_over(each)
        return tuple(components)

    def _component(self, element: Element) -> LaComponent:
        los, code, title, loi, term, credit, conditions, description = self.in_order(
            element, _COMPONENT_PARTS
        )
        los_id, los_code, loi_id = self._course(los, code, loi)
        status, reason_code, reason_text = self._change(element) if element.keys() else (None, None, None)
        if title is None:
            self.missing(element, "title")
        return LaComponent(
            _text(title) or "",
            los_id,
            los_code,
            loi_id,
            None if term is None else self._term(term),
            () if credit is None else self._credits(credit),
            _text(conditions),
            _text(description),
            status,
            reason_code,
            reason_text,
        )

    def _course(
        self, los: Element | None, code: Element | None, loi: Element | None
    ) -> tuple[str | None, str | None, str | None]:
        """Read id, code and instance; an id that is none becomes the code, where there is no other."""
        los_id, los_code, loi_id = _text(los), _text(code), _text(loi)
        if los is not None and not is_los_id(los_id or ""):
            if self._is_no_course_id(los, los_id or "") and not los_code:
                los_code = (los_id or "").strip() or los_code
            los_id = None
        if loi is not None and not is_loi_id(loi_id or ""):
            self._is_no_course_id(loi, loi_id or "")
            loi_id = None
        return los_id, los_code, loi_id

    def _is_no_course_id(self, element: Element, written: str) -> bool:
        """Say what an id is that does not fit; one with a prefix may be of a kind newer than we are."""
        if may_be_newer(written):
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
        number, total = self.in_order(element, _TERM)
        if number is None or total is None:
            self.missing(element, "term-number" if number is None else "total-terms")
        term_number, total_terms = self.integer(number), self.integer(total)
        return None if term_number is None or total_terms is None else _term_id(term_number, total_terms)

    def _credits(self, first: Element) -> tuple[LaCredit, ...]:
        """Read this credit and those after it."""
        found = []
        element: Element | None = first
        while element is not None:
            if element.tag == _CREDIT_TAG and (credit := self._credit(element)) is not None:
                found.append(credit)
            element = element.getnext()
        return tuple(found)

    def _credit(self, element: Element) -> LaCredit | None:
        scheme, value = self.in_order(element, _CREDIT)
        if scheme is None or value is None:
            self.missing(element, "scheme" if scheme is None else "value")
        number = None if value is None else self.decimal(value)
        return None if number is None else LaCredit(_text(scheme) or "", number)


@lru_cache(maxsize=100)
def _term_id(term_number: int, total_terms: int) -> TermId:
    """There are few terms and many components."""
    return TermId(term_number, total_terms)


def _text(element: Element | None) -> str | None:
    if element is None:
        return None
    return string_value(element) if len(element) else element.text or ""


def _token(element: Element | None) -> str | None:
    return None if element is None else token(element)
