"""A partner's host does not answer, answers badly, or does not offer what agreements need.

Whatever concerns notifications is read from the outbox, not from the health of the notification interfaces:
one that is not taken is tried again for a time, and only then something is wrong.

Source: architecture 1.16, error handling; EWP agreements: known trouble with approvals and notifications.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from mobility_bridge.domain.case import PartnerCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.notification import ChangeNotification, CnrState
from mobility_bridge.domain.partner import Health
from mobility_bridge.reconcile.rule import Observation, rule

_SOURCE = "EWP architecture 1.16; EWP agreements: known trouble with approvals and notifications"
_READ = ("iias", "iias-approval")
_NOTIFY = ("iia-cnr", "iia-approval-cnr")
_SHOWN = 5  # ids named in a sentence
_REPORT = Text(
    "Send the request and the answer to the technical contact of {partner_hei_id}. Find them with: "
    "mobility-bridge evidence list --partner {partner_hei_id}",
    "Skicka fråga och svar till den tekniska kontakten hos {partner_hei_id}. De finns med: "
    "mobility-bridge evidence list --partner {partner_hei_id}",
)


def _failing(case: PartnerCase, test: Callable[[Health], bool]) -> list[Health]:
    """The interfaces that fail in this way, by name."""
    return [
        health
        for api, health in sorted(case.health.items())
        if health.failing_since is not None and not api.startswith(_NOTIFY) and test(health)
    ]


def _since(failing: Sequence[Health]) -> str:
    return min(each.failing_since for each in failing if each.failing_since is not None).date().isoformat()


def _together(failing: Sequence[Health]) -> dict[str, str]:
    return {
        "apis": ", ".join(each.api for each in failing),
        "reason": ", ".join(sorted({each.failure_reason or "" for each in failing})),
        "since": _since(failing),
    }


def _unreachable(health: Health) -> bool:
    return health.failure_code == "unreachable" and health.failure_reason != "incomplete"


def _damaged(health: Health) -> bool:
    return (health.failure_code, health.failure_reason) in (
        ("unreachable", "incomplete"),
        ("untrusted", "digest_wrong"),
    )


def _untrusted(health: Health) -> bool:
    return health.failure_code == "untrusted" and health.failure_reason != "digest_wrong"


def _bad_error_document(health: Health) -> bool:
    return (health.failure_code, health.failure_reason) == ("rejected", "error_document_invalid")


def _refused(health: Health) -> bool:
    return health.failure_code == "rejected" and health.failure_reason != "error_document_invalid"


def _invalid(health: Health) -> bool:
    return health.failure_code == "invalid_document"


@rule(
    code="PARTNER_UNREACHABLE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner does not answer", "Partnern svarar inte"),
    text=Text(
        "{partner_hei_id} has not answered since {since} ({reason}; {apis}). What we know of its agreements is "
        "as old as that.",
        "{partner_hei_id} har inte svarat sedan {since} ({reason}; {apis}). Det vi vet om deras avtal är så gammalt.",
    ),
    next_step=Text(
        "It is tried again by itself. If it lasts, tell the technical contact of {partner_hei_id}: "
        "mobility-bridge evidence list --partner {partner_hei_id}",
        "Nya försök görs automatiskt. Om det håller i sig, kontakta den tekniska kontakten hos {partner_hei_id}: "
        "mobility-bridge evidence list --partner {partner_hei_id}",
    ),
    source=_SOURCE,
)
def partner_does_not_answer(case: PartnerCase) -> Iterator[Observation]:
    """Calls time out, cannot connect, or end in a server error; good to know first, a warning after a day.

    Source: reported to the network's service desk.
    """
    failing = _failing(case, _unreachable)
    if not failing:
        return
    since = min(each.failing_since for each in failing if each.failing_since is not None)
    long = case.now - since >= timedelta(hours=case.thresholds.unreachable_warning_hours)
    yield Observation(values=_together(failing), severity=None if long else Severity.INFORMATION)


@rule(
    code="ANSWER_DAMAGED",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Answers arrive damaged", "Svar kommer fram skadade"),
    text=Text(
        "Answers of {partner_hei_id} are cut off or differ from what was signed ({apis}, since {since}).",
        "Svar från {partner_hei_id} är avhuggna eller skiljer sig från det som signerades ({apis}, sedan {since}).",
    ),
    next_step=_REPORT,
    source=_SOURCE,
)
def answers_arrive_damaged(case: PartnerCase) -> Iterator[Observation]:
    """An answer ended before its end, or its bytes are not those that its digest names.

    Source: HTTP signature response security 1.0.
    """
    if failing := _failing(case, _damaged):
        yield Observation(values=_together(failing))


@rule(
    code="PARTNER_UNTRUSTED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner's answers cannot be trusted", "Partnerns svar går inte att lita på"),
    text=Text(
        "Answers of {partner_hei_id} fail verification ({reason}; {apis}, since {since}). Nothing of them is used.",
        "Svar från {partner_hei_id} går inte att verifiera ({reason}; {apis}, sedan {since}). Inget ur dem används.",
    ),
    next_step=Text(
        "Ask the technical contact of {partner_hei_id} whether keys or certificates changed; trust nothing until "
        "then: mobility-bridge evidence list --partner {partner_hei_id}",
        "Fråga den tekniska kontakten hos {partner_hei_id} om nycklar eller certifikat har bytts; lita inte på "
        "något förrän det är klart: mobility-bridge evidence list --partner {partner_hei_id}",
    ),
    source=_SOURCE,
)
def partners_answers_cannot_be_trusted(case: PartnerCase) -> Iterator[Observation]:
    """A signature, key or certificate does not hold.

    Source: HTTP signature response security 1.0; reported to the network's service desk.
    """
    if failing := _failing(case, _untrusted):
        yield Observation(values=_together(failing))


@rule(
    code="PARTNER_REFUSES",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Partner refuses our requests", "Partnern avvisar våra frågor"),
    text=Text(
        "{partner_hei_id} refuses our requests to {api} since {since}: {detail}",
        "{partner_hei_id} avvisar våra frågor till {api} sedan {since}: {detail}",
    ),
    next_step=_REPORT,
    source=_SOURCE,
)
def partner_refuses_our_requests(case: PartnerCase) -> Iterator[Observation]:
    """The partner answers with a valid error document, or a refusal of ours that needs none.

    Source: architecture 1.16, error handling.
    """
    yield from _each_api(_failing(case, _refused))


@rule(
    code="ERROR_DOCUMENT_INVALID",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Error answer is no valid error document", "Felsvaret är inget giltigt feldokument"),
    text=Text(
        "{partner_hei_id} refuses requests to {api} since {since} with an answer that is no error document: "
        "{detail}",
        "{partner_hei_id} avvisar frågor till {api} sedan {since} med ett svar som inte är ett feldokument: "
        "{detail}",
    ),
    next_step=_REPORT,
    source=_SOURCE,
)
def error_answer_is_no_error_document(case: PartnerCase) -> Iterator[Observation]:
    """A 4xx answer whose body is not an error-response.

    Source: reported to the network's service desk.
    """
    yield from _each_api(_failing(case, _bad_error_document))


@rule(
    code="ANSWER_INVALID",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Answer is not a valid document", "Svaret är inget giltigt dokument"),
    text=Text(
        "The answer of {partner_hei_id} from {api} is not what its format says (since {since}): {detail}",
        "Svaret från {partner_hei_id} via {api} följer inte formatet (sedan {since}): {detail}",
    ),
    next_step=_REPORT,
    source=_SOURCE,
)
def answer_is_not_a_valid_document(case: PartnerCase) -> Iterator[Observation]:
    """An answer does not satisfy its schema; the last good state is kept.

    Source: reported to the network's service desk.
    """
    yield from _each_api(_failing(case, _invalid))


def _each_api(failing: Sequence[Health]) -> Iterator[Observation]:
    for each in failing:
        values = {
            "api": each.api,
            "reason": each.failure_reason or "",
            "since": _since([each]),
            "detail": each.detail,
        }
        yield Observation(each.api, values)


@rule(
    code="VERSION_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner offers only an old version", "Partnern erbjuder bara en gammal version"),
    text=Text(
        "{partner_hei_id} offers {versions} only in a version that is no longer spoken. No exchange is possible.",
        "{partner_hei_id} erbjuder {versions} bara i en version som inte längre används. Inget utbyte är möjligt.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} when its provider changes to the current version. "
        "What it offers: mobility-bridge ewp catalogue {partner_hei_id}",
        "Fråga {partner_hei_id} när deras leverantör går över till gällande version. "
        "Vad de erbjuder: mobility-bridge ewp catalogue {partner_hei_id}",
    ),
    source="EWP agreements: known trouble with approvals and notifications",
)
def partner_offers_only_an_old_version(case: PartnerCase) -> Iterator[Observation]:
    """Agreements or approvals are offered, but only in a major version that we do not speak.

    Source: EWP agreements: known trouble with approvals and notifications; states of an agreement, upgrade 6 to 7.
    """
    if case.partner is None or not case.agreements:
        return
    old = [f"{api} {version}" for api, version in case.partner.old_versions if api in _missing(case, _READ)]
    if old:
        yield Observation(values={"versions": ", ".join(sorted(old))})


@rule(
    code="API_MISSING",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner does not offer an interface", "Partnern erbjuder inte ett gränssnitt"),
    text=Text(
        "{partner_hei_id}, with which we have agreements ({agreements}), does not offer {apis}.",
        "{partner_hei_id}, som vi har avtal med ({agreements}), erbjuder inte {apis}.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} whether its provider will offer it; until then these agreements need mail. "
        "What it offers: mobility-bridge ewp catalogue {partner_hei_id}",
        "Fråga {partner_hei_id} om deras leverantör kommer att erbjuda det; till dess får avtalen skötas med "
        "e-post. Detaljer: mobility-bridge discrepancies show {id}",
    ),
    source="EWP agreements: the protocol",
)
def partner_does_not_offer_an_interface(case: PartnerCase) -> Iterator[Observation]:
    """Agreements exist, but an interface they need is not offered, or not with a security that we have.

    Source: EWP agreements: the protocol.
    """
    if case.partner is None or not case.agreements:
        return
    outdated = {api for api, _ in case.partner.old_versions}
    missing = [api for api in _missing(case, (*_READ, *_NOTIFY)) if api not in outdated]
    if missing:
        grave = any(api in _READ for api in missing)
        yield Observation(
            values={"apis": ", ".join(missing), "agreements": str(case.agreements)},
            severity=Severity.BLOCKING if grave else None,
        )


def _missing(case: PartnerCase, apis: Sequence[str]) -> list[str]:
    offers = case.partner.offers if case.partner is not None else {}
    return [api for api in apis if api not in offers or not offers[api].usable]


@rule(
    code="PARTNER_NOT_IN_CATALOGUE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Partner is not in the catalogue", "Partnern finns inte i katalogen"),
    text=Text(
        "The network's catalogue does not list {partner_hei_id}, with which we have agreements ({agreements}).",
        "Nätverkets katalog innehåller inte {partner_hei_id}, som vi har avtal med ({agreements}).",
    ),
    next_step=Text(
        "Check the id of the university in our own system (it may have changed), or ask {partner_hei_id} whether "
        "it has left the network. Details: mobility-bridge discrepancies show {id}",
        "Kontrollera lärosätets id i vårt eget system (det kan ha ändrats) eller fråga {partner_hei_id} om de har "
        "lämnat nätverket. Detaljer: mobility-bridge discrepancies show {id}",
    ),
    source="EWP registry API 1.5",
)
def partner_is_not_in_the_catalogue(case: PartnerCase) -> Iterator[Observation]:
    """We hold agreements with a HEI that no host covers.

    Source: EWP registry API 1.5.
    """
    if case.partner is None and case.agreements:
        yield Observation(values={"agreements": str(case.agreements)})


@rule(
    code="INDEX_SHRUNK",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner suddenly lists far fewer agreements", "Partnern listar plötsligt mycket färre avtal"),
    text=Text(
        "{partner_hei_id} lists only {now} of {before} agreements. The list is not believed and nothing is "
        "taken for deleted.",
        "{partner_hei_id} listar bara {now} av {before} avtal. Listan godtas inte och inget räknas som "
        "borttaget.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} whether that is meant. If it is: mobility-bridge sync --partner {partner_hei_id} --accept-shrink",
        "Fråga {partner_hei_id} om det stämmer. Om det gör det: mobility-bridge sync --partner {partner_hei_id} --accept-shrink",
    ),
    source="EWP agreements: scenarios",
)
def partner_lists_far_fewer_agreements(case: PartnerCase) -> Iterator[Observation]:
    """The index is suddenly empty or less than half of what it was.

    Source: EWP agreements: scenarios: half an index is not a deletion.
    """
    if case.index is not None and case.index.shrunk_to is not None:
        yield Observation(values={"now": str(case.index.shrunk_to), "before": str(case.index.count)})


@rule(
    code="INDEX_NOT_FILTERED",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner lists agreements of others", "Partnern listar andras avtal"),
    text=Text(
        "{partner_hei_id} shows us agreements that we are no party of ({count}: {ids}). They are ignored.",
        "{partner_hei_id} visar oss avtal som vi inte är part i ({count}: {ids}). De beaktas inte.",
    ),
    next_step=_REPORT,
    source="EWP agreements: known trouble with approvals and notifications",
)
def partner_lists_agreements_of_others(case: PartnerCase) -> Iterator[Observation]:
    """The partner's index names agreements between other universities.

    Source: EWP agreements: known trouble with approvals and notifications; the protocol.
    """
    if case.index is not None and case.index.foreign_ids:
        foreign = sorted(case.index.foreign_ids)
        yield Observation(values={"count": str(len(foreign)), "ids": _some(foreign)})


@rule(
    code="NOTIFICATION_UNDELIVERED",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Notifications did not arrive", "Aviseringar har inte kommit fram"),
    text=Text(
        "[{partner_hei_id} did not take our notifications of {kind} ({count}: {ids}).]"
        "[Our notifications of {kind} to {partner_hei_id} were not sent, because sending is switched off on our "
        "side ({unsent}: {ids}).] The partner may not know our latest text or approval.",
        "[{partner_hei_id} har inte tagit emot våra aviseringar om {kind} ({count}: {ids}).]"
        "[Våra aviseringar om {kind} till {partner_hei_id} har inte skickats, eftersom sändning är avstängd hos "
        "oss ({unsent}: {ids}).] Partnern känner kanske inte till vår senaste text eller vårt senaste godkännande.",
    ),
    next_step=Text(
        "[Tell the technical contact of {partner_hei_id} (notifications: {count}), then notify again, ]"
        "[Set notify.enabled = true if we are to send (notifications: {unsent}), then notify again, ]"
        "for each agreement: mobility-bridge notify {first} --partner {partner_hei_id}",
        "[Meddela den tekniska kontakten hos {partner_hei_id} (aviseringar: {count}) och avisera sedan på nytt, ]"
        "[Sätt notify.enabled = true om vi ska skicka (aviseringar: {unsent}) och avisera sedan på nytt, ]"
        "för varje avtal: mobility-bridge notify {first} --partner {partner_hei_id}",
    ),
    source="EWP agreements: scenarios",
)
def notifications_were_not_taken(case: PartnerCase) -> Iterator[Observation]:
    """Notifications expired or were refused; ours to settle where they expired because we send none.

    Silent while the partner does not answer at all, and for interfaces that it does not offer: both are
    findings of their own.

    Source: EWP agreements: scenarios; reported to the network's service desk.
    """
    silent = bool(_failing(case, _unreachable))
    by_kind: dict[tuple[str, bool], list[ChangeNotification]] = {}
    for each in case.undelivered:
        if each.held_back or not (silent or each.state is CnrState.NO_RECEIVER):
            by_kind.setdefault((each.kind.value, each.held_back), []).append(each)
    for (kind, held_back), items in sorted(by_kind.items()):
        ids = sorted({each.iia_id for each in items})
        values = {"kind": kind, "ids": _some(ids), "first": ids[0]}
        values["unsent" if held_back else "count"] = str(len(items))
        place, owner = (f"{kind}, not sent", Owner.OPERATIONS) if held_back else (kind, None)
        yield Observation(place, values, owner=owner)


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_SHOWN]) + (", …" if len(ids) > _SHOWN else "")
