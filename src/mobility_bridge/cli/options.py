"""What every command takes: which configuration, and whether to print for a machine."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.identifiers import HeiId
    from mobility_bridge.services.context import Context
    from mobility_bridge.settings.load import Loaded

T = TypeVar("T")

LOOKING = frozenset(
    {
        "status",
        "explain",
        *(f"agreements {name}" for name in ("list", "show", "balance", "expiring")),
        *(f"discrepancies {name}" for name in ("list", "show", "history")),
        *(f"students {name}" for name in ("list", "show", "explain", "match list")),
        "mobilities list",
        "nominations list",
        *(f"la {name}" for name in ("show", "diff")),
        *(f"evidence {name}" for name in ("list", "show", "verify")),
    }
)
"""Commands that only look: they write no line, so they work where the log cannot be written."""


WAYS_TO_NAME = "a SCHAC id, an Erasmus code, a PIC or the whole name"


@dataclass(slots=True)
class Invocation:
    """One call of a command: the configuration it means and how to print."""

    config: Path | None
    as_json: bool
    _loaded: "Loaded | None" = None

    def loaded(self) -> "Loaded":
        """Read the configuration, once. Raises ConfigError with every problem."""
        from mobility_bridge.bootstrap import load_settings
        from mobility_bridge.settings.load import config_file

        if self._loaded is None:
            self._loaded = load_settings(config_file(self.config))
        return self._loaded

    def speech(self, lang: str | None) -> "Speech":
        """The language asked for, or that of the configuration."""
        from mobility_bridge.cli.speech import Speech

        return Speech(lang or self.loaded().settings.cli.language)

    def with_bridge(self, work: "Callable[[Bridge], Coroutine[Any, Any, T]]") -> T:
        """Build the bridge, run `work` on it in the one event loop of this process, close it.

        The command's lines in the log share one job id.
        """
        from mobility_bridge.bootstrap import build
        from mobility_bridge.kit.logs import insist_on_log

        loaded = self.loaded()
        ctx = click.get_current_context()
        command = ctx.info_name or "command"
        if ctx.command_path.partition(" ")[2] not in LOOKING:
            insist_on_log(loaded.settings.log.file)

        async def whole() -> T:
            async with build(loaded) as bridge:
                with bridge.context.log.job(command):
                    return await work(bridge)

        return asyncio.run(whole())

    def with_partner(
        self, partner: str | None, work: "Callable[[Context, HeiId | None], Coroutine[Any, Any, T]]"
    ) -> T:
        """As `with_bridge`, for work about the partner that `--partner` names, if it does."""
        from mobility_bridge.cli.filters import chosen_partner

        async def found(bridge: "Bridge") -> T:
            return await work(bridge.context, await chosen_partner(bridge, partner))

        return self.with_bridge(found)


def takes_partner(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--partner` as a filter; `filters.chosen_partner` says who is meant."""
    return click.option("--partner", metavar="HEI", help=f"Only this partner: {WAYS_TO_NAME}.")(function)


def takes_partner_of_agreement(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command about one agreement `--partner`, for an id that several have."""
    return click.option(
        "--partner",
        metavar="HEI",
        help=f"Needed only when several partners have an agreement with this id: {WAYS_TO_NAME}.",
    )(function)


def takes_language(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--lang`; `Invocation.speech` says in which language to speak."""
    return click.option(
        "--lang",
        type=click.Choice(("en", "sv")),
        help="Language for people; default: `cli.language` of the configuration. JSON has both.",
    )(function)


def takes_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--config` and `--json`, and pass it an `Invocation` as its first argument."""

    def wrapped(ctx: click.Context, *args: Any, config: Path | None, as_json: bool, **kwargs: Any) -> Any:
        given = ctx.find_root().obj
        return function(Invocation(config or given, as_json), *args, **kwargs)

    command: Any = functools.update_wrapper(wrapped, function)
    command = click.pass_context(command)
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON for a machine.")(command)
    command = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Configuration file. [env: MOBILITY_BRIDGE_CONFIG]",
    )(command)
    return cast("Callable[..., Any]", command)
