"""Applications of one's own: sample students, the simulator on them, and the doors that read and write them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from tests.support.clock import VirtualClock
from tests.support.fixtures import REPOSITORY
from tests.support.mobility_online import AUTHORITY, BASE, OWN

from mobility_adapters.mobility_online import adapter
from mobility_adapters.mobility_online.applications import MobilityOnlineApplications
from mobility_adapters.mobility_online.catalogue import MobilityOnlineCatalogue
from mobility_bridge.domain.application import Application
from mobility_bridge.domain.term import Term
from mobility_bridge.ports.adapter import Capabilities, Surroundings
from mobility_bridge.ports.student_sources import RecordReading
from mobility_bridge.sandbox.mobility_online import MobilityOnline, Switches, Tenant
from mobility_bridge.sandbox.mobility_online_students import (
    IN,
    OUT,
    MoApplication,
    MoCourse,
    MoPartner,
    MoStudents,
    semester_text,
    year_text,
)

AUTUMN, SPRING = Term(2026, autumn=True), Term(2027, autumn=False)
ALDERTON = MoPartner(1101, "IRLALDERT01", "University of Alderton", "Ireland")
LONG_AGO = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AUTUMN_TEXT = semester_text(2026, autumn=True)
SPRING_TEXT = semester_text(2027, autumn=False)
YEAR_TEXT = year_text(2026)
DONE = ("is_mail_best_bew", "is_registriert")


def add(students: MoStudents, **facts: Any) -> MoApplication:
    """One student who goes to Alderton for the autumn, unless told otherwise."""
    said: dict[str, Any] = {
        "application_type": OUT,
        "first_name": "Alex",
        "last_name": "Ample",
        "email": "alex.ample@students.nordhav.example",
        "birth_date": date(2003, 5, 11),
        "gender": "M",
        "nationality": "Sweden",
        "partner": ALDERTON,
        "semester": AUTUMN_TEXT,
        "academic_year": "2026/2027",
        "starts_on": date(2026, 9, 1),
        "ends_on": date(2027, 1, 22),
        "created_on": LONG_AGO,
        "modified_on": LONG_AGO,
        "student_number": "alex0042",
        "global_id": "urn:schac:personalUniqueCode:int:esi:nordhav.example:42",
        "study_field": "0613",
        "done": DONE,
    }
    return students.add(**{**said, **facts})


def add_incoming(students: MoStudents, **facts: Any) -> MoApplication:
    """One student who comes from Alderton."""
    said: dict[str, Any] = {
        "application_type": IN,
        "first_name": "Chiara",
        "last_name": "Campione",
        "email": "chiara@alderton.example",
        "gender": "W",
        "nationality": "Italy",
        "student_number": None,
    }
    return add(students, **{**said, **facts})


def offer(students: MoStudents, **facts: Any) -> MoCourse:
    """One course of the catalogue, as somebody entered it by hand."""
    said: dict[str, Any] = {
        "number": "NH1101",
        "name": "Geology of the sea",
        "semester": AUTUMN_TEXT,
        "academic_year": "2026/2027",
        "course_type": "SE",
        "language": "EN",
        "credits": Decimal("7.5"),
        "places": 12,
        "max_participants": 30,
        "study_area": "NAT",
        "levels": ("B", "M"),
    }
    return students.offer({**said, **facts})


def played(students: MoStudents, **switches: Any) -> MobilityOnline:
    """The simulator with one tenant."""
    return MobilityOnline(
        {AUTHORITY: Tenant("nordhav", tuple, students=lambda: students)}, Switches(**switches)
    )


def built(
    transport: httpx.AsyncBaseTransport | None, folder: Path, mappings: Path | None = None, **settings: Any
) -> Capabilities:
    """The doors as the program builds them."""
    (folder / "authority.txt").write_text(f"{AUTHORITY}\n")
    said = {"base_url": BASE, "authority": {"file": "authority.txt"}, **settings}
    return adapter.build(
        adapter.settings_model.model_validate(said),
        Surroundings(
            own_hei_id=OWN,
            clock=VirtualClock(),
            base_dir=folder,
            state_dir=folder,
            mappings_dir=mappings or REPOSITORY / "config" / "mappings",
            log=None,
            transport=transport,
        ),
    )


def reads(
    application: MobilityOnline, folder: Path, mappings: Path | None = None, **settings: Any
) -> MobilityOnlineApplications:
    """A source of applications that reads the simulator without a network."""
    found = built(httpx.ASGITransport(application), folder, mappings, **settings).applications
    assert isinstance(found, MobilityOnlineApplications)
    return found


def writes(application: MobilityOnline, folder: Path, **settings: Any) -> MobilityOnlineCatalogue:
    """A catalogue that is written in the simulator."""
    said = {"course_catalogue": True, **settings}
    found = built(httpx.ASGITransport(application), folder, **said).catalogue
    assert isinstance(found, MobilityOnlineCatalogue)
    return found


def facts(reading: RecordReading) -> list[Application]:
    """The applications in a reading."""
    return [read.record.facts for read in reading.records]


def mappings_with(folder: Path, *changes: tuple[str, str]) -> Path:
    """A folder with both mapping files, texts of the first one replaced."""
    source = REPOSITORY / "config" / "mappings"
    folder = folder / "mappings"
    folder.mkdir()
    for name in ("mobility_online.toml", "mobility_online_report.toml"):
        text = (source / name).read_text(encoding="utf-8")
        for before, after in changes if name == "mobility_online.toml" else ():
            assert before in text
            text = text.replace(before, after, 1)
        (folder / name).write_text(text, encoding="utf-8")
    return folder
