"""What the pages say must be so: links, commands, generated pages, the example configuration, the alerts."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from docs.generate import ABSENT, PAGES, ROOT
from pydantic import BaseModel

from mobility_bridge.bootstrap import installed_adapters
from mobility_bridge.cli.main import cli
from mobility_bridge.kit.events import EVENTS, allowed_fields
from mobility_bridge.reconcile.registry import AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES, STAY_RULES
from mobility_bridge.settings.load import load
from mobility_bridge.settings.model import Settings

PAGES_FOR_PEOPLE = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
)
ALERTS = ROOT / "config/alerts.yml"
EXAMPLE = ROOT / "config/mobility-bridge.example.toml"
CODES = {rule.code for rule in (*AGREEMENT_RULES, *PARTNER_RULES, *SOURCE_RULES, *STAY_RULES)}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"^(?:# )?(?P<line>(?P<key>[a-z_]+) = .*)$")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def slug(heading: str) -> str:
    """The anchor that a heading gets where the pages are read."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def console_lines(page: Path) -> Iterator[str]:
    """What is typed in the console blocks of a page, each command on one line."""
    for kind, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("$ "):
                    yield line.removeprefix("$ ")


def our_words(line: str) -> list[str]:
    """The words after `mobility-bridge` in a shell line; none where that is the name of something else."""
    words = shlex.split(line, comments=True)
    if words[:2] == ["docker", "build"]:
        return []
    places = [number for number, word in enumerate(words) if Path(word).name == "mobility-bridge"]
    return words[places[-1] + 1 :] if places else []


def command_of(words: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    """Walk down the tree of commands; the words that are left belong to the command found."""
    command: click.Command = cli
    context = click.Context(cli, info_name="mobility-bridge", **cli.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        child = command.get_command(context, words[0])
        assert child is not None, f"{context.command_path} has no command {words[0]!r}"
        context = click.Context(child, info_name=words[0], parent=context)
        command, words = child, words[1:]
    return command, context, words


def options_of(command: click.Command, context: click.Context) -> set[str]:
    return {text for parameter in command.get_params(context) for text in parameter.opts}


@pytest.mark.parametrize("page", PAGES_FOR_PEOPLE, ids=name)
def test_every_relative_link_leads_somewhere(page: Path):
    for target, anchor in re.findall(
        r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")
    ):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{name(page)} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{name(page)} links to #{anchor}"


@pytest.mark.parametrize("page", PAGES_FOR_PEOPLE, ids=name)
def test_every_command_that_is_shown_can_be_typed(page: Path):
    for line in console_lines(page):
        if words := our_words(line):
            command, context, rest = command_of(words)
            assert not isinstance(command, click.Group), line
            command.make_context(context.info_name, rest, parent=context.parent).close()


@pytest.mark.parametrize("page", [*PAGES_FOR_PEOPLE, ALERTS], ids=name)
def test_every_command_that_is_mentioned_exists_with_its_options(page: Path):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    mentioned = re.findall(r"`mobility-bridge ([^`]+)`", text)
    if page == ALERTS:
        mentioned = re.findall(
            r"mobility-bridge ((?:[a-z]+|--?[a-z-]+|[A-Z_]+|_| )+)", text.partition("groups:")[2]
        )
        mentioned = [found for found in mentioned if not found.startswith("-")]
    for found in mentioned:
        command, context, rest = command_of(found.split())
        options = {word for word in rest if word.startswith("-")}
        assert options <= options_of(command, context), found


@pytest.mark.parametrize("page", [*PAGES_FOR_PEOPLE, ALERTS], ids=name)
def test_every_code_that_is_asked_for_is_a_rules_code(page: Path):
    assert set(re.findall(r"--code ([A-Z_]+_[A-Z_]+)", page.read_text(encoding="utf-8"))) <= CODES


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_fresh(page: str):
    fresh = (ROOT / page).read_text(encoding="utf-8") == PAGES[page]()
    assert fresh, f"{page} is stale; run: python -m docs.generate"


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a model with its field, tables within tables included."""
    for key, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel) and not field.description:
            yield from keys_of(kind, f"{path}{key}.")
        elif f"{path}{key}" != "adapters":
            yield f"{path}{key}", field


def expected_keys() -> dict[str, Any]:
    keys = dict(keys_of(Settings))
    for adapter, found in installed_adapters().items():
        keys.update(keys_of(found.settings_model, f"adapters.{adapter}."))
    return keys


def uncommented() -> tuple[str, dict[str, str]]:
    """The example with every key in force, and each key's line."""
    lines, found, section = [], {}, ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]") + "."
            lines.append(line)
        elif match := _KEY.match(line):
            found[section + match["key"]] = match["line"]
            lines.append(match["line"])
    return "\n".join(lines), found


def test_the_example_configuration_has_every_key_and_no_other():
    assert uncommented()[1].keys() == expected_keys().keys()


def test_the_example_configuration_states_the_defaults():
    lines = uncommented()[1]
    for key, field in expected_keys().items():
        line = lines[key]
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        if default is None:
            assert field.is_required() or line.endswith(f"# {ABSENT}"), key
            continue
        (stated,) = tomllib.loads(line).values()
        plain = list(default) if isinstance(default, tuple) else default
        assert stated == (plain.as_posix() if isinstance(plain, Path) else plain), key


@pytest.mark.parametrize("everything", [False, True], ids=["as it stands", "uncommented"])
def test_the_example_configuration_holds(tmp_path: Path, *, everything: bool):
    file = tmp_path / "mobility-bridge.toml"
    file.write_text(uncommented()[0] if everything else EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    models = {key: adapter.settings_model for key, adapter in installed_adapters().items()}
    loaded = load(file, models, environ={})
    assert loaded.settings.own_hei_id == "university.example"
    assert loaded.adapters.keys() == models.keys()


def test_every_event_in_the_alerts_is_one_that_is_logged():
    text = ALERTS.read_text(encoding="utf-8")
    named = {word for found in re.findall(r'event=~?"([^"]+)"', text) for word in found.split("|")}
    assert named
    assert named <= EVENTS.keys()
    filtered = set(re.findall(r'\|= "\\"([a-z_.]+)', text))
    assert all(any(event.startswith(word) for event in named) for word in filtered)


def test_every_field_in_the_alerts_is_one_that_its_event_has():
    for line in ALERTS.read_text(encoding="utf-8").splitlines():
        if "expr:" not in line:
            continue
        events = [word for found in re.findall(r'event=~?"([^"]+)"', line) for word in found.split("|")]
        fields = {*re.findall(r"by \((\w+)\)", line), *re.findall(r"unwrap (\w+)", line)}
        fields |= set(re.findall(r'\| (\w+)="', line)) - {"event"}
        for event in events:
            assert fields <= allowed_fields(event), line


def test_the_changelog_has_a_place_for_what_comes():
    assert re.search(r"^## Unreleased$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
