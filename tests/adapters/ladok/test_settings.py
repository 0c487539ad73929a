"""Settings, certificates and the mapping file: every problem at once, no secret shown."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pydantic import ValidationError
from tests.support.clock import VirtualClock
from tests.support.fixtures import REPOSITORY
from tests.support.keys import key
from tests.support.ladok_door import Answers, PlayedFeed, registry

from mobility_adapters.ladok import adapter
from mobility_adapters.ladok.certificate import load_certificate
from mobility_adapters.ladok.mappings import Problem, load_mapping
from mobility_adapters.ladok.settings import LadokSettings, problems
from mobility_bridge.errors import ConfigError
from mobility_bridge.ports.registry import CertificateLevel

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHIPPED = REPOSITORY / "config" / "mappings"
WORD = "throw-away"


def made(folder: Path, *, unit: str = "Int-test-API", days: int = 400, form: str = "p12") -> Path:
    """A certificate as Ladok's support sends it."""
    own = key("ladok-client")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ladok"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "LED"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, "mobility-bridge@NHU"),
        ]
    )
    certificate = x509.CertificateBuilder(
        name, name, own.public_key(), 7, NOW - timedelta(days=30), NOW + timedelta(days=days)
    ).sign(own, SHA256())
    file = folder / f"client.{form}"
    if form == "p12":
        encryption = BestAvailableEncryption(WORD.encode())
        data = pkcs12.serialize_key_and_certificates(b"client", own, certificate, None, encryption)
    else:
        pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        data = pem + certificate.public_bytes(Encoding.PEM)
    file.write_bytes(data)
    file.chmod(0o600)
    (folder / "word.txt").write_text(f"{WORD}\n")
    return file


def said(**changes: object) -> LadokSettings:
    whole = {
        "base_url": "https://api.ladok.example",
        "environment": "integration_test",
        "certificate": "client.p12",
        "passphrase": {"file": "word.txt"},
        **changes,
    }
    return LadokSettings.model_validate({name: value for name, value in whole.items() if value is not None})


@pytest.mark.parametrize("form", ["p12", "pem"])
def test_a_certificate_says_whose_it_is_and_for_which_environment(tmp_path: Path, form: str) -> None:
    certificate = load_certificate(made(tmp_path, form=form), None, WORD if form == "p12" else None)
    assert (certificate.user, certificate.environment) == ("mobility-bridge@NHU", "integration_test")
    certificate.load_into(ssl.create_default_context())
    assert "key" not in repr(certificate)


@pytest.mark.parametrize(
    ("days", "level", "left"),
    [
        (91, CertificateLevel.GOOD, 91),
        (90, CertificateLevel.NOTICE, 90),
        (30, CertificateLevel.WARNING, 30),
        (7, CertificateLevel.CRITICAL, 7),
        (0, CertificateLevel.EXPIRED, 0),
        (-1, CertificateLevel.EXPIRED, -1),
    ],
)
def test_a_certificate_warns_before_it_ends(
    tmp_path: Path, days: int, level: CertificateLevel, left: int
) -> None:
    status = load_certificate(made(tmp_path, days=days), None, WORD).status(NOW)
    assert (status.level, status.days_left) == (level, left)


@pytest.mark.parametrize(
    ("unit", "known"),
    [("Prod-API", "production"), ("Test-API", "test"), ("Verify-API", None)],
)
def test_a_certificate_of_another_environment_is_wrong(tmp_path: Path, unit: str, known: str | None) -> None:
    made(tmp_path, unit=unit)
    ((path, found, _),) = problems(said(), tmp_path)
    assert path == "environment"
    assert found == f"wrong_environment: the certificate is for {known or 'no environment'}"
    assert problems(said(environment="other"), tmp_path) == []


def test_a_certificate_that_fits_has_no_problems(tmp_path: Path) -> None:
    made(tmp_path)
    assert adapter.check(said(), tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "path", "found"),
    [
        ({"certificate": "absent.p12"}, "certificate", "absent.p12: no such file"),
        ({"certificate": None, "plain_user": "bridge@NHU"}, "certificate", "absent"),
        ({"base_url": "http://localhost:8000"}, "plain_user", "absent"),
        (
            {"passphrase": None},
            "certificate",
            "client.p12 is no PKCS#12 file, or the pass phrase is not its own",
        ),
        ({"passphrase": {"file": "none.txt"}}, "passphrase", "none.txt cannot be read"),
        ({"passphrase": {"env": "NO_SUCH_WORD"}}, "passphrase", "NO_SUCH_WORD is empty"),
        ({"ca_file": "chain.pem"}, "ca_file", "chain.pem: no such file"),
    ],
)
def test_each_problem_is_named(tmp_path: Path, changes: dict[str, object], path: str, found: str) -> None:
    made(tmp_path)
    ((where, what, _),) = adapter.check(said(**changes), tmp_path)
    assert (where, what) == (path, found)


