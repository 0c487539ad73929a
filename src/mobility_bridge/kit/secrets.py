"""Secrets are named in the configuration, never written there."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from pathlib import Path
from secrets import token_bytes
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

KEY_BYTES = 32
"""Bytes of a sealing key; it is written in URL-safe base64."""


class SecretReference(BaseModel):
    """Where a secret is kept: `{ file = "…" }` or `{ env = "…" }`, exactly one; never the secret itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = Field(
        None,
        description="File that holds the secret alone, readable by its owner only; relative paths count from the "
        "configuration file.",
    )
    env: str | None = Field(None, description="Name of the environment variable that holds the secret.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.file is None) == (self.env is None):
            raise ValueError('secrets are references: { file = "…" } or { env = "…" }')
        return self

    def resolve(self, base: Path) -> str:
        """Read the secret, without the white space around it.

        Raises:  ValueError saying what is wrong, never showing the secret.
        """
        if self.file is not None:
            try:
                text = (base / self.file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{self.file} cannot be read") from error
        else:
            text = os.environ.get(self.env or "", "")
        if not text.strip():
            raise ValueError(f"{self.file or self.env} is empty")
        return text.strip()

    def exposed(self, base: Path) -> str | None:
        """Say how others than its owner may read the file, if they may: `keys/a.key has mode 0644`."""
        if self.file is None:
            return None
        try:
            mode = (base / self.file).stat().st_mode & 0o777
        except OSError:
            return None  # `resolve` says that it cannot be read
        return f"{self.file} has mode {mode:04o}" if mode & 0o077 else None


def new_key() -> str:
    """Draw a sealing key."""
    return urlsafe_b64encode(token_bytes(KEY_BYTES)).decode("ascii")


def is_key(text: str) -> bool:
    """Whether a text is a sealing key: 32 bytes in URL-safe base64."""
    try:
        # What stands after the padding is not read, so that the length of the text tells, too.
        return len(urlsafe_b64decode(text.encode("ascii"))) == KEY_BYTES and len(text) == 44
    except (UnicodeEncodeError, Base64Error):
        return False
