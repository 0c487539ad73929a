"""The Swedish of the commands that decide, and of the list of mobilities."""

from collections.abc import Mapping
from typing import Final

SWEDISH_OF_DECISIONS: Final[Mapping[str, str]] = {
    # A decision
    "Decision on {about} {omobility_id}": "Beslut om {about} {omobility_id}",
    "decision": "beslut",
    "partner": "partner",
    "proposal": "förslag",
    "by": "av",
    "outcome": "utfall",
    "waits now": "väntar nu",
    "the partner says": "partnern säger",
    "not kept, not sent (dry run)": "inte sparat, inte skickat (provkörning)",
    "approve": "godkänn",
    "reject": "avslå",
    "comment": "kommentera",
    "Decisions under way ({count})": "Pågående beslut ({count})",
    "Decision": "Beslut",
    "Next attempt": "Nästa försök",
    # What became of it
    "waits to be sent: the partner could not be told yet; the next round tries again": (
        "väntar på att skickas: partnern har inte kunnat nås; nästa omgång försöker igen"
    ),
    "the partner took it and does not show it yet; the next rounds look again": (
        "partnern har tagit emot det men visar det inte än; nästa omgångar tittar igen"
    ),
    "nobody knows whether the partner took it; the next round looks before it sends anything again": (
        "ingen vet om partnern har tagit emot det; nästa omgång tittar innan något skickas igen"
    ),
    "the partner shows it": "partnern visar det",
    "nothing is proposed any more: the partner took it back, or another answer came first": (
        "inget är föreslaget längre: partnern tog tillbaka det eller ett annat svar kom före"
    ),
    "another decision than ours stands at the partner's": "hos partnern gäller ett annat beslut än vårt",
    "the partner replaced the proposal by a newer one, which waits for a decision": (
        "partnern har ersatt förslaget med ett nyare, som väntar på beslut"
    ),
    "the partner cancelled the mobility": "partnern har ställt in mobiliteten",
    "the proposal is gone, and nothing shows whether that was our doing": (
        "förslaget är borta, och inget visar om det berodde på oss"
    ),
    "the partner refused the decision, and shows the same proposal all the same": (
        "partnern avvisade beslutet men visar ändå samma förslag"
    ),
    "the partner rejected the message": "partnern avvisade meddelandet",
    "the partner took it weeks ago and never showed it": (
        "partnern tog emot det för flera veckor sedan men har aldrig visat det"
    ),
    "it never showed, and was decided once more": "det syntes aldrig, och beslutet togs en gång till",
    "the partner has no interface that takes decisions": (
        "partnern har inget gränssnitt som tar emot beslut"
    ),
    "the partner's format cannot carry it": "det går inte att skriva i partnerns format",
    "the proposal has no id any more": "förslaget har inget id längre",
    "the proposal is not signed by student and partner any more": (
        "förslaget är inte längre undertecknat av student och partner"
    ),
    "nothing waits for us any more": "inget väntar på oss längre",
    "it was approved in the meantime": "det godkändes under tiden",
    "it was rejected in the meantime": "det avslogs under tiden",
    "it was decided on in the meantime": "det beslutades under tiden",
    "the student has a protected identity now: nothing was sent": (
        "studenten har skyddad identitet nu: inget skickades"
    ),
    "the systems describe two people now: nothing was sent": (
        "systemen beskriver två personer nu: inget skickades"
    ),
    "sent": "skickat",
    "settled": "avgjort",
    # Mobilities
    "Mobilities ({count})": "Mobiliteter ({count})",
    "Department": "Institution",
    "Application": "Ansökan",
    "Nomination": "Nominering",
    "Registry": "Studieregister",
    "Arrival": "Ankomst",
    "Transcript": "Resultatintyg",
    "planned": "planerad",
    "accepted": "antagen",
    "under way": "pågår",
    "ended": "avslutad",
    "applied": "ansökt",
    "not signed by all": "inte undertecknat av alla",
    "changes proposed": "ändringar föreslagna",
    "changes approved": "ändringar godkända",
    "draft": "utkast",
    "refused": "avvisat",
    "registered": "registrerad",
    "admitted": "antagen",
    "withdrawn": "återbud",
    "interrupted": "avbrott",
    "completed": "avslutad",
    "arrived": "anländ",
    "departed": "avrest",
    "expected": "väntas",
    "issued": "utfärdat",
}
