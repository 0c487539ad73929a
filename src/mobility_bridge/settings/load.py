"""Read the configuration: TOML, then the environment; all problems at once, each with its path."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mobility_bridge.errors import ConfigError
from mobility_bridge.settings.model import Settings
from mobility_bridge.settings.ownership import Judge, Rows, read_ownership
from mobility_bridge.settings.store_keys import key_problems

ENVIRONMENT_PREFIX = "MOBILITY_BRIDGE__"
CONFIG_VARIABLE = "MOBILITY_BRIDGE_CONFIG"
DEFAULT_FILE = Path("mobility-bridge.toml")

SECRET_WORDS = ("key", "authority", "secret", "password", "token")
"""A setting whose name holds one of these is never shown, whatever was written there."""
_KINDS: dict[type[Any], str] = {dict: "table", list: "list"}

_STORE = re.compile(r"memory:|sqlite(\+\w+)?:///.+|postgresql(\+\w+)?://.+")
_STORE_WANTED = "sqlite:///path/to/file.db or postgresql+psycopg://user@host/name"

Problem = tuple[str, str, str]
M = TypeVar("M", bound=BaseModel)
Check = Callable[[str, BaseModel, Path], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that holds: the settings, each adapter's own section, and the file they came from.

    `ownership` is the table of `paths.ownership_file`; empty where the built-in one stands.
    """

    settings: Settings
    adapters: Mapping[str, BaseModel]
    file: Path
    ownership: Rows = field(default_factory=dict)

    @property
    def base(self) -> Path:
        """The folder that relative paths count from."""
        return self.file.parent


def config_file(given: Path | None, environ: Mapping[str, str] | None = None) -> Path:
    """Say which file is meant: the option, else `MOBILITY_BRIDGE_CONFIG`, else the one in this folder."""
    environ = os.environ if environ is None else environ
    if given is not None:
        return given
    return Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else DEFAULT_FILE


def load(
    file: Path,
    models: Mapping[str, type[BaseModel]],
    environ: Mapping[str, str] | None = None,
    check: Check | None = None,
    judge: Judge | None = None,
) -> Loaded:
    """Read and check a configuration file against the model and the adapters' own models.

    `check` looks further at each adapter's section: at the files it names. Of a section with mistakes it is
    shown what remains without those, if that holds by itself. `judge` looks at the table of ownership, which is
    read for it alone.
    Raises:  ConfigError with every problem found, as (path, found, wanted).
    """
    data = _read(file)
    problems: list[Problem] = []
    _overlay(data, os.environ if environ is None else environ, problems)
    settings = _validated(Settings, data, "", problems)
    problems.extend(_store_problems(data.get("store")))
    if settings is not None:
        problems.extend(key_problems(settings.store.keys, file.resolve().parent))
    sections: dict[str, BaseModel] = {}
    tables = data.get("adapters")
    for name, table in (tables if isinstance(tables, dict) else {}).items():
        if name not in models:
            problems.append((f"adapters.{name}", "no such adapter", _guess(name, models)))
            continue
        section = _validated(models[name], table, f"adapters.{name}.", problems)
        if section is not None:
            sections[name] = section
        if check is not None:
            problems.extend(_checked(models[name], name, table, file.resolve().parent, check))
    base = file.resolve().parent
    ownership = _ownership(settings, base, problems, judge)
    if problems or settings is None:
        raise rejected(file, problems)
    return Loaded(_anchored(settings, base), sections, file.resolve(), ownership)


def _ownership(settings: Settings | None, base: Path, problems: list[Problem], judge: Judge | None) -> Rows:
    """The table that the settings name, where somebody is there to judge it."""
    named = settings.paths.ownership_file if settings is not None else None
    return {} if named is None or judge is None else read_ownership(base / named, problems, judge)


