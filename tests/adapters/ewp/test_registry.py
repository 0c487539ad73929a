import time

import pytest
from tests.support.ewp_network import (
    BRAVA,
    OWN,
    Host,
    agreement_apis,
    catalogue_xml,
    hei,
    iias,
    one_url,
    ordinary_hosts,
)
from tests.support.keys import key

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.keys import fingerprint
from mobility_adapters.ewp.manifest import read_version
from mobility_adapters.ewp.registry import Catalogue, read_catalogue
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.kit import xml

ALDERTON = HeiId("alderton.example")
BASE = "https://brava.example/ewp"


def catalogue(hosts: list[Host], heis: list[str] | None = None) -> Catalogue:
    return read_catalogue(xml.parse(catalogue_xml(hosts, heis), limit=1 << 26))


def test_an_api_is_found_with_its_addresses_and_limit() -> None:
    endpoint = catalogue(ordinary_hosts()).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.version_text == "7.0.0"
    assert endpoint.entry.urls == {"get": f"{BASE}/iias/get", "index": f"{BASE}/iias/index"}
    assert endpoint.entry.max_ids == 3
    assert endpoint.entry.security.signs_responses


def test_c1_api_and_hei_must_stand_on_the_same_host() -> None:
    index = catalogue([Host([ALDERTON], [iias(BASE)]), Host([BRAVA])])

    assert index.endpoint(BRAVA, "iias") is None
    assert index.endpoint(ALDERTON, "iias") is not None


def test_c2_the_numerically_highest_version_is_chosen() -> None:
    echoes = [
        one_url("echo", wire.ECHO_V2_ENTRY, version, f"https://brava.example/{version}")
        for version in ("2.9.1", "2.10.0", "2.2.0")
    ]

    endpoint = catalogue([Host([BRAVA], echoes)]).endpoint(BRAVA, "echo")

    assert endpoint is not None
    assert endpoint.entry.version == (2, 10, 0)


@pytest.mark.parametrize("version", [None, "", "7", "7.0", "7.0.0-rc1", "seven", "٧.0.0"])
def test_c3_an_entry_without_a_version_is_skipped(version: str | None) -> None:
    index = catalogue([Host([BRAVA], [iias(BASE, version), iias("https://two.example", "7.0.1")])])

    endpoint = index.endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.version_text == "7.0.1"


def test_c3_foreign_elements_among_the_entries_are_skipped() -> None:
    foreign = one_url("calendar", "https://example.org/not-ewp", "1.0.0", "https://brava.example/calendar")

    assert catalogue([Host([BRAVA], [foreign, iias(BASE)])]).endpoint(BRAVA, "iias") is not None


def test_c5_unknown_security_methods_are_ignored() -> None:
    odd = (
        f'<s:client-auth-methods xmlns:s="{wire.SECURITY}"><dance xmlns="https://example.org/dance"/>'
        f'<httpsig xmlns="{wire.CLIAUTH_HTTPSIG}"/></s:client-auth-methods>'
    )
    endpoint = catalogue([Host([BRAVA], [iias(BASE, security=odd)])]).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.security.unusable_reason is None
    assert not endpoint.entry.security.signs_responses


def test_methods_of_one_aspect_do_not_count_for_another() -> None:
    server_side = (
        f'<s:client-auth-methods xmlns:s="{wire.SECURITY}"><httpsig xmlns="{wire.SRVAUTH_HTTPSIG}"/>'
        "</s:client-auth-methods>"
    )
    endpoint = catalogue([Host([BRAVA], [iias(BASE, security=server_side)])]).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.security.unusable_reason == "it does not accept signed requests"


def test_an_encryption_that_we_do_not_speak_makes_an_entry_unusable() -> None:
    encrypted = (
        f'<s:client-auth-methods xmlns:s="{wire.SECURITY}"><httpsig xmlns="{wire.CLIAUTH_HTTPSIG}"/></s:client-auth-methods>'
        f'<s:request-encryption-methods xmlns:s="{wire.SECURITY}"><rsa xmlns="https://example.org/rsa"/></s:request-encryption-methods>'
    )
    endpoint = catalogue([Host([BRAVA], [iias(BASE, security=encrypted)])]).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert "beyond TLS" in str(endpoint.entry.security.unusable_reason)


def test_a_usable_entry_is_chosen_before_a_newer_one_that_is_not() -> None:
    apis = [iias(BASE, "7.1.0", security=None), iias("https://two.example", "7.0.0")]

    endpoint = catalogue([Host([BRAVA], apis)]).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.version_text == "7.0.0"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(None, 1), ("", 1), ("many", 1), ("0", 1), ("-3", 1), (" 25 ", 25), ("99999999999", 1)],
)
def test_c29_an_unreadable_limit_is_one(limit: str | None, expected: int) -> None:
    endpoint = catalogue([Host([BRAVA], [iias(BASE, limit=limit)])]).endpoint(BRAVA, "iias")

    assert endpoint is not None
    assert endpoint.entry.max_ids == expected


