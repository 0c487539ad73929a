"""One of our own systems, or the network's catalogue, cannot be read as it should.

Source: mobility-bridge principles: an absent record means nothing unless the reading was whole.
"""

from collections.abc import Iterator
from datetime import timedelta

from mobility_bridge.domain.case import SourceCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.partner import Health
from mobility_bridge.reconcile.rule import Observation, rule

CATALOGUE = "catalogue"
KEY_UNKNOWN = "key_unknown"
CERTIFICATE_DAYS = (7, 30, 90)
_CERTIFICATE = tuple(
    zip(CERTIFICATE_DAYS, (Severity.BLOCKING, Severity.WARNING, Severity.INFORMATION), strict=True)
)
_SOURCE = "mobility-bridge principles: never destroy"
_LOOK = Text(
    "Look at the connection and at the last answers: mobility-bridge discrepancies show {id}",
    "Kontrollera anslutningen och de senaste svaren: mobility-bridge discrepancies show {id}",
)


def _failing(case: SourceCase) -> Health | None:
    return case.health if case.health is not None and case.health.failing_since is not None else None


def _facts(health: Health) -> dict[str, str]:
    since = health.failing_since
    return {
        "reason": health.failure_reason or health.failure_code or "",
        "since": since.date().isoformat() if since is not None else "",
        "last_ok": health.last_ok_at.date().isoformat() if health.last_ok_at is not None else "",
    }


@rule(
    code="SOURCE_UNREACHABLE",
    severity=Severity.BLOCKING,
    owner=Owner.OPERATIONS,
    title=Text("Our own system cannot be read", "Vårt eget system går inte att läsa"),
    text=Text(
        "{source_name} cannot be read since {since} ({reason}). Our side of every comparison is as old as that.",
        "{source_name} går inte att läsa sedan {since} ({reason}). Vår sida av varje jämförelse är så gammal.",
    ),
    next_step=_LOOK,
    source=_SOURCE,
)
def our_own_system_cannot_be_read(case: SourceCase) -> Iterator[Observation]:
    """Reading one of our systems fails as a whole.

    Source: mobility-bridge principles.
    """
    health = _failing(case)
    if health is not None and case.subject.source != CATALOGUE and health.failure_code != "incomplete":
        yield Observation(values=_facts(health))


@rule(
    code="SOURCE_INCOMPLETE",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text("Our own system was read only in part", "Vårt eget system kunde bara läsas delvis"),
    text=Text(
        "{source_name} was read only in part. What was not read counts as unchanged.",
        "{source_name} kunde bara läsas delvis. Det som inte lästes räknas som oförändrat.",
    ),
    next_step=_LOOK,
    source=_SOURCE,
)
def our_own_system_was_read_in_part(case: SourceCase) -> Iterator[Observation]:
    """A part of the last reading failed, so that absent records mean nothing.

    Source: mobility-bridge principles.
    """
    if case.health is not None and case.health.failure_code == "incomplete":
        yield Observation(values={"records": str(case.record_count)})


@rule(
    code="SOURCE_SHRUNK",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text(
        "Our own system suddenly holds far less", "Vårt eget system innehåller plötsligt mycket mindre"
    ),
    text=Text(
        "{source_name} showed only {now} of {before} agreements. The reading is not believed and nothing is "
        "taken for deleted.",
        "{source_name} visade bara {now} av {before} avtal. Läsningen godtas inte och inget räknas som "
        "borttaget.",
    ),
    next_step=Text(
        "Find out whether that is meant. If it is: mobility-bridge sync --source {source_name} --accept-shrink",
        "Ta reda på om det stämmer. Om det gör det: mobility-bridge sync --source {source_name} --accept-shrink",
    ),
    source=_SOURCE,
)
def our_own_system_holds_far_less(case: SourceCase) -> Iterator[Observation]:
    """A reading is suddenly empty or less than half of the one before.

    Source: mobility-bridge principles.
    """
    if case.shrunk_to is not None:
        yield Observation(values={"now": str(case.shrunk_to), "before": str(case.record_count)})


@rule(
    code="SOURCE_RECORD_UNREADABLE",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("A record of ours cannot be read", "En post hos oss går inte att läsa"),
    text=Text(
        "{source_name}, {where}: {what}. The record is left out.",
        "{source_name}, {where}: {what}. Posten lämnas utanför.",
    ),
    next_step=Text(
        "Correct the record in {source_name}. Details: mobility-bridge discrepancies show {id}",
        "Rätta posten i {source_name}. Detaljer: mobility-bridge discrepancies show {id}",
    ),
    source=_SOURCE,
)
def record_of_ours_cannot_be_read(case: SourceCase) -> Iterator[Observation]:
    """A single record of our own system could not be understood; the others are not held up by it.

    Source: mobility-bridge principles.
    """
    for where, what in case.problems:
        yield Observation(where, {"where": where, "what": what})


