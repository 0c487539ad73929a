"""What the log says of a whole run: lines that satisfy its schema, tied together, and nobody's name."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Demo
from tests.support.events import problems_of
from tests.support.fixtures import REPOSITORY
from tests.support.hostile import beside_a_hostile

from mobility_bridge.kit.events import EVENTS, json_schema
from mobility_bridge.sandbox.documents import error_response
from mobility_bridge.sandbox.faults import Answer
from mobility_bridge.sandbox.folder import remember
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.world import Contact

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
PHONE = re.compile(r"\+\d[\d ()-]{6,}")


def test_every_line_of_the_demo_satisfies_the_schema(demo: Demo) -> None:
    lines = demo.lines
    assert len(lines) > 150
    wrong = [(line, problems) for line in lines if (problems := problems_of(line))]
    assert wrong == []


def test_lines_are_tied_together_by_run_and_job(demo: Demo) -> None:
    assert len({line["run_id"] for line in demo.lines}) == 1
    jobs = {line["job_id"] for line in demo.lines}
    acts = [f"act-{number}" for number in range(1, len(demo.data["acts"]) + 1)]
    assert sorted(job.rpartition("-")[0] for job in jobs) == acts


def test_lines_are_in_the_order_of_time(demo: Demo) -> None:
    times = [line["timestamp"] for line in demo.lines]
    assert times == sorted(times)


def test_no_line_names_a_person_an_address_or_a_number_of_the_scenario(demo: Demo) -> None:
    contacts = set(people(scenario_named("default", demo_day(demo)).world))
    assert len(contacts) > 1
    text = Path(demo.data["log"]).read_text(encoding="utf-8")
    for contact in contacts:
        assert contact.name not in text
        assert contact.email not in text
    assert not ADDRESS.search(text)
    assert not PHONE.search(text)


def test_no_line_holds_what_agreements_say(demo: Demo) -> None:
    """Free text of a document may name anybody."""
    world = scenario_named("default", demo_day(demo)).world
    texts = {
        condition.terms
        for ours in world.ours.values()
        for condition in ours.copy.conditions
        if condition.terms
    }
    assert texts
    text = Path(demo.data["log"]).read_text(encoding="utf-8")
    assert not [each for each in texts if each in text]


def test_what_a_validator_quotes_of_a_document_is_not_logged(tmp_path: Path) -> None:
    """An invalid address in a document is somebody's. What an error document tells developers is logged."""
    address = "ingrid exempelsson at fjordal"
    with beside_a_hostile(
        tmp_path / "sandbox", "fjordal.example", environ={"MOBILITY_BRIDGE__LOG__LEVEL": "debug"}
    ) as stage:
        log = stage.played.folder / "bridge.log.jsonl"

        def misspelt(endpoint: str, correct: Answer) -> Answer:
            if endpoint != "iias/get":
                return correct
            body = re.sub(rb"<c:email>[^<]*<", f"<c:email>{address}<".encode(), correct.body)
            assert body != correct.body
            return replace(correct, body=body)

        stage.host.attack = misspelt
        assert stage.played.command("sync").code == 3
        assert ("ANSWER_INVALID", "fjordal.example") in stage.played.codes()

        stage.host.attack = lambda _, __: Answer(403, error_response("The parameter iia_id is unknown."))
        assert stage.played.command("sync", "--full").code == 3
        assert ("PARTNER_REFUSES", "fjordal.example") in stage.played.codes()

        text = log.read_text(encoding="utf-8")
        assert not [problem for line in text.splitlines() for problem in problems_of(json.loads(line))]
        assert "invalid_document" in text
        assert address not in text
        assert "The parameter iia_id is unknown." in text


def test_schema_file_is_the_one_that_the_code_states() -> None:
    kept = json.loads((REPOSITORY / "schemas/bridge/log-events.schema.json").read_text(encoding="utf-8"))
    assert kept == json_schema()


def test_every_documented_event_is_emitted_somewhere_and_every_emitted_one_is_documented() -> None:
    emitted = set(events_in_the_code())
    assert emitted == set(EVENTS)


def events_in_the_code() -> Iterator[str]:
    """Every name that stands in a call of `.event(…)`; the parts of a joined name are tried on the table."""
    for root in ("src/mobility_bridge", "adapters/mobility_adapters"):
        for path in (REPOSITORY / root).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                if node.func.attr == "event" and node.args:
                    yield from _names(node.args[0])


def _names(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
    elif isinstance(argument, ast.JoinedStr):
        first = argument.values[0]
        assert isinstance(first, ast.Constant)
        yield from (name for name in EVENTS if name.startswith(str(first.value)))


def people(thing: Any) -> Iterator[Contact]:
    """Every contact anywhere in a world."""
    if isinstance(thing, Contact):
        yield thing
    elif is_dataclass(thing):
        for each in fields(thing):
            yield from people(getattr(thing, each.name))
    elif isinstance(thing, dict):
        yield from people(tuple(thing.values()))
    elif isinstance(thing, list | tuple | set):
        for item in thing:
            yield from people(item)


def demo_day(demo: Demo) -> date:
    memory = remember(demo.folder / "sandbox")
    assert memory is not None
    return memory.today