def test_a_server_key_counts_for_its_own_host_only() -> None:
    hosts = [
        Host([BRAVA], [iias(BASE)], server_keys=[key("server")]),
        Host([ALDERTON], [iias(BASE)], server_keys=[key("alderton")]),
    ]
    index = catalogue(hosts)
    brava, alderton = index.endpoint(BRAVA, "iias"), index.endpoint(ALDERTON, "iias")
    assert brava is not None
    assert alderton is not None
    key_id = fingerprint(key("server").public_key())

    assert index.server_key(brava.host, key_id) is not None
    assert index.server_key(brava.host, key_id) is index.server_key(brava.host, key_id)
    assert index.server_key(alderton.host, key_id) is None


def test_a_server_key_is_no_client_key() -> None:
    index = catalogue(ordinary_hosts())

    assert index.client_heis(fingerprint(key("client").public_key())) == {OWN}
    assert index.client_heis(fingerprint(key("server").public_key())) == frozenset()


HEIS = [
    hei(
        BRAVA,
        ("erasmus", "XX BRAVA01"),
        ("pic", "900000001"),
        ("previous-schac", "old-brava.example"),
        ("euc", "12345"),
    ),
    hei(
        ALDERTON,
        ("erasmus", "YY ALDERT01"),
        ("erasmus-charter", "999"),
        ("pic", "7"),
        ("previous-schac", BRAVA),
    ),
    hei("eskil.example", ("pic", "7")),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("brava.example", BRAVA),
        (" Brava.Example ", BRAVA),
        ("old-brava.example", BRAVA),
        ("  xx brava01 ", BRAVA),
        ("900000001", BRAVA),
        ("12345", BRAVA),
        ("yy aldert01", ALDERTON),
        ("7", None),
        ("nobody.example", None),
        ("", None),
    ],
)
def test_c33_a_hei_is_found_by_any_of_its_ids_in_any_case(text: str, found: HeiId | None) -> None:
    assert catalogue([Host([BRAVA])], HEIS).find(text) == found


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([("PT", "Universidade"), ("EN", "University")], "University"),
        ([("pt", "Universidade"), ("en-GB", "University")], "University"),
        ([("ru-Latn", "Universitet"), (None, "Plain")], "Plain"),
        ([("ar-Cyrl-CO", "Only")], "Only"),
    ],
)
def test_c32_names_are_read_whatever_their_language(
    names: list[tuple[str | None, str]], expected: str
) -> None:
    partner = catalogue([Host([BRAVA])], [hei(BRAVA, names=names)]).partner(BRAVA)

    assert partner is not None
    assert partner.name == expected


def test_partners_are_those_with_agreement_apis_in_any_version() -> None:
    old = one_url("iia-cnr", wire.IIA_CNR_V3_ENTRY.replace("v3", "v2"), "2.0.2", f"{BASE}/cnr")
    echo = one_url("echo", wire.ECHO_V2_ENTRY, "2.0.1", f"{BASE}/echo")
    hosts = [
        Host([BRAVA], agreement_apis(BASE), provider="Brava University (BravaSIS)"),
        Host([ALDERTON], [old]),
        Host(["eskil.example"], [echo]),
    ]

    alderton, brava = catalogue(hosts).agreement_partners

    assert (alderton.hei_id, alderton.old_versions, alderton.offers) == (
        ALDERTON,
        (("iia-cnr", "2.0.2"),),
        {},
    )
    assert brava.hei_id == BRAVA
    assert brava.provider == "Brava University (BravaSIS)"
    assert sorted(brava.offers) == ["echo", "iia-approval-cnr", "iia-cnr", "iias", "iias-approval"]


def test_a_hei_on_several_hosts_has_the_apis_of_all() -> None:
    echo = one_url("echo", wire.ECHO_V2_ENTRY, "2.0.1", f"{BASE}/echo")
    partner = catalogue([Host([BRAVA, BRAVA], [iias(BASE)]), Host([BRAVA], [echo])]).partner(BRAVA)

    assert partner is not None
    assert sorted(partner.offers) == ["echo", "iias"]


@pytest.mark.parametrize("text", ["1.2.3", "10.0.0"])
def test_versions_are_three_numbers(text: str) -> None:
    assert read_version(text) == tuple(int(part) for part in text.split("."))


def test_three_thousand_heis_are_indexed_in_a_moment() -> None:
    hosts = [
        Host([f"hei-{n}.example"], agreement_apis(f"https://h{n}.example/ewp"), server_keys=[key("server")])
        for n in range(3000)
    ]
    document = catalogue_xml(hosts)
    started = time.perf_counter()

    index = read_catalogue(xml.parse(document, limit=1 << 26))

    assert len(index.agreement_partners) == 3000
    assert time.perf_counter() - started < 15  # measured 1 s; the rest is for busy machines
