"""What the log says of writes to our own systems: numbers, ids and codes."""

from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.services.context import Context


def say_asked(context: Context, write: Write) -> None:
    """Log that a write is to be made."""
    context.log.event("write.asked", **_named(write))


def say_outcome(context: Context, write: Write) -> None:
    """Log where a write stands after it was tried."""
    event = "write.settled"
    if write.state.open:
        event = "write.delayed"
    elif write.state in (WriteState.REFUSED, WriteState.REFUTED):
        event = "write.refused"
    context.log.event(event, **_named(write), outcome=write.detail or None, attempts=write.attempts)


def _named(write: Write) -> dict[str, object]:
    return {
        "write_id": write.write_id,
        "source": write.to.value,
        "subject": write.about,
        "state": write.state.value,
    }
