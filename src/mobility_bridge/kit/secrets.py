"""Secrets are named in the configuration, never written there."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


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
