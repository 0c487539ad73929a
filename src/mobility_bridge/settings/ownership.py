"""Read the operator's table of who owns which fact; what its words mean is judged elsewhere."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Problem = tuple[str, str, str]
Rows: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
Judge = Callable[[Rows], Iterable[Problem]]
"""Says everything wrong with a table that has the right shape."""

KEY = "paths.ownership_file"


def read_ownership(file: Path, problems: list[Problem], judge: Judge) -> Rows:
    """Read a table; what is wrong with it goes to `problems`, each with the file's name and the path inside.

    Shape:   kind of record, field, then `owner` and `write_to`. What is wrong is left out of the result.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append((KEY, f"{file}: {error.strerror}", "a file that can be read"))
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append((KEY, f"{file}: not TOML: {error}", "a table of fields"))
        return {}
    found = list(_misshapen(data))
    rows = {} if found else data
    found += judge(rows)
    problems.extend((f"{file.name}: {path}", what, wanted) for path, what, wanted in found)
    return {} if found else rows


def _misshapen(data: Mapping[str, Any]) -> Iterable[Problem]:
    for kind, fields in data.items():
        if not isinstance(fields, dict):
            yield kind, "no table", f"[{kind}]"
            continue
        for name, row in fields.items():
            if not isinstance(row, dict):
                yield f"{kind}.{name}", "no table", f'{name} = {{ owner = "…", write_to = [] }}'
