"""Whatever the order, the same copies; whatever is cut off, never a complete reading."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.fixtures import REPOSITORY
from tests.support.mobility_online import AUTHORITY, OWN, played, reads, sample, source

from mobility_adapters.mobility_online.copies import gather
from mobility_adapters.mobility_online.mappings import CodeMappings, ReportMapping, load_mapping
from mobility_adapters.mobility_online.report import read_report
from mobility_bridge.errors import ExternalError
from mobility_bridge.sandbox.mobility_online import MobilityOnline, Tenant
from mobility_bridge.sandbox.mobility_online_report import agreement_report

SEARCHES = [{"personType": who, "applicationType": way} for who in "ST" for way in ("IN", "OUT")]


@given(st.permutations(sample()))
@settings(max_examples=25, deadline=None)
def test_the_order_of_records_does_not_matter(order: list[object]) -> None:
    codes = load_mapping(CodeMappings, REPOSITORY / "config/mappings/mobility_online.toml", [])
    assert codes is not None
    now = datetime(2026, 11, 23, tzinfo=UTC)
    raws = {int(str(raw["agreementID"])): raw for raw in _raws()}
    said = {"own_hei_id": OWN, "mappings": codes, "fetched_at": now}
    shuffled = gather([raws[record.agreement_id] for record in order], **said)  # type: ignore[attr-defined, arg-type]
    assert shuffled == gather(raws.values(), **said)  # type: ignore[arg-type]


@given(st.integers(0, 3), st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_an_answer_cut_anywhere_never_makes_a_complete_reading(which: int, where: float) -> None:
    assert not asyncio.run(_complete_when_cut(SEARCHES[which], where))


async def test_a_slow_service_is_a_time_out_and_not_an_empty_one(tmp_path: Path) -> None:
    application = played(sample())
    application.switch("mo_hang", operation="getAgreementsBySearchParameters", arguments=SEARCHES[0])
    reading = await source(_Impatient(application), tmp_path, read_attempts=1).read()
    assert not reading.complete
    assert any(exchange.failure == "timeout" for exchange in reading.exchanges)


async def test_reordered_answers_give_the_same_documents(tmp_path: Path) -> None:
    forward = await reads(played(sample()), tmp_path).read()
    tenant = Tenant("nordhav", lambda: tuple(reversed(sample())))
    backward = await reads(MobilityOnline({AUTHORITY: tenant}), tmp_path).read()
    assert [read.document for read in forward.copies] == [read.document for read in backward.copies]


def _raws() -> list[dict[str, object]]:
    """The sample as the wire brings it, by way of the report, which needs no call."""
    columns = load_mapping(ReportMapping, REPOSITORY / "config/mappings/mobility_online_report.toml", [])
    assert columns is not None
    return read_report(agreement_report(sample(), None), columns, limit=1 << 20)  # type: ignore[return-value]


async def _complete_when_cut(search: dict[str, str], where: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:  # hypothesis and the fixture of one test do not mix
        reader = source(_Cutting(played(sample()), search, where), Path(folder))
    try:
        return (await reader.read()).complete
    except ExternalError:
        return False


class _Cutting(httpx.AsyncBaseTransport):
    """Cuts the answer of one search at a share of its length."""

    def __init__(self, application: MobilityOnline, search: dict[str, str], where: float) -> None:
        self._inner = httpx.ASGITransport(application)
        self._marks = [f">{text}</" for text in search.values()]
        self._where = where

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if "getAgreementsBySearch" in (text := request.content.decode()) and all(
            m in text for m in self._marks
        ):
            body = body[: int(len(body) * self._where)]
        return httpx.Response(response.status_code, content=body)


class _Impatient(httpx.AsyncBaseTransport):
    """Ends a call that hangs with the time-out that a wire would give."""

    def __init__(self, application: MobilityOnline) -> None:
        self._inner = httpx.ASGITransport(application)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await asyncio.wait_for(self._inner.handle_async_request(request), 0.3)
        except TimeoutError:
            raise httpx.ReadTimeout("nothing came", request=request) from None
