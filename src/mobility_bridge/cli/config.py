"""`mobility-bridge config check|show`."""

from typing import Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json

_HERE = "mobility_bridge.cli.config"
COMMANDS = {
    "check": (f"{_HERE}:check", "Say everything that is wrong with the configuration, at once."),
    "show": (f"{_HERE}:show", "Show the configuration in force, defaults included, secrets left out."),
}
SECRET_WORDS = ("key", "authority", "secret", "password")


@click.command(cls=LazyGroup, lazy=COMMANDS)
def config() -> None:
    """Check and show the configuration."""


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask the registry for the time.")
@takes_options
def check(invocation: Invocation, *, offline: bool) -> None:
    """Say everything that is wrong with the configuration, at once. The store is not changed.

    Looks at the file, at the table of owners that it names, at the key and certificate files that it names, at the store, and at this machine's clock.
    """
    from mobility_bridge.services.preflight import preflight

    loaded = invocation.loaded()

    async def look(bridge: Any) -> list[tuple[str, str, str]]:
        return [] if offline else await preflight(bridge.context)

    findings = invocation.with_bridge(look)
    if findings:
        from mobility_bridge.settings.load import rejected

        raise rejected(loaded.file, findings)
    from mobility_bridge.domain.ownership import Ownership

    lines = Ownership.of(loaded.ownership).lines()
    writes = {known.path: [to.value for to in allowed] for known, _, allowed in lines if allowed}
    if invocation.as_json:
        print_json({"file": str(loaded.file), "valid": True, "writes": writes})
    else:
        click.echo(f"{loaded.file} holds.")
        said = "; ".join(f"{path} to {', '.join(allowed)}" for path, allowed in writes.items())
        click.echo(f"The ownership table lets the bridge write {said or 'nothing'}.")


@click.command()
@takes_options
def show(invocation: Invocation) -> None:
    """Show the configuration in force, defaults included, secrets left out."""
    loaded = invocation.loaded()
    from mobility_bridge.domain.ownership import Ownership

    data = loaded.settings.model_dump(mode="json")
    data["ownership"] = Ownership.of(loaded.ownership).rows()
    data["adapters"] = {
        name: _redacted(section.model_dump(mode="json")) for name, section in loaded.adapters.items()
    }
    if invocation.as_json:
        print_json(data)
        return
    click.echo(f"# {loaded.file}")
    for line in _toml_lines(data, ""):
        click.echo(line)


def _redacted(section: dict[str, Any]) -> dict[str, Any]:
    """Leave out every value whose name speaks of a secret, but not the reference to where it is kept."""
    return {
        name: value
        if isinstance(value, dict) or not any(word in name for word in SECRET_WORDS)
        else "(hidden)"
        for name, value in section.items()
    }


def _toml_lines(data: dict[str, Any], prefix: str) -> list[str]:
    lines = [
        f"{name} = {_toml(value)}"
        for name, value in data.items()
        if not isinstance(value, dict) and value is not None
    ]
    for name, value in data.items():
        if isinstance(value, dict):
            lines.extend(["", f"[{prefix}{name}]", *_toml_lines(value, f"{prefix}{name}.")])
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value).replace("'", '"') if isinstance(value, str) else str(value)
