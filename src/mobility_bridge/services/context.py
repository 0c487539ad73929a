"""What every service is given: the rooms and doors it may use, and nothing global."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.case import Thresholds
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.domain.stay import StayThresholds, TermDates
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import NotOffered, UsageError
from mobility_bridge.kit.logs import Log
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.documents import DocumentInspector
from mobility_bridge.ports.lists import StudentLists
from mobility_bridge.ports.registry import StudentRegistry
from mobility_bridge.ports.sinks import CatalogueSink, NotificationSender
from mobility_bridge.ports.sources import AgreementSource, PartnerNetwork
from mobility_bridge.ports.store import Store
from mobility_bridge.ports.student_sources import ApplicationSource, StudentNetwork
from mobility_bridge.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The bridge as its services see it. Doors are None, or none, when no adapter offers them."""

    settings: Settings
    store: Store
    clock: Clock
    log: Log
    sources: tuple[AgreementSource, ...] = ()
    network: PartnerNetwork | None = None
    sender: NotificationSender | None = None
    inspector: DocumentInspector | None = None
    students: StudentNetwork | None = None
    registry: StudentRegistry | None = None
    applications: tuple[ApplicationSource, ...] = ()
    lists: StudentLists | None = None
    catalogue: CatalogueSink | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    ownership: Ownership = field(default_factory=Ownership)

    @property
    def own_hei_id(self) -> HeiId:
        return HeiId(self.settings.own_hei_id)

    @property
    def stay_thresholds(self) -> StayThresholds:
        """When something is worth saying about a stay, as configured."""
        return StayThresholds(**self.settings.students.rules.model_dump())

    @property
    def calendar(self) -> Mapping[Term, TermDates]:
        """Our own terms, as configured."""
        found = {}
        for each in self.settings.students.terms:
            term = Term.parse(each.term)
            if term is not None:
                found[term] = TermDates(
                    term,
                    each.first_day,
                    each.last_day,
                    each.registry_deadline,
                    each.housing_deadline,
                    each.registration_deadline,
                    each.results_by,
                )
        return found

    def source(self, name: str) -> AgreementSource:
        """Find one of our own systems by name. Raises UsageError naming those that exist."""
        for source in self.sources:
            if source.name == name:
                return source
        names = [source.name for source in self.sources] + (["ewp"] if self.network is not None else [])
        names += [each.name for each in (self.registry, self.lists) if each is not None]
        known = ", ".join(names) or "none is configured"
        raise UsageError(f"no source is called {name!r}", next_step=f"Sources: {known}.")

    def the_network(self) -> PartnerNetwork:
        """The EWP network. Raises NotOffered when it is not configured."""
        if self.network is None:
            raise NotOffered(
                "no network of partners is configured",
                system="ewp",
                reason="no_host",
                next_step="Add a section [adapters.ewp] to the configuration.",
            )
        return self.network

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        """Decode stored terms with the adapter that wrote them. Raises InvalidDocument."""
        system = ref.format.partition(".")[0]
        for source in self.sources:
            if source.name == system:
                return source.decode(document, ref)
        return self.the_network().decode(document, ref)
