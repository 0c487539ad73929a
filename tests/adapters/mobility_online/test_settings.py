"""Settings, secrets and mapping files: every problem at once, no secret shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.support.fixtures import REPOSITORY
from tests.support.mobility_online import BASE

from mobility_adapters.mobility_online import adapter
from mobility_adapters.mobility_online.mappings import CodeMappings, Problem, ReportMapping, load_mapping
from mobility_adapters.mobility_online.settings import MobilityOnlineSettings, load_mappings
from mobility_bridge.errors import ConfigError

SHIPPED = REPOSITORY / "config" / "mappings"


def _settings(**said: object) -> MobilityOnlineSettings:
    whole = {"base_url": BASE, "authority": {"env": "MO_TEST_AUTHORITY"}, **said}
    return MobilityOnlineSettings.model_validate(whole)


@pytest.mark.parametrize(
    "said",
    [
        {"authority": "SECRET"},
        {"authority": {"file": "a", "env": "b"}},
        {"authority": {}},
        {"base_url": "http://mo.example/services"},
        {"base_url": "https://user:word@mo.example/services"},
        {"parallel_calls": 5},
        {"assumed_services": True, "report_file": "report.xml"},
        {"asumed_services": True},
        {"mappings": "../elsewhere.toml"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _settings(**said)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in MobilityOnlineSettings.model_fields.values())


def test_the_check_names_every_problem_at_once(tmp_path: Path) -> None:
    settings = _settings(authority={"file": "absent.txt"}, ca_file="ca.pem", report_file="report.xml")
    assert [path for path, _, _ in adapter.check(settings, tmp_path)] == [
        "authority",
        "ca_file",
        "report_file",
    ]


def test_an_authority_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert adapter.check(_settings(), tmp_path)
    monkeypatch.setenv("MO_TEST_AUTHORITY", " TENANT \n")
    assert adapter.check(_settings(), tmp_path) == []
    assert _settings().authority.resolve(tmp_path) == "TENANT"


def test_the_shipped_mapping_files_hold() -> None:
    codes, report = load_mappings(_settings(), SHIPPED)
    assert codes.custom_fields.blended == "bit_freifeld31"
    assert report.columns.agreement_id == "VERTR_ID"


def test_every_problem_of_both_mapping_files_is_named(tmp_path: Path) -> None:
    text = (SHIPPED / "mobility_online.toml").read_text(encoding="utf-8")
    text = text.replace('time_zone = "UTC"', 'time_zone = "Nowhere"').replace("B = 6", "B = 9")
    text = text.replace('kind = "staff-training"', 'kind = "sabbatical"').replace("[statuses]", "[states]")
    (tmp_path / "mobility_online.toml").write_text(text, encoding="utf-8")
    (tmp_path / "mobility_online_report.toml").write_text("separator =", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_mappings(_settings(), tmp_path)
    paths = [path.rpartition("/")[2] for path, _, _ in caught.value.problems]
    assert paths == [
        "mobility_online.toml: time_zone",
        "mobility_online.toml: kinds.3.kind",
        "mobility_online.toml: statuses",
        "mobility_online.toml: study_levels",
        "mobility_online.toml: states",
        "mobility_online_report.toml",
    ]


def test_a_kind_that_is_mapped_twice_or_never_asked_for_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "codes.toml"
    text = (SHIPPED / "mobility_online.toml").read_text(encoding="utf-8")
    for changed in (
        text.replace('programme = "SMP"', 'programme = "SMS"'),
        text.replace('["S", "T"]', '["S"]'),
    ):
        file.write_text(changed, encoding="utf-8")
        problems: list[Problem] = []
        assert load_mapping(CodeMappings, file, problems) is None
        assert len(problems) == 1


def test_an_absent_mapping_file_is_a_problem(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert load_mapping(ReportMapping, tmp_path / "none.toml", problems) is None
    assert problems[0][1] == "no such file"
