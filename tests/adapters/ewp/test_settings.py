from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.keys import key, private_pem, tls_files

from mobility_adapters.ewp import adapter
from mobility_adapters.ewp.keys import fingerprint
from mobility_adapters.ewp.settings import EwpSettings, problems, signing_key
from mobility_bridge.errors import ConfigError

KEY_ID = fingerprint(key("client").public_key())


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "client.pem"
    path.write_bytes(private_pem(key("client")))
    path.chmod(0o600)
    return path


def settings(**given: Any) -> EwpSettings:
    return EwpSettings.model_validate({"client_key": {"file": "client.pem"}, **given})


def test_good_settings_have_no_problems(tmp_path: Path, key_file: Path) -> None:
    assert problems(settings(), tmp_path) == []
    assert adapter.check(settings(), tmp_path) == []
    assert signing_key(settings().client_key, tmp_path).key_id == KEY_ID


def test_the_key_may_come_from_the_environment(tmp_path: Path) -> None:
    given = settings(client_key={"env": "EWP_KEY"})
    environ = {"EWP_KEY": private_pem(key("client")).decode()}

    assert signing_key(given.client_key, tmp_path, environ.get).key_id == KEY_ID
    assert problems(given, tmp_path, environ.get) == []
    ((path, found, _),) = problems(given, tmp_path, {}.get)
    assert (path, found) == ("client_key.env", "EWP_KEY is not set")


@pytest.mark.parametrize(
    "literal", ["-----BEGIN PRIVATE KEY-----", {}, {"file": "a", "env": "B"}, {"pem": "x"}]
)
def test_a_literal_key_is_refused(literal: object) -> None:
    with pytest.raises(ValidationError):
        settings(client_key=literal)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="verify_tls"):
        settings(verify_tls=False)


def test_a_registry_without_tls_is_refused() -> None:
    with pytest.raises(ValidationError):
        settings(registry_url="http://registry.example/")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o606])
def test_a_key_that_others_may_read_is_a_problem(tmp_path: Path, key_file: Path, mode: int) -> None:
    key_file.chmod(mode)

    ((path, found, wanted),) = problems(settings(), tmp_path)

    assert path == "client_key.file"
    assert f"{mode:04o}" in found
    assert "0600" in wanted


def test_a_key_that_is_wrong_in_two_ways_is_two_problems(tmp_path: Path, key_file: Path) -> None:
    key_file.write_bytes(b"no key")
    key_file.chmod(0o644)

    found = [what for _, what, _ in problems(settings(), tmp_path)]

    assert len(found) == 2
    assert "0644" in found[0]
    assert "not a PEM private key" in found[1]


def test_a_key_that_is_too_short_or_no_key_is_a_problem(tmp_path: Path, key_file: Path) -> None:
    key_file.write_bytes(private_pem(key("short", 1024)))
    assert "1024 bits" in problems(settings(), tmp_path)[0][1]

    key_file.write_bytes(b"no key")
    assert "not a PEM private key" in problems(settings(), tmp_path)[0][1]


def test_all_problems_are_found_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"")
    (tmp_path / "old").mkdir()
    expired = tls_files(tmp_path / "old", expired=True).certificate
    given = settings(
        ca_file="empty.pem",
        registry_ca_file=str(expired),
        catalogue_min_s=600,
        catalogue_max_s=300,
        connect_s=90,
    )

    found = {path: text for path, text, _ in problems(given, tmp_path)}

    assert set(found) == {"client_key.file", "ca_file", "registry_ca_file", "catalogue_min_s", "connect_s"}
    assert "No such file" in found["client_key.file"]
    assert "holds no certificate" in found["ca_file"]
    assert "expired on" in found["registry_ca_file"]


def test_a_missing_authority_file_is_a_problem(tmp_path: Path, key_file: Path) -> None:
    assert problems(settings(ca_file="absent.pem"), tmp_path)[0][0] == "ca_file"


def test_an_unusable_key_stops_the_build_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        signing_key(settings().client_key, tmp_path)
    assert caught.value.problems[0][0] == "adapters.ewp.client_key.file"
    assert caught.value.next_step == "Run: mobility-bridge config check"


def test_every_key_says_what_it_means() -> None:
    for name, field in EwpSettings.model_fields.items():
        assert len(field.description or "") > 30, name