def rejected(file: Path, problems: Iterable[Problem]) -> ConfigError:
    """Make the one error that lists everything wrong with a configuration file."""
    found = tuple(problems)
    count = f"{len(found)} problem{'s' if len(found) != 1 else ''}"
    return ConfigError(
        f"{file}: {count}", problems=found, next_step=f"Run: mobility-bridge config check --config {file}"
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise ConfigError(
            f"{file}: there is no such configuration file",
            next_step=f"Name one with --config FILE or {CONFIG_VARIABLE}, or run: mobility-bridge demo",
        ) from None
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", next_step="Check the file's permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not TOML: {error}", next_step="Mend that line and run again.") from error


def _overlay(data: dict[str, Any], environ: Mapping[str, str], problems: list[Problem]) -> None:
    """Lay `MOBILITY_BRIDGE__SECTION__KEY` over the file; values are read as TOML, else as text."""
    for name, text in sorted(environ.items()):
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        place: Any = data
        for table in tables:
            place = place.setdefault(table, {}) if isinstance(place, dict) else None
        if isinstance(place, dict) and key:
            place[key] = _toml_value(text)
        else:
            problems.append((name, "names no key", f"{ENVIRONMENT_PREFIX}SECTION__KEY"))


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _validated(model: type[M], data: Any, prefix: str, problems: list[Problem]) -> M | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems.extend(_problem(model, prefix, detail) for detail in error.errors())
        return None


def _checked(model: type[BaseModel], name: str, table: Any, base: Path, check: Check) -> Iterable[Problem]:
    """Check a section, or what remains of it without the keys that do not hold; these are named already."""
    try:
        return check(name, model.model_validate(table), base)
    except ValidationError as error:
        wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    if not isinstance(table, dict) or not wrong:
        return ()
    try:
        rest = model.model_validate({key: value for key, value in table.items() if key not in wrong})
    except ValidationError:
        return ()  # a key that is required is among the wrong ones
    found = check(name, rest, base)
    return [each for each in found if each[0].removeprefix(f"adapters.{name}.").split(".")[0] not in wrong]


def _store_problems(table: Any) -> list[Problem]:
    """Whether the address names a kind of store that we have. Shows no more of it than its kind."""
    url = table.get("url") if isinstance(table, dict) else None
    if not isinstance(url, str) or _STORE.fullmatch(url):
        return []
    kind, separator, _ = url.partition("://")
    return [("store.url", f"{kind}://…" if separator else "(no address)", _STORE_WANTED)]


def _problem(model: type[BaseModel], prefix: str, detail: ErrorDetails) -> Problem:
    path = (prefix + ".".join(str(part) for part in detail["loc"])).rstrip(".")
    if detail["type"] == "extra_forbidden":
        return path, "unknown key", _guess(str(detail["loc"][-1]), _keys_beside(model, detail["loc"]))
    if detail["type"] == "missing":
        return path, "missing", "this key is required"
    found = detail["input"]
    if isinstance(found, str) and any(word in path for word in SECRET_WORDS):
        return path, "(literal value)", 'secrets are references: { file = "…" } or { env = "…" }'
    shown = repr(found) if isinstance(found, str | int | float) else f"(a {_KINDS.get(type(found), 'value')})"
    if detail["type"] == "string_pattern_mismatch" and path == "own_hei_id":
        return path, shown, 'not a SCHAC domain; expected something like "example.edu"'
    if detail["type"] == "string_pattern_mismatch" and path.endswith("_url"):
        return path, shown, "an address that begins with https://"
    return path, shown, detail["msg"][:1].lower() + detail["msg"][1:]


def _keys_beside(model: type[BaseModel], loc: tuple[int | str, ...]) -> Iterable[str]:
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field is not None else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ()
        model = annotation
    return model.model_fields


def _guess(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(sorted(known))}" if known else "remove it"


def _anchored(settings: Settings, base: Path) -> Settings:
    """Make relative paths count from the configuration file, not from where the command was typed."""
    paths = settings.paths.model_copy(
        update={
            "state_dir": base / settings.paths.state_dir,
            "mappings_dir": base / settings.paths.mappings_dir if settings.paths.mappings_dir else None,
            "ownership_file": base / settings.paths.ownership_file if settings.paths.ownership_file else None,
        }
    )
    log = settings.log.model_copy(update={"file": base / settings.log.file if settings.log.file else None})
    url = settings.store.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{base / url.removeprefix('sqlite:///')}"
    store = settings.store.model_copy(update={"url": url})
    return settings.model_copy(update={"paths": paths, "log": log, "store": store})


def with_settings(loaded: Loaded, **changes: Any) -> Loaded:
    """Return the same configuration with other top-level sections."""
    return replace(loaded, settings=loaded.settings.model_copy(update=changes))
