"""The log: one JSON object per line, only events and fields that `events.py` names."""

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol, TextIO
from uuid import uuid4

import structlog

from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.events import EVENTS, allowed_fields
from mobility_bridge.kit.masking import Mask

_CORE: Final = frozenset({"event", "level", "timestamp"})


class Log(Protocol):
    """What a room may do with the log: name an event and give its ids."""

    def event(self, name: str, /, **fields: Any) -> None:
        """Write one line at the event's own level. Unknown events and fields are errors."""
        ...

    def job(self, name: str) -> AbstractContextManager[Any]:
        """Tie the lines written inside together by a job id."""
        ...


class UnknownEvent(LookupError):
    """A line names an event or field that the event table lacks: a mistake in the code."""


def refuse_unknown(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Let no line through whose event or fields are not in the table; drop fields that are None."""
    name = line["event"]
    if name not in EVENTS:
        raise UnknownEvent(f"no log event is called {name!r}")
    stray = set(line) - _CORE - allowed_fields(name)
    if stray:
        raise UnknownEvent(f"{name} has no field {', '.join(sorted(stray))}")
    return {key: value for key, value in line.items() if value is not None}


class BridgeLog:
    """Writes events to a file or stream, masked; `run_id` is drawn once per process, `secret` keys the mask."""

    def __init__(
        self,
        stream: TextIO,
        *,
        level: str = "info",
        run_id: str | None = None,
        secret: bytes | None = None,
    ) -> None:
        self._stream = stream
        mask = Mask(secret)

        def masked(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
            return mask.line(line)

        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                refuse_unknown,
                masked,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(
                logging.getLevelNamesMapping()[level.upper()]
            ),
            run_id=run_id or uuid4().hex[:12],
        )

    def event(self, name: str, /, **fields: Any) -> None:
        if name not in EVENTS:
            raise UnknownEvent(f"no log event is called {name!r}")
        getattr(self._logger, EVENTS[name].level)(name, **fields)

    def close(self) -> None:
        """Close the file, if the log has one of its own."""
        if isinstance(self._stream, _LineFile):
            self._stream.close()

    def job(self, name: str) -> AbstractContextManager[Any]:
        return structlog.contextvars.bound_contextvars(job_id=f"{name}-{uuid4().hex[:8]}")


def open_log(file: Path | None, *, level: str = "info", secret: bytes | None = None) -> BridgeLog:
    """Open the log at `file` for appending, or on stderr when there is none. `secret` keys the mask.

    Nothing is touched before the first line, which raises ConfigError when the file cannot be written: who
    only looks needs no log. `insist_on_log` asks beforehand.
    """
    if file is None:
        return BridgeLog(sys.stderr, level=level, secret=secret)
    return BridgeLog(_LineFile(file), level=level, secret=secret)  # type: ignore[arg-type]  # it has write and flush


def insist_on_log(file: Path | None) -> None:
    """Raise ConfigError when the log's file cannot be written, before anything is done that it must tell."""
    if file is None:
        return
    home = next(folder for folder in file.absolute().parents if folder.exists())
    if file.is_dir() or not os.access(file if file.exists() else home, os.W_OK):
        raise _unwritable(file)


def _unwritable(file: Path) -> ConfigError:
    return ConfigError(
        f"the log cannot be written: {file}",
        problems=[("log.file", str(file), "a file that the bridge's user may write")],
        next_step="Name another log.file, or none for stderr.",
    )


class _LineFile:
    """Appends whole lines. The file is made by the first of them, and made anew when it was rotated away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: TextIO | None = None
        self._inode = 0

    def write(self, text: str) -> int:
        try:
            rotated = self._path.stat().st_ino != self._inode
        except FileNotFoundError:
            rotated = True
        if self._stream is None or rotated:
            self._stream = self._opened()
        return self._stream.write(text)

    def _opened(self) -> TextIO:
        self.close()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # For its owner's eyes only: it says with whom we speak, and when.
            handle = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self._path) from error
        stream = os.fdopen(handle, "a", encoding="utf-8")
        self._inode = os.fstat(stream.fileno()).st_ino
        return stream

    def flush(self) -> None:
        if self._stream is not None:
            self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
