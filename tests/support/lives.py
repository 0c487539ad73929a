"""Lives that a server of lives begins, each in a process of its own, and that end with the process."""

import asyncio
import os
import sys
import traceback
from collections.abc import Coroutine
from typing import Any, NoReturn


def live_and_exit(life: Coroutine[Any, Any, None]) -> NoReturn:
    """Live to the end and leave the process: 0, or 1 where it ended badly. Never returns into the server."""
    code = 1
    try:
        asyncio.run(life)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the child must not return into the server
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