def test_a_certificate_that_others_can_read_is_a_problem(tmp_path: Path) -> None:
    made(tmp_path).chmod(0o644)
    assert [path for path, _, _ in adapter.check(said(), tmp_path)] == ["certificate"]


def test_broken_pem_is_named_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "broken.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match=r"broken\.pem and its key cannot be read"):
        load_certificate(file, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "http://api.ladok.example"},
        {"base_url": "https://user:word@api.ladok.example"},
        {"base_url": "https://api.ladok.example/path"},
        {"passphrase": "literal"},
        {"passphrase": {"file": "a", "env": "b"}},
        {"closures": ["thursdays"]},
        {"closures": ["thursday 25:00-07:00"]},
        {"assumed": ["A1"]},
        {"assumed": ["A6", "attestera"]},
        {"feed_prefix": "feed"},
        {"feed_every_s": 1},
        {"environment": "prod"},
        {"mappings": "../ladok.toml"},
        {"registraton": True},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        said(**changes)


def test_every_setting_is_described_and_every_write_is_off() -> None:
    assert all(field.description for field in LadokSettings.model_fields.values())
    plain = said()
    assert (plain.registration, plain.assumed) == (False, ())


def test_the_wrong_environment_stops_the_build(tmp_path: Path) -> None:
    made(tmp_path, unit="Prod-API")
    with pytest.raises(ConfigError, match="wrong_environment") as caught:
        registry(
            Answers(PlayedFeed({})),
            tmp_path,
            base_url="https://api.ladok.example",
            environment="test",
            certificate="client.p12",
            passphrase={"file": "word.txt"},
            plain_user=None,
        )
    assert WORD not in str(caught.value)


def test_an_address_with_https_is_not_asked_without_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no certificate is set"):
        registry(Answers(PlayedFeed({})), tmp_path, base_url="https://api.ladok.example")


def test_the_registry_says_how_long_its_certificate_holds(tmp_path: Path) -> None:
    made(tmp_path, days=20)
    door = registry(
        Answers(PlayedFeed({})),
        tmp_path,
        clock=VirtualClock(NOW),
        base_url="https://api.ladok.example",
        environment="integration_test",
        certificate="client.p12",
        passphrase={"file": "word.txt"},
        plain_user=None,
    )
    status = door.certificate()
    assert status is not None
    assert (status.level, status.user) == (CertificateLevel.WARNING, "mobility-bridge@NHU")


def test_the_shipped_mapping_file_holds() -> None:
    found: list[Problem] = []
    loaded = load_mapping(SHIPPED / "ladok.toml", found)
    assert found == []
    assert loaded is not None
    assert loaded.rules().is_agreement("9901", None)


def test_every_problem_of_the_mapping_file_is_named(tmp_path: Path) -> None:
    text = (SHIPPED / "ladok.toml").read_text(encoding="utf-8")
    text = text.replace('= "name"', '= "shoe_size"').replace('direction = "incoming"', 'direction = "inward"')
    text = text.replace("[education_types]", "[types]").replace('method = "PUT"', 'method = "PATCH"')
    file = tmp_path / "ladok.toml"
    file.write_text(text, encoding="utf-8")
    found: list[Problem] = []
    assert load_mapping(file, found) is None
    assert sorted(path.rpartition(": ")[2] for path, _, _ in found) == [
        "assumed.A9.method",
        "directions.0.direction",
        "education_types",
        "exchange_report.columns",
        "types",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [("[assumed.A9]", "[assumed.A99]"), ("tillfallesantagning/{uid}", "tillfallesantagning/{person}")],
)
def test_an_assumed_resource_must_be_known_and_fillable(tmp_path: Path, before: str, after: str) -> None:
    text = (SHIPPED / "ladok.toml").read_text(encoding="utf-8").replace(before, after)
    (tmp_path / "ladok.toml").write_text(text, encoding="utf-8")
    found: list[Problem] = []
    assert load_mapping(tmp_path / "ladok.toml", found) is None
    assert [path.rpartition(": ")[2] for path, _, _ in found] == ["assumed"]


@pytest.mark.parametrize("content", [None, "education_types =", '[[directions]]\npattern = "("\n'])
def test_a_mapping_file_that_cannot_be_used_stops_the_build(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "ladok.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="in the mapping file"):
        registry(Answers(PlayedFeed({})), tmp_path, mappings_dir=tmp_path)
