"""Ids of courses and of their instances: a prefix says what is meant.

Source: EWP Courses API 0.7.1, types LosID and LoiID.
"""

import re
from typing import Final

_LOS_ID: Final = re.compile(r"(?=[!-~]{1,64}\Z)(?:CR|CLS|MOD|DEP)/.{1,40}")
_LOI_ID: Final = re.compile(r"(?=[!-~]{1,64}\Z)(?:CRI|CLSI|MODI|DEPI)/.{1,40}")
_NEWER: Final = re.compile(r"(?=[!-~]{1,64}\Z)[A-Z]{1,8}/.{1,40}")


def is_los_id(text: str) -> bool:
    """Whether it names a course, class, module or programme: `CR/…`, `CLS/…`, `MOD/…`, `DEP/…`."""
    return _LOS_ID.fullmatch(text) is not None


def is_loi_id(text: str) -> bool:
    """Whether it names an instance of one: `CRI/…`, `CLSI/…`, `MODI/…`, `DEPI/…`."""
    return _LOI_ID.fullmatch(text) is not None


def may_be_newer(text: str) -> bool:
    """Whether it has a prefix, if none that we know."""
    return _NEWER.fullmatch(text) is not None
