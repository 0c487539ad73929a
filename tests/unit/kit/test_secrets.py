"""Where a secret is kept, and that it is never shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from mobility_bridge.kit.secrets import SecretReference


@pytest.mark.parametrize("given", [{}, {"file": "a", "env": "b"}, {"file": "a", "word": "c"}])
def test_a_secret_is_kept_in_one_place_that_is_named(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SecretReference.model_validate(given)


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("  hush \n")
    assert SecretReference(file=Path("word"), env=None).resolve(tmp_path) == "hush"


def test_a_secret_is_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "hush")
    assert SecretReference(file=None, env="WORD").resolve(tmp_path) == "hush"


def test_what_cannot_be_read_is_named_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORD", raising=False)
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfehush")
    for name, says in (
        ("none", "none cannot be read"),
        ("empty", "empty is empty"),
        ("bytes", "cannot be read"),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            SecretReference(file=Path(name), env=None).resolve(tmp_path)
        assert "hush" not in str(caught.value)
    with pytest.raises(ValueError, match="WORD is empty"):
        SecretReference(file=None, env="WORD").resolve(tmp_path)
