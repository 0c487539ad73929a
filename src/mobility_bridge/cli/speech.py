"""The language of a command: its own phrases, the words of closed lists, and the texts of the rules.

A phrase is written in English where it is printed; its Swedish stands here. A test reads the commands and
finds every phrase that is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from mobility_bridge.cli.speech_decisions import SWEDISH_OF_DECISIONS
from mobility_bridge.cli.speech_students import SWEDISH_OF_STUDENTS
from mobility_bridge.domain.discrepancy import Subject, SubjectKind, Text
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.reconcile.words import said

SWEDISH: Final[Mapping[str, str]] = {
    **SWEDISH_OF_STUDENTS,
    **SWEDISH_OF_DECISIONS,
    # Both
    "yes": "ja",
    "no": "nej",
    "none": "inga",
    "{title}: none.": "{title}: inga.",
    "Run: {command}": "Kör: {command}",
    # Discrepancies
    "Discrepancies": "Avvikelser",
    "Discrepancies ({count})": "Avvikelser ({count})",
    "Id": "Id",
    "Severity": "Allvarlighetsgrad",
    "Code": "Kod",
    "About": "Gäller",
    "Owner": "Ansvarig",
    "Due": "Förfaller",
    "State": "Läge",
    "What": "Vad",
    "what": "vad",
    "next step": "nästa steg",
    "about": "gäller",
    "severity": "allvarlighetsgrad",
    "owner": "ansvarig",
    "due": "förfaller",
    "state": "läge",
    "first seen": "först sedd",
    "last seen": "senast sedd",
    "acknowledged": "kvitterad",
    "value: {name}": "värde: {name}",
    "When": "När",
    "Event": "Händelse",
    "Values": "Värden",
    "By": "Av",
    "Reason": "Skäl",
    "{hei_id} their {iia_id}": "{hei_id} deras {iia_id}",
    # Explain
    "Agreement {subject}": "Avtal {subject}",
    "our id": "vårt id",
    "partner's id": "partnerns id",
    "partner": "partner",
    "concluded": "ingånget",
    "may belong to {iia_id}": "kan höra ihop med {iia_id}",
    "score {score}": "poäng {score}",
    "very likely": "mycket troligt",
    "as a renewal": "som förnyelse",
    "Copies": "Exemplar",
    "Ours": "Vårt",
    "Partner's": "Partnerns",
    "read from": "läst från",
    "id": "id",
    "lists as the other's id": "anger som den andras id",
    "code": "kod",
    "served": "visas",
    "gone": "borttaget",
    "in effect": "i kraft",
    "hash": "hash",
    "hash check": "kontroll av hash",
    "wrong: {why}": "fel: {why}",
    "fetched": "hämtat",
    "confirmed": "bekräftat",
    "text since": "text sedan",
    "conditions": "villkor",
    "Approvals": "Godkännanden",
    "Who": "Vem",
    "Of": "Av",
    "Text approved": "Godkänd text",
    "Names the present text": "Gäller nuvarande text",
    "Since": "Sedan",
    "Until": "Till",
    "we": "vi",
    "our copy": "vårt exemplar",
    "the partner's copy": "partnerns exemplar",
    "The two copies cannot be compared: one is missing or cannot be read.": "De två exemplaren kan inte jämföras: ett saknas eller kan inte läsas.",
    "Differences ({how})": "Skillnader ({how})",
    "Condition": "Villkor",
    "Field": "Fält",
    "(whole agreement)": "(hela avtalet)",
    "(whole condition)": "(hela villkoret)",
    "(direction)": "(riktning)",
    "as named": "som angivet",
    "the other way": "åt andra hållet",
    "present": "finns",
    "missing": "saknas",
    "split by {field}": "uppdelat efter {field}",
    "First difference in {what}, at segment {position}": "Första skillnaden i {what}, vid segment {position}",
    "first": "första",
    "second": "andra",
    "(ends here)": "(slutar här)",
    "{title} ({count})": "{title} ({count})",
    "due {day}": "förfaller {day}",
    "Timeline": "Tidslinje",
    "Details": "Detaljer",
    "Writes to our own systems": "Skrivningar till våra egna system",
    "queued": "väntar",
    "refuted": "motbevisat",
    "Evidence": "Bevis",
    "Number": "Nummer",
    "Received": "Mottaget",
    "Call": "Anrop",
    "Status": "Status",
    "Signature": "Signatur",
    # Status
    "Bridge of {hei_id}": "Bryggan för {hei_id}",
    "catalogue": "katalog",
    "discrepancies": "avvikelser",
    "{counts} ({acknowledged} acknowledged)": "{counts} ({acknowledged} kvitterade)",
    "notifications": "aviseringar",
    "sending is switched off": "sändning är avstängd",
    "evidence": "bevis",
    "{count} records": "{count} poster",
    "assumed": "antaget",
    "not asked": "inte frågat",
    "{count} operations, see below": "{count} funktioner, se nedan",
    "nothing": "inget",
    "Our systems": "Våra system",
    "Source": "Källa",
    "Agreements": "Avtal",
    "Offers": "Erbjuder",
    "not known: {why}": "okänt: {why}",
    "{count} operations": "{count} funktioner",
    "assumed: {names}": "antagna: {names}",
    "not there: {names}": "finns inte: {names}",
    "Partners": "Partner",
    "Partner": "Partner",
    "Theirs": "Deras",
    "Last contact": "Senaste kontakt",
    "Open": "Öppna",
    "To send": "Att sända",
    "Trouble": "Problem",
    "never read": "aldrig läst",
    "read {when}": "läst {when}",
    "failing since {when}: {why}": "fel sedan {when}: {why}",
    "Active: a system was last asked {when}.": "Aktiv: ett system frågades senast {when}.",
    "Idle: a system was last asked {when}.": "Overksam: ett system frågades senast {when}.",
    "never": "aldrig",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """Says things in one language."""

    lang: str

    def __call__(self, phrase: str, **values: object) -> str:
        """A phrase of a command, written in English, with its values put in."""
        template = SWEDISH[phrase] if self.lang == "sv" else phrase
        return template.format_map(values) if values else template

    def all(self, *phrases: str) -> tuple[str, ...]:
        """Several phrases, such as the heads of columns."""
        return tuple(map(self, phrases))

    def text(self, text: Text) -> str:
        """A text that exists in both languages."""
        return text.sv if self.lang == "sv" else text.en

    def word(self, name: str, value: str | None) -> str | None:
        """A raw value under its name, in words (see `reconcile.words`); None stays None."""
        return None if value is None else self.text(said(name, str(value)))

    def values(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """The values of a finding: what each is called, and what it is."""
        return [
            (self.name_of(name), self.text(said(name, value)))
            for name, value in values.items()
            if value or name in ("local", "partner")  # that a side has nothing is a fact of its own
        ]

    def name_of(self, name: str) -> str:
        """What a value of a finding is called."""
        return self.text(said("value_name", name)).replace("_", " ")

    def subject(self, subject: Subject) -> str:
        """What a discrepancy is about."""
        if subject.kind is SubjectKind.AGREEMENT and subject.iia_id is None:
            return self(
                "{hei_id} their {iia_id}", hei_id=subject.partner_hei_id, iia_id=subject.partner_iia_id
            )
        return str(subject)

    def verdict(self, verdict: HashVerdict) -> str:
        """Whether a declared hash is right, and if not, what the rule that finds it says."""
        title = _titles().get(verdict.value)
        return (
            self("wrong: {why}", why=self.text(title))
            if title is not None
            else self.text(said("hash_verdict", verdict))
        )


@cache
def _titles() -> Mapping[str, Text]:
    from mobility_bridge.reconcile.registry import AGREEMENT_RULES  # slow to import, seldom needed

    return {rule.code: rule.title for rule in AGREEMENT_RULES}
