"""The names of ELMO: elements by place, and the kinds of identifiers that transcripts need.

Source: ELMO 2.1.1 and 1.6.0; EWP Incoming Mobility ToRs API 3.0.0.
"""

from typing import Final, NamedTuple

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import Names, names

ESI: Final = "esi"
SCHAC: Final = "schac"
LOS_ID: Final = "ewp-los-id"
LOI_ID: Final = "ewp-loi-id"
LOCAL: Final = "local"

_SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"


class Vocabulary(NamedTuple):
    """What may stand where, in one name space. Both versions are read with the names of both."""

    elmo: Names
    learner: Names
    report: Names
    issuer: Names
    course: Names
    specifies: Names
    instance: Names
    part: Names
    term: Names
    distribution: Names
    credit: Names
    scheme: Names
    status: Names
    attachment: Names


def _vocabulary(namespace: str) -> Vocabulary:
    def expect(*known: str, several: tuple[str, ...] = ()) -> Names:
        return names(namespace, *known, several=several)

    elmo = expect(
        *("generatedDate", "learner", "report", "attachment", "groups", "extension"),
        several=("report", "attachment"),
    )
    return Vocabulary(
        elmo=elmo._replace(known={**elmo.known, _SIGNATURE: "Signature"}),
        learner=expect(
            *("citizenship", "identifier", "givenNames", "familyName", "alternativeName"),
            *("dateOfBirth", "bday", "placeOfBirth", "countryOfBirth", "birthName", "currentAddress"),
            "gender",
            several=("identifier",),
        ),
        report=expect(
            *("issuer", "learningOpportunitySpecification", "resultOfRecognition", "issueDate"),
            *("gradingScheme", "status", "attachment"),
            several=(
                "learningOpportunitySpecification",
                "resultOfRecognition",
                "gradingScheme",
                "attachment",
            ),
        ),
        issuer=expect("country", "identifier", "title", "url", several=("identifier", "title")),
        course=expect(
            *("identifier", "title", "type", "subjectArea", "iscedCode", "url", "description"),
            *("descriptionHtml", "documentType", "specifies", "hasPart", "extension"),
            several=("identifier", "title", "description", "descriptionHtml", "hasPart"),
        ),
        specifies=expect("learningOpportunityInstance", "extension"),
        instance=expect(
            *("identifier", "enrolment", "start", "date", "academicTerm", "duration", "status"),
            *("gradingSchemeLocalId", "gradingSchemeExternalId", "resultLabel", "shortenedGrading"),
            *("resultDistribution", "credit", "level", "languageOfInstruction", "engagementHours"),
            *("attachments", "grouping", "extension", "diplomaSupplement"),
            several=("identifier", "credit", "level"),
        ),
        part=expect("learningOpportunitySpecification"),
        term=expect("title", "start", "end", several=("title",)),
        distribution=expect("category", "description", several=("category", "description")),
        credit=expect("scheme", "level", "value"),
        scheme=expect("description", several=("description",)),
        status=expect("code", "message", several=("message",)),
        attachment=expect(
            *("identifier", "title", "type", "description", "content", "extension"),
            several=("identifier", "title", "description", "content"),
        ),
    )


VOCABULARIES: Final = {each: _vocabulary(each) for each in (wire.ELMO_V2, wire.ELMO_V1)}
