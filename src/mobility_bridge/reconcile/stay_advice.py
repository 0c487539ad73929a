"""How what to do next ends for every rule about a stay."""

from mobility_bridge.domain.discrepancy import Text


def advice(en: str, sv: str) -> Text:
    """Say what to do, and the command that shows more."""
    return Text(
        f"{en} Details: mobility-bridge students explain {{student_id}}",
        f"{sv} Detaljer: mobility-bridge students explain {{student_id}}",
    )