@rule(
    code="FEED_PAGE_MISSING",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text("A page of the registry's feed is missing", "En sida i registrets händelseflöde saknas"),
    text=Text(
        "{source_name}: of the feed of events, page {pages} is not there although later ones are. What it told is "
        "read from the registry itself at the next review.",
        "{source_name}: i händelseflödet saknas sida {pages}, fast senare sidor finns. Det som stod där läses direkt "
        "ur registret vid nästa genomgång.",
    ),
    next_step=Text(
        "The page is asked for again by itself. To review at once: mobility-bridge sync --source {source_name} --full",
        "Sidan efterfrågas på nytt av sig själv. Gå igenom nu: mobility-bridge sync --source {source_name} --full",
    ),
    source="Ladok: consuming the feed right",
)
def page_of_the_feed_is_missing(case: SourceCase) -> Iterator[Observation]:
    """The numbers of the feed's pages leave some out, or a page is not found.

    Source: Ladok: consuming the feed right; simulator contract, page number gap.
    """
    if case.missing_pages:
        yield Observation(values={"pages": ", ".join(map(str, case.missing_pages))})


@rule(
    code="FEED_EVENT_MISSED",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text(
        "The registry's feed has not told of everything", "Registrets händelseflöde har inte berättat allt"
    ),
    text=Text(
        "{source_name} shows {count} things of the kind {kind} that no event has told. What the registry shows was "
        "taken over.",
        "{source_name} visar {count} saker av slaget {kind} som ingen händelse har berättat om. Det som registret "
        "visar har tagits över.",
    ),
    next_step=Text(
        "Look at the feed: mobility-bridge ladok feed status. If it was followed without a gap, tell Ladok's support.",
        "Titta på flödet: mobility-bridge ladok feed status. Om det har följts utan lucka, meddela Ladoks support.",
    ),
    source="Ladok: consuming the feed right",
)
def feed_has_not_told_of_everything(case: SourceCase) -> Iterator[Observation]:
    """Two looks at the registry itself, an hour apart or more, show what no event has told.

    Source: Ladok: consuming the feed right, rule 12.
    """
    for kind, count in case.missed_events:
        yield Observation(kind, {"kind": kind.replace("_", " "), "count": str(count)})


@rule(
    code="CERTIFICATE_EXPIRES",
    severity=Severity.INFORMATION,
    owner=Owner.OPERATIONS,
    title=Text("Our certificate runs out", "Vårt certifikat går ut"),
    text=Text(
        "The certificate with which {source_name} is asked holds until {until} and not longer.",
        "Certifikatet som {source_name} anropas med gäller till {until} och inte längre.",
    ),
    next_step=Text(
        "Order a new one, put it where the configuration points, and look: mobility-bridge ladok probe",
        "Beställ ett nytt, lägg det där konfigurationen pekar och kontrollera: mobility-bridge ladok probe",
    ),
    source="Ladok: known trouble, certificate expires",
)
def certificate_runs_out(case: SourceCase) -> Iterator[Observation]:
    """The certificate runs out within 90 days; within 30 it is a warning, within 7 and after it blocks.

    Source: Ladok: known trouble, certificate expires.
    """
    ends_at = case.certificate_ends_at
    if ends_at is None:
        return
    left = ends_at - case.now
    severity = next((severity for days, severity in _CERTIFICATE if left <= timedelta(days=days)), None)
    if severity is not None:
        until = ends_at.date()
        yield Observation(values={"until": until.isoformat()}, due_on=until, severity=severity)


@rule(
    code="CATALOGUE_STALE",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text("The network's catalogue is old", "Nätverkets katalog är gammal"),
    text=Text(
        "The catalogue could not be renewed since {since}; the last good one[ of {last_ok}] is used. "
        "New keys and addresses of partners are not known.",
        "Katalogen har inte kunnat förnyas sedan {since}; den senaste giltiga[ från {last_ok}] används. "
        "Partners nya nycklar och adresser är inte kända.",
    ),
    next_step=_LOOK,
    source="EWP registry API 1.5",
)
def catalogue_of_the_network_is_old(case: SourceCase) -> Iterator[Observation]:
    """Refreshing the catalogue fails; the last good copy is kept.

    Source: EWP registry API 1.5, caching.
    """
    health = _failing(case)
    if health is not None and case.subject.source == CATALOGUE and health.failure_code != KEY_UNKNOWN:
        yield Observation(values=_facts(health))


@rule(
    code="CLIENT_KEY_UNKNOWN",
    severity=Severity.BLOCKING,
    owner=Owner.OPERATIONS,
    title=Text("The network does not know our key", "Nätverket känner inte till vår nyckel"),
    text=Text(
        "Since {since} the catalogue does not list our client key for us. Partners refuse what we sign with it.",
        "Sedan {since} anger katalogen inte vår klientnyckel för oss. Partners avvisar det vi signerar med den.",
    ),
    next_step=Text(
        "Publish the key in our manifest, or configure the one that is published: mobility-bridge config check",
        "Publicera nyckeln i vårt manifest, eller ställ in den som är publicerad: mobility-bridge config check",
    ),
    source="EWP registry API 1.5",
)
def network_does_not_know_our_key(case: SourceCase) -> Iterator[Observation]:
    """The catalogue was read, and our client key is not in it or belongs to another institution.

    Source: EWP client authentication by HTTP signature 1.0.2, registry API 1.5.
    """
    health = _failing(case)
    if health is not None and case.subject.source == CATALOGUE and health.failure_code == KEY_UNKNOWN:
        yield Observation(values=_facts(health))
