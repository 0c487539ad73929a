import httpx
import pytest

from mobility_adapters.ewp.requests import address


@pytest.mark.parametrize(
    "url",
    [
        "https://brava.example/ewp/iias/index",
        "https://brava.example/",
        "https://brava.example",
        "https://brava.example?a=b",
        "https://brava.example:8443/iias",
        "https://brava.example:443/iias",
        "https://BRAVA.example/IIAs",
        "https://brava.example/a/../b/./c",
        "https://brava.example/v1.0/a.b",
        "https://brava.example/..",
        "https://brava.example/.a//b",
        "https://brava.example/å b?ä=ö#part",
        "https://bräva.example/%7Ea%2fb",
        "https://brava.example/a?b=c&d='e'",
        "https://[::1]:8443/a",
        "http://brava.example/a",
    ],
)
def test_the_short_way_gives_what_the_long_one_would(url: str) -> None:
    parsed = httpx.URL(url)

    found = address(url)

    assert found.host == parsed.netloc.decode()
    assert found.origin == f"{parsed.scheme}://{found.host}"
    assert found.target == parsed.raw_path.decode()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "brava.example",
        "https://",
        "https:///a",
        "https://brava.example:port/",
        "ftp://a/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        address(url)
