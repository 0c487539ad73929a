"""What makes an education or occasion an exchange, and which way its students go: the institution's own codes.

Source: Ladok: assumptions A10 and A19; `config/mappings/ladok.toml`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from re import Pattern

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.occasion import CodeRow
from mobility_bridge.domain.person import Direction


@dataclass(frozen=True, slots=True)
class DirectionRule:
    """What in a type or code says which way the students go."""

    pattern: Pattern[str]
    direction: Direction


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """Types by id or code, agreements by code, directions by pattern; the first pattern that fits is believed."""

    agreement_types: frozenset[str] = frozenset()
    occasion_types: frozenset[str] = frozenset()
    agreement_codes: frozenset[str] = frozenset()
    directions: tuple[DirectionRule, ...] = ()
    party_attribute: str = "utbildning.attribut.extern.part"
    programme_attribute: str = "utbildning.attribut.utbytesprogram"
    type_codes: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def named_types(self) -> frozenset[str]:
        return self.agreement_types | self.occasion_types

    def learn_types(self, facts: Iterable[Fact]) -> None:
        """Take the numbers of types by code from the rows of their table."""
        for fact in facts:
            if isinstance(fact, CodeRow) and fact.code:
                self.type_codes[fact.row_id] = fact.code

    def is_agreement(self, type_id: str | None, code: str | None) -> bool:
        return self._named(type_id, self.agreement_types) or (code or "") in self.agreement_codes

    def is_occasion(self, type_id: str | None) -> bool:
        return self._named(type_id, self.occasion_types)

    def direction(self, *said: str | None) -> Direction | None:
        """Look for a pattern in each of these texts, in order; None where nothing says it."""
        for text in said:
            for rule in self.directions:
                if text and rule.pattern.search(text):
                    return rule.direction
        return None

    def _named(self, type_id: str | None, known: frozenset[str]) -> bool:
        return type_id is not None and (type_id in known or self.type_codes.get(type_id, "") in known)


def direction_rule(pattern: str, direction: Direction) -> DirectionRule:
    """Make a rule. Raises ValueError for a pattern that is no regular expression."""
    try:
        return DirectionRule(re.compile(pattern), direction)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
