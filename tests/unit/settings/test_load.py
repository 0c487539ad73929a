"""Reading the configuration: every problem at once, each with its path and what is wanted; secrets are never shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mobility_bridge.errors import ConfigError
from mobility_bridge.settings.load import Loaded, config_file, load, with_settings
from mobility_bridge.settings.model import NotifySettings, Settings

GOOD = """
own_hei_id = "nordhav.example"

[store]
url = "sqlite:///var/bridge.sqlite3"

[log]
file = "bridge.log"

[adapters.ewp]
feed_every_s = 60
client_key = { file = "key.pem" }
"""


class Reference(BaseModel):
    model_config = ConfigDict(extra="forbid")
    file: str


class Ewp(BaseModel):
    """Stands for an adapter's own section."""

    model_config = ConfigDict(extra="forbid")
    feed_every_s: int = Field(60, ge=1)
    client_key: Reference
    login_password: int = 0
    quick: bool = False
    careful: bool = False

    @model_validator(mode="before")
    @classmethod
    def _not_both(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("quick") and data.get("careful"):
            raise ValueError("either quick or careful")
        return data


def loaded(tmp_path: Path, text: str = GOOD, **environ: str) -> Loaded:
    file = tmp_path / "bridge.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, {"ewp": Ewp}, environ)


def problems(tmp_path: Path, text: str, **environ: str) -> dict[str, tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text, **environ)
    assert caught.value.exit_code == 2
    return {path: (found, wanted) for path, found, wanted in caught.value.problems}


def test_a_configuration_that_holds_is_read_with_its_defaults(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.settings.own_hei_id == "nordhav.example"
    assert found.settings.notify == NotifySettings()
    assert isinstance(found.adapters["ewp"], Ewp)


def test_relative_paths_count_from_the_file_and_not_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file = tmp_path / "bridge.toml"
    file.write_text(GOOD, encoding="utf-8")
    settings = load(Path("../bridge.toml"), {"ewp": Ewp}, {}).settings
    assert settings.store.url == f"sqlite:///{tmp_path}/var/bridge.sqlite3"
    assert settings.log.file == tmp_path / "bridge.log"
    assert settings.paths.state_dir == tmp_path / "var" / "state"
    assert settings.paths.mappings_dir is None


@pytest.mark.parametrize(
    "url", ["memory:", "sqlite:////srv/bridge.sqlite3", "postgresql+psycopg://bridge@db.example/bridge"]
)
def test_absolute_places_stay_as_they_are(tmp_path: Path, url: str) -> None:
    text = GOOD.replace("sqlite:///var/bridge.sqlite3", url)
    assert loaded(tmp_path, text).settings.store.url == url


def test_every_problem_is_named_at_once_with_its_path(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        own_hei_id = "Example University"
        [store]
        ulr = "x"
        [log]
        level = "loud"
        [notify]
        lease_s = 3
        first_retry_s = "soon"
        [adapters.ewp]
        feed_evry_s = 60
        client_key = "-----BEGIN PRIVATE KEY-----"
        [adapters.ladok]
        """,
    )
    assert found["own_hei_id"][0] == "'Example University'"
    assert found["own_hei_id"][1] == 'not a SCHAC domain; expected something like "example.edu"'
    assert found["store.ulr"] == ("unknown key", "did you mean url?")
    assert found["adapters.ewp.feed_evry_s"] == ("unknown key", "did you mean feed_every_s?")
    assert found["adapters.ladok"][0] == "no such adapter"
    assert "BEGIN" not in str(found)
    assert set(found) == {
        "own_hei_id",
        "store.ulr",
        "log.level",
        "notify.lease_s",
        "notify.first_retry_s",
        "adapters.ewp.feed_evry_s",
        "adapters.ewp.client_key",
        "adapters.ladok",
    }


def test_the_next_step_names_the_command_and_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "own_hei_id = 3")
    assert caught.value.next_step == f"Run: mobility-bridge config check --config {tmp_path}/bridge.toml"
    assert caught.value.message.endswith("1 problem")


@pytest.mark.parametrize(
    "own_hei_id", ["nordhav", "Nordhav.example", "the nordhav.example!", "nordhav.example\\n", ".example", ""]
)
def test_what_is_no_schac_domain_from_end_to_end_is_refused(tmp_path: Path, own_hei_id: str) -> None:
    assert "own_hei_id" in problems(tmp_path, f'own_hei_id = "{own_hei_id}"')


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, "[adapters.ewp]")
    assert found["own_hei_id"] == ("missing", "this key is required")
    assert found["adapters.ewp.client_key"] == ("missing", "this key is required")


@pytest.mark.parametrize(
    "line",
    ['client_key = "hunter2"', 'login_password = "hunter2"', 'client_key = { file = "a", text = "hunter2" }'],
)
def test_a_secret_written_into_the_file_is_never_shown(tmp_path: Path, line: str) -> None:
    found = problems(tmp_path, f'own_hei_id = "nordhav.example"\n[adapters.ewp]\n{line}')
    assert found
    assert "hunter2" not in str(found)


def test_a_problem_of_a_whole_section_names_it_and_does_not_show_what_is_in_it(tmp_path: Path) -> None:
    text = GOOD + 'quick = true\ncareful = true\nlogin_password = "hunter2"\n'
    found = problems(tmp_path, text)
    assert found == {"adapters.ewp": ("(a table)", "value error, either quick or careful")}


def test_a_section_that_is_no_table_is_named(tmp_path: Path) -> None:
    text = 'own_hei_id = "nordhav.example"\nlog = "loud"\n[adapters]\newp = 3'
    assert set(problems(tmp_path, text)) == {"log", "adapters.ewp"}
    assert "adapters" in problems(tmp_path, 'own_hei_id = "nordhav.example"\nadapters = 3')


def test_the_environment_overrides_the_file_with_values_as_toml_or_as_text(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        MOBILITY_BRIDGE__NOTIFY__LEASE_S="30",
        MOBILITY_BRIDGE__NOTIFY__ENABLED="false",
        MOBILITY_BRIDGE__LOG__LEVEL="debug",
        MOBILITY_BRIDGE__SYNC__EXCLUDE_PARTNERS='["brava.example"]',
        MOBILITY_BRIDGE__ADAPTERS__EWP__FEED_EVERY_S="5",
        MOBILITY_BRIDGE_CONFIG="not a setting",
    )
    assert (settings.settings.notify.lease_s, settings.settings.notify.enabled) == (30, False)
    assert settings.settings.log.level == "debug"
    assert settings.settings.sync.exclude_partners == ("brava.example",)
    assert settings.adapters["ewp"].feed_every_s == 5  # type: ignore[attr-defined]


def test_an_unknown_key_in_the_environment_is_a_problem_like_one_in_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD, MOBILITY_BRIDGE__NOTIFY__LEASES="30")
    assert found == {"notify.leases": ("unknown key", "did you mean lease_s?")}


@pytest.mark.parametrize("name", ["OWN_HEI_ID__X", "OWN_HEI_ID__X__Y", ""])
def test_a_variable_that_can_name_no_key_is_a_problem_and_no_crash(tmp_path: Path, name: str) -> None:
    variable = f"MOBILITY_BRIDGE__{name}"
    found = problems(tmp_path, GOOD, **{variable: "1"})
    assert found == {variable: ("names no key", "MOBILITY_BRIDGE__SECTION__KEY")}


def test_a_file_that_is_not_there_is_said_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file") as caught:
        load(tmp_path / "nowhere.toml", {})
    assert "--config" in (caught.value.next_step or "")


@pytest.mark.parametrize("content", [b"own_hei_id = ", b"own_hei_id = '\xff'", b"\x00"])
def test_a_file_that_is_not_toml_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bridge.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="not TOML"):
        load(file, {})


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        load(tmp_path, {})


def test_further_checks_of_a_section_are_listed_with_the_problems_of_the_others(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(GOOD.replace("nordhav.example", "Nordhav"), encoding="utf-8")

    def check(name: str, section: BaseModel, base: Path) -> list[tuple[str, str, str]]:
        assert base == tmp_path
        return [(f"adapters.{name}.client_key.file", "key.pem: no such file", "a readable PEM file")]

    with pytest.raises(ConfigError) as caught:
        load(file, {"ewp": Ewp}, {}, check)
    assert [path for path, _, _ in caught.value.problems] == ["own_hei_id", "adapters.ewp.client_key.file"]


def test_the_file_meant_is_the_option_then_the_variable_then_the_one_in_this_folder() -> None:
    variable = {"MOBILITY_BRIDGE_CONFIG": "/etc/bridge.toml"}
    assert config_file(Path("mine.toml"), variable) == Path("mine.toml")
    assert config_file(None, variable) == Path("/etc/bridge.toml")
    assert config_file(None, {}) == Path("mobility-bridge.toml")


def test_a_section_can_be_exchanged(tmp_path: Path) -> None:
    found = with_settings(loaded(tmp_path), notify=NotifySettings(enabled=False))
    assert not found.settings.notify.enabled


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql+psycopg://bridge:hunter2@db.example/bridge",
            "postgresql+psycopg://bridge:***@db.example/bridge",
        ),
        ("postgresql+psycopg://bridge@db.example/bridge", "postgresql+psycopg://bridge@db.example/bridge"),
        ("sqlite:////srv/bridge.sqlite3", "sqlite:////srv/bridge.sqlite3"),
    ],
)
def test_showing_the_settings_does_not_show_the_password_of_the_database(
    tmp_path: Path, url: str, shown: str
) -> None:
    settings = loaded(tmp_path, GOOD.replace("sqlite:///var/bridge.sqlite3", url)).settings
    assert settings.store.url == url
    assert settings.model_dump(mode="json")["store"]["url"] == shown


def test_every_setting_says_what_it_means() -> None:
    def undescribed(model: type[BaseModel], prefix: str) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found.extend(undescribed(inner, f"{prefix}{name}."))
            elif not field.description:
                found.append(prefix + name)
        return found

    assert undescribed(Settings, "") == []


def test_what_remains_of_a_section_with_mistakes_is_checked_too(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(GOOD.replace("feed_every_s = 60", "feed_every_s = 0\nnonsense = 1"), encoding="utf-8")

    def check(name: str, section: BaseModel, base: Path) -> list[tuple[str, str, str]]:
        del base
        assert section.client_key.file == "key.pem"  # type: ignore[attr-defined]
        return [
            (f"adapters.{name}.client_key.file", "missing", "a key"),
            (f"adapters.{name}.feed_every_s", "said already", ""),
        ]

    with pytest.raises(ConfigError) as caught:
        load(file, {"ewp": Ewp}, {}, check)
    named = [path for path, _, _ in caught.value.problems]
    assert sorted(named) == [
        "adapters.ewp.client_key.file",
        "adapters.ewp.feed_every_s",
        "adapters.ewp.nonsense",
    ]


def test_a_section_that_lacks_what_is_required_is_not_checked_further(tmp_path: Path) -> None:
    file = tmp_path / "bridge.toml"
    file.write_text(GOOD.replace("client_key", "client_kex"), encoding="utf-8")

    def check(name: str, section: BaseModel, base: Path) -> list[tuple[str, str, str]]:
        raise AssertionError((name, section, base))

    with pytest.raises(ConfigError):
        load(file, {"ewp": Ewp}, {}, check)


@pytest.mark.parametrize("url", ["mysql://u:hidden@host/name", "bridge.sqlite3", "sqlite://", ""])
def test_a_store_of_a_kind_that_we_do_not_have_is_a_problem(tmp_path: Path, url: str) -> None:
    found = problems(tmp_path, GOOD.replace("sqlite:///var/bridge.sqlite3", url))
    assert "postgresql+psycopg://" in found["store.url"][1]
    assert "hidden" not in str(found)
