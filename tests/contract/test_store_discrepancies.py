"""Discrepancies: what every store promises about them."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests.support.stores import ALDERTON, BRAVA, NOON, minutes

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    DiscrepancyState,
    Finding,
    Owner,
    Severity,
    Subject,
    SubjectKind,
    Text,
)
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.ports.store import Store


def a_finding(
    code: str = "YEARS_DIFFER", *, partner: HeiId = ALDERTON, iia_id: str = "iia-1", **facts: Any
) -> Finding:
    given: dict[str, Any] = {
        "code": code,
        "severity": Severity.WARNING,
        "owner": Owner.BOTH,
        "subject": Subject(SubjectKind.AGREEMENT, partner, IiaId(iia_id)),
        "text": Text("The years differ.", "Läsåren skiljer sig åt."),
        "next_step": Text("Ask the partner.", "Fråga partnern."),
        "place": "conditions/1",
        "values": {"local": "2026/2027", "partner": "2025/2026 𝄞"},
    }
    return Finding(**(given | facts))


def a_discrepancy(finding: Finding | None = None, *, seen: float = 0, **facts: Any) -> Discrepancy:
    finding = finding or a_finding()
    given: dict[str, Any] = {
        "discrepancy_id": finding.discrepancy_id,
        "finding": finding,
        "state": DiscrepancyState.OPEN,
        "first_seen_at": minutes(seen),
        "opened_at": minutes(seen),
        "last_seen_at": minutes(seen),
        "changed_at": minutes(seen),
    }
    return Discrepancy(**(given | facts))


async def save(store: Store, *discrepancies: Discrepancy) -> None:
    for discrepancy in discrepancies:
        await store.write(lambda unit, it=discrepancy: unit.discrepancies.save(it, None))


async def test_every_fact_of_a_discrepancy_comes_back_as_it_was(store: Store):
    whole = a_discrepancy(
        a_finding(due_on=date(2027, 1, 31)),
        state=DiscrepancyState.ACKNOWLEDGED,
        resolved_at=minutes(1),
        acknowledged_at=minutes(2),
        acknowledged_by="anna",
        acknowledged_reason="Avtalat per telefon – åäö",
        times_reopened=3,
    )
    source = a_discrepancy(
        a_finding("SOURCE_SHRUNK", subject=Subject(SubjectKind.SOURCE, source="mobility_online"), values={})
    )

    await save(store, whole, source)

    for expected in (whole, source):
        found = await store.read(lambda unit, it=expected: unit.discrepancies.get(it.discrepancy_id))
        assert found == expected
    assert await store.read(lambda unit: unit.discrepancies.get("D-unknown")) is None


async def test_saving_again_writes_over_it(store: Store):
    first = a_discrepancy()
    later = replace(first, state=DiscrepancyState.RESOLVED, resolved_at=minutes(9), last_seen_at=minutes(8))

    await save(store, first, later)

    assert await store.read(lambda unit: unit.discrepancies.select()) == [later]


async def test_the_history_is_told_oldest_first(store: Store):
    discrepancy, other = a_discrepancy(), a_discrepancy(a_finding("NUMBER_DIFFERS"))
    events = [
        DiscrepancyEvent(
            discrepancy.discrepancy_id,
            minutes(n),
            kind,
            Severity.BLOCKING,
            {"local": str(n)},
            "anna",
            "så är det",
        )
        for n, kind in enumerate((DiscrepancyEventKind.OPENED, DiscrepancyEventKind.ACKNOWLEDGED))
    ]
    bare = DiscrepancyEvent(discrepancy.discrepancy_id, NOON, DiscrepancyEventKind.RESOLVED, Severity.WARNING)

    for event in (*events, bare):
        await store.write(lambda unit, it=event: unit.discrepancies.save(discrepancy, it))
    await store.write(lambda unit: unit.discrepancies.save(other, None))

    assert await store.read(lambda unit: unit.discrepancies.history(discrepancy.discrepancy_id)) == [
        *events,
        bare,
    ]
    assert await store.read(lambda unit: unit.discrepancies.history(other.discrepancy_id)) == []


async def test_a_list_is_ordered_by_severity_due_day_first_sight_and_id(store: Store):
    def row(code: str, severity: Severity, due: date | None = None, seen: float = 0) -> Discrepancy:
        return a_discrepancy(a_finding(code, severity=severity, due_on=due), seen=seen)

    soon, late = date(2026, 12, 1), date(2027, 6, 1)
    twins = sorted(
        (row(code, Severity.BLOCKING, late) for code in ("TWIN_1", "TWIN_2")),
        key=lambda it: it.discrepancy_id,
    )
    expected = [
        row("SOON", Severity.BLOCKING, soon, seen=9),
        *twins,
        row("SEEN_LATER", Severity.BLOCKING, late, seen=5),
        row("NO_DAY", Severity.BLOCKING, None),
        row("WARNING", Severity.WARNING, soon),
        row("INFORMATION", Severity.INFORMATION, soon),
    ]

    await save(store, *reversed(expected))

    found = await store.read(lambda unit: unit.discrepancies.select())
    assert [it.finding.code for it in found] == [it.finding.code for it in expected]


async def test_select_filters_by_state_partner_code_and_agreement(store: Store):
    one = a_discrepancy()
    two = a_discrepancy(a_finding("NUMBER_DIFFERS", iia_id="iia-2"), state=DiscrepancyState.RESOLVED)
    theirs = Subject(SubjectKind.AGREEMENT, BRAVA, None, IiaId("their-3"))
    three = a_discrepancy(a_finding("NO_LOCAL_COPY", subject=theirs), state=DiscrepancyState.ACKNOWLEDGED)
    await save(store, one, two, three)

    async def codes(**chosen: Any) -> set[str]:
        return {it.finding.code for it in await store.read(lambda unit: unit.discrepancies.select(**chosen))}

    assert await codes() == {"YEARS_DIFFER", "NUMBER_DIFFERS", "NO_LOCAL_COPY"}
    assert await codes(states=[DiscrepancyState.OPEN]) == {"YEARS_DIFFER"}
    assert await codes(states=[DiscrepancyState.OPEN, DiscrepancyState.RESOLVED]) == {
        "YEARS_DIFFER",
        "NUMBER_DIFFERS",
    }
    assert await codes(partner=BRAVA) == {"NO_LOCAL_COPY"}
    assert await codes(code="NUMBER_DIFFERS") == {"NUMBER_DIFFERS"}
    assert await codes(iia_id="iia-2") == {"NUMBER_DIFFERS"}
    assert await codes(iia_id="their-3") == {"NO_LOCAL_COPY"}
    assert await codes(partner=ALDERTON, code="NO_LOCAL_COPY") == set()


async def test_discrepancies_are_found_by_subject_and_by_the_start_of_their_id(store: Store):
    one, two = a_discrepancy(), a_discrepancy(a_finding("NUMBER_DIFFERS", severity=Severity.BLOCKING))
    elsewhere = a_discrepancy(a_finding(iia_id="iia-2"))
    await save(store, one, two, elsewhere)

    of_subject = await store.read(lambda unit: unit.discrepancies.of_subject(one.finding.subject.key))
    by_start = await store.read(lambda unit: unit.discrepancies.matching(one.discrepancy_id[:8]))
    everything = await store.read(lambda unit: unit.discrepancies.matching("D-"))

    assert of_subject == [two, one]
    assert by_start == [one]
    assert [it.discrepancy_id for it in everything] == sorted(
        it.discrepancy_id for it in (one, two, elsewhere)
    )
    assert await store.read(lambda unit: unit.discrepancies.matching("d-")) == []
    assert await store.read(lambda unit: unit.discrepancies.matching("D-%")) == []
