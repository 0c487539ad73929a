"""What every write to our own systems shares: that one process makes it, and what the log says of it.

The log names numbers, ids and codes.
"""

from datetime import timedelta
from typing import Final

from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.services.context import Context

LEASE: Final = timedelta(minutes=10)
"""Longer than any door takes to look, write and look again."""
INTERRUPTED: Final = "interrupted"
"""What is noted of a write whose process was told to stop in the middle: whoever comes next may look at once."""


def in_flight(context: Context, write: Write) -> bool:
    """Whether another process may just be making it: it was sent lately, and nothing is known of it yet.

    Of a process that was killed this holds for a while, too; then the write is looked for.
    """
    if write.state is not WriteState.SENT or write.detail or write.sent_at is None:
        return False
    return context.clock.now() < write.sent_at + LEASE


def say_asked(context: Context, write: Write) -> None:
    """Log that a write is to be made."""
    context.log.event("write.asked", **_named(write))


def say_outcome(context: Context, write: Write) -> None:
    """Log where a write stands after it was tried."""
    said = {**_named(write), "outcome": write.detail or None, "attempts": write.attempts}
    if write.state.open:
        context.log.event("write.delayed", **said)
    elif write.state in (WriteState.REFUSED, WriteState.REFUTED):
        context.log.event("write.refused", **said)
    else:
        context.log.event("write.settled", **said)


def _named(write: Write) -> dict[str, object]:
    return {
        "write_id": write.write_id,
        "source": write.to.value,
        "subject": write.about,
        "state": write.state.value,
    }
