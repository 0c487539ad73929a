"""Facts about students as JSON and back, each by the name of its kind.

Written and read by pydantic from the types alone, so that what is stored says what the types say; a fact that an
older version wrote and this one cannot read is an error of the store, never a silent gap.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from mobility_bridge.domain import occasion, registration, registry_student, result
from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.errors import StoreError

RECORD_TYPES: Final[Mapping[RecordKind, type[Any]]] = {
    RecordKind.APPLICATION: Application,
    RecordKind.COURSE_LIST: CourseList,
    RecordKind.NOMINATION: Nomination,
    RecordKind.LEARNING_AGREEMENT: LearningAgreement,
    RecordKind.LISTING: LaListing,
    RecordKind.ARRIVAL: ActualDates,
    RecordKind.TRANSCRIPT: Tor,
}

FACT_TYPES: Final[Mapping[str, type[Fact]]] = {
    each.kind: each
    for module in (registry_student, registration, result, occasion)
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, Fact) and each.kind
}


def write_facts(kind: RecordKind, facts: object) -> bytes:
    """Write the facts of a record."""
    return _adapter(RECORD_TYPES[kind]).dump_json(facts, exclude_defaults=True)


def read_facts(kind: RecordKind, data: bytes) -> Any:
    """Read the facts of a record. Raises StoreError."""
    return _read(RECORD_TYPES[kind], data)


def write_fact(fact: Fact) -> bytes:
    """Write one fact of the registry."""
    return _adapter(type(fact)).dump_json(fact, exclude_defaults=True)


def read_fact(kind: str, data: bytes) -> Fact:
    """Read one fact of the registry. Raises StoreError."""
    found: Fact = _read(FACT_TYPES[kind], data)
    return found


def _read(kind: type[Any], data: bytes) -> Any:
    try:
        return _adapter(kind).validate_json(data)
    except ValidationError as error:
        # Its text quotes values, which are personal.
        where = ", ".join(".".join(map(str, each["loc"])) for each in error.errors(include_input=False))
        raise StoreError(
            f"a stored {kind.__name__} cannot be read: {where}",
            next_step="Read its source again: mobility-bridge sync --full",
        ) from None


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Made once for each type: making one takes longer than using it a thousand times."""
    found = _ADAPTERS.get(kind)
    if found is None:
        found = _ADAPTERS[kind] = TypeAdapter(kind)
    return found


_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}
