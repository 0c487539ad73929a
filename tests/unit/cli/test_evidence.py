"""Evidence leaves the store as it came, one body at a time."""

import asyncio
import json
import random
import tracemalloc
from dataclasses import replace
from pathlib import Path

from tests.support.network import ALDERTON, BRAVA, exchange
from tests.support.stores import NOON
from tests.unit.cli.conftest import Command

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.store import open_store

MIB = 1024 * 1024


def kept(config: Path, *exchanges: Exchange) -> None:
    async def work() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        for each in exchanges:
            await store.write(lambda uow, each=each: uow.evidence.append([each]))
        await store.close()

    asyncio.run(work())


def test_what_is_exported_is_a_list_and_the_bodies_for_their_owner_alone(
    typed: Command, config: Path, tmp_path: Path
) -> None:
    # given
    bodies = [b"<a/>", b"<b/>", b"\xff no text"]
    kept(
        config,
        *(
            exchange(hei, "iias.get", b, NOON)
            for hei, b in zip((ALDERTON, BRAVA, ALDERTON), bodies, strict=True)
        ),
    )

    # when
    said = typed("evidence", "export", "out", "--partner", ALDERTON, "--json", "--config", config)

    # then
    assert (said.code, said.json) == (0, [1, 3])
    listing = json.loads((tmp_path / "out" / "evidence.json").read_text("utf-8"))
    assert [item["sequence"] for item in listing] == [1, 3]
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").glob("*.body")} == {
        "00000001.body": bodies[0],
        "00000003.body": bodies[2],
    }
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}
    assert sorted(file.suffix for file in (tmp_path / "out").iterdir()) == [".body", ".body", ".json"]


def test_nothing_is_written_when_a_number_does_not_exist_or_for_a_dry_run(
    typed: Command, config: Path, tmp_path: Path
) -> None:
    kept(config, exchange(ALDERTON, "iias.get", b"<a/>", NOON))
    wrong = typed("evidence", "export", "out", "--number", 1, "--number", 2, "--config", config)
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "there is no evidence with the number 2")
    both = typed("evidence", "export", "out", "--number", 1, "--about", "x", "--config", config)
    assert (both.code, both.out) == (2, "")
    dry = typed("evidence", "export", "out", "--dry-run", "--config", config)
    assert (dry.code, dry.out) == (0, "1 exchanges would be written to out.\n")
    assert not (tmp_path / "out").exists()


def test_an_export_of_nothing_is_an_empty_list(typed: Command, config: Path, tmp_path: Path) -> None:
    assert typed("evidence", "export", "out", "--config", config).code == 0
    assert json.loads((tmp_path / "out" / "evidence.json").read_bytes()) == []


def test_an_export_holds_one_body_at_a_time(typed: Command, config: Path) -> None:
    # given
    noise = random.Random(1)
    kept(config, *(exchange(ALDERTON, "iias.get", noise.randbytes(MIB), NOON) for _ in range(24)))
    typed("evidence", "export", "warm", "--dry-run", "--config", config)

    # when
    tracemalloc.start()
    assert typed("evidence", "export", "out", "--config", config).code == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # then
    assert peak < 8 * MIB


def test_of_a_long_body_the_beginning_is_shown_and_all_of_it_written(typed: Command, config: Path) -> None:
    kept(config, exchange(ALDERTON, "iias.get", b"<long>" + b"x" * MIB, NOON))

    listed = typed("evidence", "show", "1", "--json", "--config", config).json
    shown = typed("evidence", "show", "1", "--config", config)
    whole = typed("evidence", "show", "1", "--body", "--config", config)

    assert (len(listed["body"]), listed["body_shown_bytes"], listed["body_length"]) == (
        MIB,
        MIB,
        6 + MIB,
    )
    assert "6 bytes more: mobility-bridge evidence show 1 --body" in shown.err
    assert len(whole.out) == 6 + MIB


def test_what_is_about_students_is_exported_masked_unless_asked_for_with_a_trace(
    typed: Command, config: Path, tmp_path: Path
) -> None:
    # given
    body, esi = b"<las>Alma</las>", "urn:schac:personalUniqueCode:int:esi:x.example:7"
    asked = replace(
        exchange(ALDERTON, "omobility-las.get", body, NOON),
        url=f"https://x.example/get?global_id={esi}",
        request_body=f"global_id={esi}".encode(),
    )
    kept(config, asked, exchange(BRAVA, "iias.get", b"<iias/>", NOON))

    # when
    plain = typed("evidence", "export", "masked", "--json", "--config", config)
    full = typed("evidence", "export", "whole", "--with-personal-data", "--json", "--config", config)

    # then
    assert (plain.json, full.json) == ([1, 2], [1, 2])
    first, second = json.loads((tmp_path / "masked" / "evidence.json").read_text("utf-8"))
    assert esi not in (tmp_path / "masked" / "evidence.json").read_text("utf-8")
    assert (first["left_out"], first["request_body"], "left_out" in second) == ("personal", "***", False)
    assert not (tmp_path / "masked" / "00000001.body").exists()
    assert (tmp_path / "whole" / "00000001.body").read_bytes() == body
    assert (tmp_path / "bridge.log").read_text().count("privacy.shown") == 1
    assert esi not in typed("evidence", "list", "--json", "--config", config).out
    assert "Alma" in typed("evidence", "show", "1", "--config", config).out


def test_verifying_says_how_many_bodies_were_erased(typed: Command, config: Path) -> None:
    kept(
        config,
        exchange(ALDERTON, "omobilities.get", b"<x/>", NOON),
        exchange(BRAVA, "iias.get", b"<y/>", NOON),
    )

    async def erase() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        await store.write(lambda uow: uow.evidence.erase([1], NOON))
        await store.close()

    asyncio.run(erase())
    said = typed("evidence", "verify", "--config", config)
    assert said.code == 0
    assert "2 records hold together" in said.out
    assert "The bodies of 1 were erased" in said.out
    assert typed("evidence", "verify", "--json", "--config", config).json["erased_bodies"] == 1
