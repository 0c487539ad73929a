"""Before trusting anything: the registry, our own systems, and this machine's clock, all problems at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.support.bridges import a_bridge, dump
from tests.support.network import exchange, unreachable

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.ports.sources import CatalogueStatus
from mobility_bridge.services.preflight import clock_problems, preflight

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def answered(date: str | None, name: str = "Date") -> Exchange:
    headers = {} if date is None else {name: date}
    return replace(exchange(None, "catalogue", b"", NOW), response_headers=headers)


def off_by(seconds: float) -> Exchange:
    return answered(format_datetime(NOW - timedelta(seconds=seconds), usegmt=True))


@pytest.mark.parametrize("seconds", [0, 299, -299, 300])
def test_a_clock_within_five_minutes_is_good_enough(seconds: float) -> None:
    assert clock_problems((off_by(seconds),)) == []


@pytest.mark.parametrize(("seconds", "found"), [(301, "301 s fast"), (-3600, "3600 s slow")])
def test_a_clock_that_is_off_is_said_with_how_much_and_which_way(seconds: float, found: str) -> None:
    ((where, what, wanted),) = clock_problems((off_by(seconds),))
    assert (where, what) == ("(this machine's clock)", found)
    assert "300 s" in wanted


@pytest.mark.parametrize("date", [None, "yesterday", ""])
def test_an_answer_without_a_usable_date_says_nothing_about_the_clock(date: str | None) -> None:
    assert clock_problems((answered(date),)) == []
    assert clock_problems(()) == []


def test_the_name_of_the_header_may_be_written_in_any_way() -> None:
    date = format_datetime(NOW - timedelta(hours=1), usegmt=True)
    assert clock_problems((answered(date, "date"),))


async def test_a_bridge_in_order_has_no_problem() -> None:
    assert await preflight(a_bridge().context) == []


async def test_every_problem_is_found_at_once_and_nothing_is_written() -> None:
    bridge = a_bridge()
    bridge.network.catalogue = CatalogueStatus(
        2, NOW, problem="half of it is gone", exchanges=(off_by(3600),)
    )
    bridge.source.error = unreachable("mobility_online")
    before = await dump(bridge.store)
    found = await preflight(bridge.context)
    assert [path for path, _, _ in found] == [
        "adapters.ewp.registry_url",
        "(this machine's clock)",
        "adapters.mobility_online",
    ]
    assert await dump(bridge.store) == before
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == 0


async def test_a_registry_that_does_not_answer_is_a_problem_and_does_not_hide_the_clock() -> None:
    bridge = a_bridge()
    error = unreachable("registry")
    error.evidence = (off_by(-900),)
    bridge.network.catalogue_error = error
    assert [path for path, _, _ in await preflight(bridge.context)] == [
        "adapters.ewp.registry_url",
        "(this machine's clock)",
    ]


async def test_a_key_that_the_registry_does_not_list_is_a_problem() -> None:
    bridge = a_bridge()
    bridge.network.known = False
    ((path, found, wanted),) = await preflight(bridge.context)
    assert (path, found) == ("adapters.ewp.client_key", "not in the catalogue")
    assert "nordhav.example" in wanted
