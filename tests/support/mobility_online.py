"""A Mobility-Online of one's own: sample records, the simulator on them, and the adapter that reads it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from tests.support.clock import VirtualClock
from tests.support.fixtures import REPOSITORY

from mobility_adapters.mobility_online import adapter
from mobility_adapters.mobility_online.source import MobilityOnlineSource
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.ports.adapter import Surroundings
from mobility_bridge.sandbox.mobility_online import MobilityOnline, Switches, Tenant
from mobility_bridge.sandbox.world import MoAgreement, MoEwp, MoInstitution, MoLanguage, MoLookup

AUTHORITY = "TENANT-A-7f3c"
OWN = HeiId("nordhav.example")
BASE = "https://mo.example/mobility-online/services"
ALDERTON = MoInstitution(1101, "IRLALDERT01", "alderton.example", "University of Alderton", "Ireland")
BRAVA = MoInstitution(1102, "UY-001-2001", "brava.example", "Universidad de Brava", "Uruguay")
OVERSEAS = MoInstitution(2955, "AU-000-9001", None, "Overseas College", "Australia")
EWP = MoEwp("iia-1", "NHU/1", "ald-77", "a" * 64, True, False, datetime(2026, 5, 7, 9, 35, tzinfo=UTC))  # noqa: FBT003


def agreement(agreement_id: int = 1, **facts: Any) -> MoAgreement:
    """One record: two students a year to Alderton, unless told otherwise."""
    plain = MoAgreement(
        agreement_id=agreement_id,
        agreement_number="NHU/1",
        agreement_name="Alderton: Erasmus SMS",
        institution=ALDERTON,
        application_type="OUT",
        person_type="S",
        exchange_program=MoLookup("SMS", "Erasmus SMS"),
        academic_years=("2026/2027", "2027/2028"),
        valid_from=date(2026, 9, 1),
        valid_to=date(2028, 8, 31),
        study_fields=(MoLookup("0613", "Software"), MoLookup("0541", "Mathematics")),
        study_levels=("M", "B"),
        total_number=2,
        free_places=-1,
        total_months=Decimal("10.0"),
        languages=(MoLanguage("en", "B2"), MoLanguage("SV")),
        coordinator="Department of Computing",
        comment="Nominations by 15 April & 15 October",
        partner_information=None,
        status="SENT",
        ewp=EWP,
        created_on=datetime(2026, 5, 1, 8, 0, tzinfo=UTC),
        modified_on=datetime(2026, 5, 7, 9, 30, tzinfo=UTC),
        custom_fields=(("blended", "false"), ("receiving_ounit_id", "ald-unit-1")),
    )
    return replace(plain, **facts)


def staff(agreement_id: int, **facts: Any) -> MoAgreement:
    """A record for teachers."""
    said: dict[str, Any] = {
        "person_type": "T",
        "exchange_program": MoLookup("STA", "Erasmus STA"),
        "total_months": None,
        "study_levels": (),
        "custom_fields": (("total_days", "12.5"),),
    }
    return agreement(agreement_id, **{**said, **facts})


def sample() -> tuple[MoAgreement, ...]:
    """One agreement of three records, one of another partner, a draft, and one outside the network."""
    other = replace(EWP, iia_id="iia-2", iia_code="NHU/2", partner_iia_id=None, iia_hash="b" * 64)
    return (
        agreement(1),
        agreement(2, application_type="IN", total_number=3),
        staff(3),
        agreement(4, institution=BRAVA, agreement_number="NHU/2", ewp=other, status="ACTIVE"),
        agreement(5, agreement_number="NHU/3", ewp=None, status="DRAFT"),
        agreement(6, institution=OVERSEAS, agreement_number="", ewp=None),
    )


def played(agreements: Iterable[MoAgreement], **switches: Any) -> MobilityOnline:
    """The simulator with one tenant."""
    kept = tuple(agreements)
    return MobilityOnline({AUTHORITY: Tenant("nordhav", lambda: kept)}, Switches(**switches))


def source(transport: httpx.AsyncBaseTransport | None, folder: Path, **settings: Any) -> MobilityOnlineSource:
    """The adapter's source as the program builds it, with the authority in a file."""
    (folder / "authority.txt").write_text(f"{AUTHORITY}\n")
    said = {"base_url": BASE, "authority": {"file": "authority.txt"}, "assumed_services": True, **settings}
    built = adapter.build(
        adapter.settings_model.model_validate(said),
        Surroundings(
            own_hei_id=OWN,
            clock=VirtualClock(),
            base_dir=folder,
            state_dir=folder,
            mappings_dir=REPOSITORY / "config" / "mappings",
            log=None,
            transport=transport,
        ),
    )
    assert isinstance(built.agreements, MobilityOnlineSource)
    return built.agreements


def reads(application: MobilityOnline, folder: Path, **settings: Any) -> MobilityOnlineSource:
    """A source that reads the simulator without a network."""
    return source(httpx.ASGITransport(application), folder, **settings)
