"""What Mobility-Online may offer: every operation that is publicly known, and those that we assume.

Source: Mobility-Online: operations (seen) and 6.2 (assumed).
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from mobility_bridge.ports.sources import Capability


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service; `used` by this program today, `writes` only with `course_catalogue`."""

    service: str
    name: str
    assumed: bool = False
    used: bool = False
    writes: bool = False


_APPLICATION: Final = "GetApplicationDataService"
_READ: Final = "GetMasterDataService"
_WRITE: Final = "SetMasterDataService"
_AGREEMENT: Final = "GetAgreementDataService"

OPERATIONS: Final = (
    Operation(
        _APPLICATION, "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions", used=True
    ),
    Operation(_APPLICATION, "getApplicationDataBySearchParameters"),
    Operation(_APPLICATION, "getApplicationIdsBySearchParameters"),
    Operation(_APPLICATION, "getApplicationIdsBySearchParametersWithFurtherSearchRestrictions"),
    Operation(_APPLICATION, "getApplicationDataByID", used=True),
    Operation(_APPLICATION, "getPermanentAddress"),
    Operation(_APPLICATION, "getCurrentAddress"),
    Operation(_APPLICATION, "getBankAccountDetails"),
    Operation(_APPLICATION, "getCoursesOfLearningAgreement", used=True),
    Operation(_APPLICATION, "getCoursesOfTranscript"),
    Operation(_APPLICATION, "getFilesOfApplication"),
    Operation(_APPLICATION, "getAllFilesOfApplication"),
    Operation(_APPLICATION, "getNominationDataByApplicationID"),
    Operation(_READ, "getCoursesOfSemesterBySearchParameters", used=True),
    Operation(_READ, "getAddressesOfInstitution"),
    Operation(_WRITE, "addCoursePerSemester", writes=True),
    Operation(_WRITE, "updateCoursePerSemester", writes=True),
    Operation(_WRITE, "removeCoursePerSemesterByCourseID", writes=True),
    Operation(_WRITE, "removeCoursesPerSemesterBySearchParameters"),
    Operation(_AGREEMENT, "getAgreementIdsBySearchParameters", assumed=True, used=True),
    Operation(_AGREEMENT, "getAgreementsBySearchParameters", assumed=True, used=True),
    Operation(_AGREEMENT, "getAgreementByID", assumed=True, used=True),
    Operation(_AGREEMENT, "getInstitutionsBySearchParameters", assumed=True),
)


def capability(
    operation: Operation, offered: AbstractSet[str] | None, note: str, *, asked: bool = True
) -> Capability:
    """Say whether the WSDL of the service (None when it could not be read) has the operation."""
    available = offered is not None and operation.name in offered
    if offered is not None and not available:
        note = "not in the WSDL"
    return Capability(
        f"{operation.service}.{operation.name}",
        available=available,
        assumed=operation.assumed,
        note=note or _use(operation),
        asked=asked,
    )


def _use(operation: Operation) -> str:
    if operation.writes:
        return "used with course_catalogue"
    return "used" if operation.used else "not used yet"
