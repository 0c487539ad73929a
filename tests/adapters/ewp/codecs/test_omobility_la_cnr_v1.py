"""The counts of a receiver of learning agreements."""

from tests.support.fixtures import sample

from mobility_adapters.ewp.codecs import omobility_la_cnr_v1 as codec
from mobility_adapters.ewp.codecs.omobility_la_cnr_v1 import IncomingLaStats

FOLDER = "ewp/omobility-la-cnr/v1"


def test_counts_are_read_a_row_a_year_and_written_alike() -> None:
    years = codec.decode_stats(sample(f"{FOLDER}/stats-two-years.xml"))

    assert years == [
        IncomingLaStats("2025/2026", 50, 44, 43, 1, 6),
        IncomingLaStats("2026/2027", 9, 7, 5, 1, 3),
    ]
    assert codec.decode_stats(codec.encode_stats(years)) == years
    assert codec.decode_stats(sample(f"{FOLDER}/stats-nothing.xml")) == []
