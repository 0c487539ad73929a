"""The keys of the store: each one that cannot be used is named, and none is ever shown."""

from pathlib import Path

import pytest

from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.secrets import SecretReference, is_key, new_key
from mobility_bridge.settings.load import load
from mobility_bridge.settings.store_keys import key_problems, store_keys

KEY = "c2VhbGVkLXdpdGgtYS1rZXktb2YtdGhpcnR5LXR3by4="


def a_file(folder: Path, name: str, text: str, mode: int = 0o600) -> SecretReference:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)
    return SecretReference(file=Path(name), env=None)


def test_a_new_key_is_one_and_no_two_are_the_same() -> None:
    keys = {new_key() for _ in range(5)}
    assert len(keys) == 5
    assert all(map(is_key, keys))


@pytest.mark.parametrize("text", ["", "short", "å" * 44, "c2hvcnQ=", KEY + "AAAA"])
def test_what_is_not_32_bytes_in_base64_is_no_key(text: str) -> None:
    assert not is_key(text)


def test_keys_that_hold_are_read_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = new_key(), new_key()
    monkeypatch.setenv("SECOND", second)
    keys = [a_file(tmp_path, "first.key", f"{first}\n"), SecretReference(file=None, env="SECOND")]

    assert key_problems(keys, tmp_path) == []
    assert store_keys(keys, tmp_path) == [first.encode(), second.encode()]


def test_every_key_that_cannot_be_used_is_named_and_none_is_shown(tmp_path: Path) -> None:
    # given
    good = new_key()
    keys = [
        a_file(tmp_path, "good.key", good),
        a_file(tmp_path, "open.key", new_key(), 0o644),
        a_file(tmp_path, "short.key", "c2hvcnQ="),
        a_file(tmp_path, "again.key", good),
        SecretReference(file=Path("none.key"), env=None),
    ]

    # when
    found = key_problems(keys, tmp_path)

    # then
    assert [(path, what) for path, what, _ in found] == [
        ("store.keys.1", "open.key has mode 0644"),
        ("store.keys.2", "(hidden)"),
        ("store.keys.3", "the same key as store.keys.0"),
        ("store.keys.4", "none.key cannot be read"),
    ]
    with pytest.raises(ConfigError) as caught:
        store_keys(keys, tmp_path)
    assert good not in repr(caught.value.problems)


def test_a_bad_key_is_a_problem_of_the_configuration_beside_all_others(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(
        '[store]\nkeys = [{ file = "none.key" }]\n[log]\nlevel = "loud"\nown_hei_id = "a.example"'
    )
    with pytest.raises(ConfigError) as caught:
        load(file, {}, {})
    assert "log.level" in {path for path, _, _ in caught.value.problems}

    file.write_text('own_hei_id = "a.example"\n[store]\nkeys = [{ file = "none.key" }]\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {}, {})
    assert [path for path, _, _ in caught.value.problems] == ["store.keys.0"]
