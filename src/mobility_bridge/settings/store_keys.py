"""The keys that seal the store: read from where the configuration says, each with what is wrong with it."""

from collections.abc import Sequence
from pathlib import Path

from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.secrets import SecretReference, is_key

Problem = tuple[str, str, str]

_WANTED = "32 random bytes in URL-safe base64: mobility-bridge db keys create FILE"


def key_problems(keys: Sequence[SecretReference], base: Path) -> list[Problem]:
    """Name every key that cannot be used, as (path, found, wanted); never the key itself."""
    found: list[Problem] = []
    seen: dict[str, str] = {}
    for number, reference in enumerate(keys):
        path = f"store.keys.{number}"
        try:
            text = reference.resolve(base)
        except ValueError as error:
            found.append((path, str(error), _WANTED))
            continue
        exposed = reference.exposed(base)
        if exposed is not None:
            found.append((path, exposed, "mode 0600: only its owner may read it"))
        if not is_key(text):
            found.append((path, "(hidden)", _WANTED))
        elif text in seen:
            found.append((path, f"the same key as {seen[text]}", "each key once"))
        seen.setdefault(text, path)
    return found


def store_keys(keys: Sequence[SecretReference], base: Path) -> list[bytes]:
    """Read the keys. Raises ConfigError naming every one that cannot be used."""
    problems = key_problems(keys, base)
    if problems:
        raise ConfigError("a key of the store cannot be used", problems=problems)
    return [reference.resolve(base).encode("ascii") for reference in keys]
