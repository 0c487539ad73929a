"""Answers to notifications about learning agreements, and the receiver's counts."""

import pytest
from tests.support.fixtures import sample

from mobility_adapters.ewp.codecs import omobility_la_cnr_v1 as codec
from mobility_adapters.ewp.codecs.omobility_la_cnr_v1 import IncomingLaStats
from mobility_bridge.errors import InvalidDocument

FOLDER = "ewp/omobility-la-cnr/v1"


@pytest.mark.parametrize("name", ["understood", "understood-prefixed"])
def test_the_receivers_own_answer_is_accepted(name: str) -> None:
    codec.check(sample(f"{FOLDER}/{name}.xml"))


def test_what_is_written_is_accepted() -> None:
    codec.check(codec.encode())


def test_another_document_is_no_answer() -> None:
    with pytest.raises(InvalidDocument, match="root element"):
        codec.check(sample("ewp/iia-cnr/v3/understood.xml"))


def test_counts_are_read_a_row_a_year_and_written_alike() -> None:
    years = codec.decode_stats(sample(f"{FOLDER}/stats-two-years.xml"))

    assert years == [
        IncomingLaStats("2025/2026", 50, 44, 43, 1, 6),
        IncomingLaStats("2026/2027", 9, 7, 5, 1, 3),
    ]
    assert codec.decode_stats(codec.encode_stats(years)) == years
    assert codec.decode_stats(sample(f"{FOLDER}/stats-nothing.xml")) == []
