"""What is wrong with a document beyond its schema: read all the same, and never passed over in silence."""

from dataclasses import dataclass

from mobility_bridge.domain.discrepancy import Severity


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in one document that is not as it should be.

    `code` is stable: `SEM-01` to `SEM-34` for rules that no schema can say, `XML-01` to `XML-18` for known
    trouble with markup, and a word for what any document may get wrong: `MISSING`, `REPEATED`, `UNREADABLE`,
    `UNKNOWN`. BLOCKING means that nobody may decide on the document as it is.
    `path` is the way from the root, or from the object where that was never written down. `message` names
    elements and codes, never a value that tells something of a person.
    """

    code: str
    severity: Severity
    path: str
    message: str
