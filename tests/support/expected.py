"""What a scenario means to show, held against what a bridge says of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mobility_bridge.sandbox.scenarios.story import Entry, Scenario, codes_in


@dataclass(frozen=True)
class Difference:
    """One agreement (or partner, or source) of which more or less is said than is meant."""

    name: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: missing {list(self.missing)}, unexpected {list(self.unexpected)}"


def differences(scenario: Scenario, act: int, found: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Compare, subject by subject; `found` are discrepancies as the command line prints them."""
    said: dict[str, set[str]] = {}
    for item in found:
        if item["subject_kind"] == "stay":
            continue  # what is shown of students is told by their stories
        said.setdefault(_whose(scenario, item), set()).add(item["code"])
    meant = {_name(entry): set(entry.codes(act)) for entry in scenario.entries}
    for kind, everybody in (("partner", scenario.partner_shows), ("source", scenario.source_shows)):
        meant.update({f"{kind} {name}": set(codes_in(shows, act)) for name, shows in everybody.items()})
    names = sorted({name for name, codes in meant.items() if codes} | set(said))
    pairs = ((name, meant.get(name, set()), said.get(name, set())) for name in names)
    return [
        Difference(name, tuple(sorted(wanted - heard)), tuple(sorted(heard - wanted)))
        for name, wanted, heard in pairs
        if wanted != heard
    ]


def repeated(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Ids that stand for more than one discrepancy: there are none in a sound store."""
    return sorted(name for name, count in Counter(item["id"] for item in found).items() if count > 1)


def _name(entry: Entry) -> str:
    return f"{entry.name} ({entry.partner} {entry.iia_id or ', '.join(entry.partner_iia_ids)})"


def _whose(scenario: Scenario, item: Mapping[str, Any]) -> str:
    """Name the agreement by our id, by the partner's only where we have none: two of ours may share one of theirs."""
    if item["subject_kind"] == "partner":
        return f"partner {item['partner_hei_id']}"
    if item["subject_kind"] == "source":
        return f"source {item['subject']}"
    for entry in scenario.entries:
        if entry.partner != item["partner_hei_id"]:
            continue
        if item["iia_id"] is not None and item["iia_id"] == entry.iia_id:
            return _name(entry)
        if item["iia_id"] is None and item["partner_iia_id"] in entry.partner_iia_ids:
            return _name(entry)
    return str(item["subject"])
