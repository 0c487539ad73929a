import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.stores import an_exchange, minutes

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange, Verification
from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.store.chain import (
    START,
    ChainBreak,
    ChainEnd,
    ChainFault,
    canonical,
    hash_of,
    link,
    verify,
)


def a_chain(length: int) -> list[EvidenceRecord]:
    records: list[EvidenceRecord] = []
    end = START
    for number in range(length):
        records.append(link(an_exchange(f"<a n='{number}'/>".encode(), received_at=minutes(number)), end))
        end = ChainEnd(records[-1].sequence, records[-1].record_hash)
    return records


def faults(records: list[EvidenceRecord]) -> list[tuple[int, str]]:
    return [(found.sequence, found.fault.value) for found in verify(records)[1]]


def test_the_hash_is_the_one_that_a_stranger_computes_from_the_description():
    record = link(
        Exchange(
            system="ewp",
            hei_id=None,
            api="iias",
            method="GET",
            url="https://alderton.example/å𝄞\n",
            received_at=datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC),
            request_id="r",
            request_headers={"b": "2", "a": '"'},
            body=b"answer",
            status=None,
            verification=Verification.TLS_ONLY,
            duration_s=1.5,
        ),
        START,
    )

    expected = (
        '{"api":"iias","body_length":6,"body_sha256":"' + hashlib.sha256(b"answer").hexdigest() + '",'
        '"duration_us":1500000,"failure":null,"hei_id":null,"method":"GET","previous_hash":"'
        + "0"
        * 64
        + '",'
        '"received_at_us":1000005,"request_body_sha256":"' + hashlib.sha256(b"").hexdigest() + '",'
        '"request_headers":{"a":"\\"","b":"2"},"request_id":"r","response_headers":{},"sequence":1,"status":null,'
        '"system":"ewp","truncated":false,"url":"https://alderton.example/\\u00e5\\ud834\\udd1e\\n",'
        '"verification":"tls_only"}'
    )
    assert canonical(record).decode() == expected
    assert record.record_hash == hashlib.sha256(expected.encode()).hexdigest()


texts = st.text()
headers = st.dictionaries(texts, texts, max_size=4)
exchanges = st.builds(
    Exchange,
    system=texts,
    hei_id=st.none() | texts,
    api=texts,
    method=texts,
    url=texts,
    received_at=st.datetimes(timezones=st.just(UTC)),
    request_id=texts,
    request_headers=headers,
    request_body=st.binary(),
    status=st.none() | st.integers(100, 599),
    response_headers=headers,
    body=st.binary(),
    truncated=st.booleans(),
    verification=st.sampled_from(Verification),
    failure=st.none() | texts,
    duration_s=st.floats(0, 1e6),
)


@given(exchange=exchanges, sequence=st.integers(0, 2**62))
def test_the_canonical_form_is_what_any_json_encoder_writes(exchange: Exchange, sequence: int):
    record = link(exchange, ChainEnd(sequence, START.record_hash))

    written = canonical(record).decode()

    members = json.loads(written)
    assert json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True) == written
    assert members["request_headers"] == exchange.request_headers
    assert (members["url"], members["failure"]) == (exchange.url, exchange.failure)
    assert (members["sequence"], members["status"]) == (sequence + 1, exchange.status)


def test_the_canonical_form_names_every_field_but_the_hash_itself():
    [record] = a_chain(1)

    members = set(json.loads(canonical(record)))

    renamed = {
        "received_at": "received_at_us",
        "duration_s": "duration_us",
        "request_body": "request_body_sha256",
    }
    of_exchange = {renamed.get(name, name) for name in Exchange.__dataclass_fields__} - {"body", "packed"}
    of_record = set(EvidenceRecord.__dataclass_fields__) - {"record_hash", "exchange"}
    of_record -= {"erased_at", "request_sha256", "url_erased"}  # what became of the record later
    assert members == of_exchange | of_record


def test_the_zone_in_which_an_instant_is_written_does_not_matter():
    [record] = a_chain(1)
    elsewhere = record.exchange.received_at.astimezone(timezone(timedelta(hours=9)))

    assert (
        hash_of(replace(record, exchange=replace(record.exchange, received_at=elsewhere)))
        == record.record_hash
    )


def test_an_untouched_chain_verifies_in_one_piece_or_many():
    records = a_chain(5)

    end, breaks = verify(records)
    half, first_breaks = verify(records[:2])

    assert breaks == first_breaks == []
    assert verify(records[2:], half) == (end, [])
    assert verify([]) == (START, [])


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/"},
        {"status": 201},
        {"received_at": minutes(99)},
        {"request_body": b"iia_id=another"},
        {"request_headers": {}},
        {"response_headers": {"content-type": "text/html"}},
        {"verification": Verification.FAILED},
        {"hei_id": None},
        {"truncated": True},
        {"failure": "x"},
        {"duration_s": 9.9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_record_shows(change: dict[str, object]):
    records = a_chain(3)
    records[1] = replace(records[1], exchange=replace(records[1].exchange, **change))

    assert faults(records) == [(2, "changed")]


def test_a_changed_body_shows_and_an_erased_one_does_not():
    records = a_chain(3)
    other, erased = (replace(records[1].exchange, body=body) for body in (b"other", b""))

    assert faults([records[0], replace(records[1], exchange=other), records[2]]) == [(2, "body_changed")]
    assert faults([records[0], replace(records[1], exchange=erased), records[2]]) == []


def test_a_changed_record_with_its_hash_made_anew_breaks_the_next():
    records = a_chain(3)
    forged = replace(records[1], exchange=replace(records[1].exchange, status=404))
    records[1] = replace(forged, record_hash=hash_of(forged))

    assert faults(records) == [(3, "out_of_place")]


def test_a_removed_record_shows():
    records = a_chain(4)

    assert faults(records[:1] + records[2:]) == [(3, "missing")]
    assert faults(records[1:]) == [(2, "missing")]


def test_an_inserted_record_shows():
    records = a_chain(3)
    stranger = link(an_exchange(b"stranger"), ChainEnd(1, records[0].record_hash))

    assert (2, "out_of_place") in faults([records[0], stranger, *records[1:]])


def test_two_records_in_each_others_place_show():
    first, second, third = a_chain(3)

    assert [number for number, _ in faults([first, third, second])] == [3, 2]


def test_a_removal_hidden_by_new_numbers_shows():
    records = a_chain(3)
    renumbered = replace(records[2], sequence=2, record_hash=Sha256(""))
    renumbered = replace(renumbered, record_hash=hash_of(renumbered))

    assert verify([records[0], renumbered])[1] == [ChainBreak(2, ChainFault.OUT_OF_PLACE)]
