"""What people do with persons in Ladok, and the events that each act makes.

Source: Ladok: identifiers of a person, events (LokalStudentEvent, SkyddadePersonuppgifterEvent), sequences 8.3,
assumption A1.
"""

import uuid
from datetime import date
from typing import Final

from mobility_bridge.sandbox.ladok_events import CREATED, UPDATED, Scene
from mobility_bridge.sandbox.ladok_numbers import interim_number
from mobility_bridge.sandbox.ladok_tree import Member
from mobility_bridge.sandbox.ladok_world import Person, RefusalError

POSSIBLE_DUPLICATE: Final = "mock.student.mojlig_dubblett"
_NAMESPACE: Final = uuid.UUID("5f0b6d1e-3c5a-4f0e-9b57-000000000099")


def establish(  # noqa: PLR0913 - what the form asks for
    scene: Scene,
    *,
    given_names: str,
    family_name: str,
    born: str,
    sex: int,
    number: str | None = None,
    email: str | None = None,
    external_uid: str | None = None,
) -> Person:
    """Establish a person; without a number Ladok issues an interim one. A known number gives the known person.

    Raises:  RefusalError when somebody with these names, birth date and sex is there under another number.
    """
    ladok = scene.ladok
    known = ladok.person_with(number) if number else None
    if known is not None:
        return known
    birth = date.fromisoformat(born)
    same = (given_names.casefold(), family_name.casefold(), birth, sex)
    for each in ladok.people.values():
        if (each.given_names.casefold(), each.family_name.casefold(), each.born, each.sex) == same:
            raise RefusalError("domanregel", f"Det finns en möjlig dubblett: {each.uid}", POSSIBLE_DUPLICATE)
    uid = scene.uid()
    person = Person(
        uid=uid,
        external_uid=external_uid or str(uuid.uuid5(_NAMESPACE, uid)),
        given_names=given_names,
        family_name=family_name,
        born=birth,
        sex=sex,
        number=number or _free_interim_number(scene, birth),
        saved_at=scene.at,
        saved_by=scene.who,
        email=email,
    )
    ladok.people[uid] = person
    scene.happens("si:LokalStudentEvent", _local(person, CREATED), uid)
    scene.happens("sd:StudentTillLarosateEvent", _at_university(person), uid)
    if email is not None:
        scene.happens("si:KontaktuppgifterEvent", _contact(person, CREATED), uid)
    return person


def change_person(
    scene: Scene,
    *,
    student_uid: str,
    given_names: str | None = None,
    family_name: str | None = None,
    email: str | None = None,
) -> Person:
    """Change names or the e-mail address."""
    person = _saved(scene, student_uid)
    renamed = given_names is not None or family_name is not None
    if renamed:
        _remember(person)
    person.given_names = given_names or person.given_names
    person.family_name = family_name or person.family_name
    if renamed:
        scene.happens("si:LokalStudentEvent", _local(person, UPDATED), person.uid)
    if email is not None:
        person.email = email
        scene.happens("si:KontaktuppgifterEvent", _contact(person, UPDATED), person.uid)
    return person


def replace_number(scene: Scene, *, student_uid: str, number: str) -> Person:
    """Give a person another number, as when a Swedish one takes the place of an interim number."""
    if scene.ladok.person_with(number) is not None:
        raise RefusalError("domanregel", "Numret tillhör en annan student.")
    person = _saved(scene, student_uid)
    before = person.number
    _remember(person)
    person.number = number
    members: list[Member] = [*_local(person, UPDATED), ("si:TidigarePersonnummer", before)]
    scene.happens("si:LokalStudentEvent", members, person.uid)
    return person


def merge_persons(scene: Scene, *, student_uid: str, into: str) -> Person:
    """Let one person stand for two: what belonged to the first belongs to the second from now on."""
    ladok = scene.ladok
    gone, kept = _saved(scene, student_uid), ladok.person(into)
    if gone is kept:
        raise RefusalError("felaktigt_varde", "En student kan inte ersättas av sig själv.")
    gone.replaced_by = kept.uid
    for owned in (ladok.admissions, ladok.results, ladok.merits, ladok.transfers):
        for each in owned.values():
            if each.student_uid == gone.uid:
                each.student_uid = kept.uid
    for occasion in ladok.occasions.values():
        if occasion.student_uid == gone.uid:
            occasion.student_uid = kept.uid
    replaced = {"si:ErsattAvStudentUID": kept.uid, "si:HanvisningNuGallandeStudentUID": kept.uid}
    scene.happens("si:LokalStudentEvent", _local(gone, UPDATED, replaced), gone.uid)
    return kept


def protect_person(scene: Scene, *, student_uid: str) -> Person:
    """Protect a person's identity."""
    person = _saved(scene, student_uid)
    person.protected = True
    scene.happens(
        "si:SkyddadePersonuppgifterEvent",
        [
            ("events:Handelsetyp", CREATED),
            ("si:SkyddadePersonuppgifterUID", scene.uid()),
            ("si:SkyddatEfternamn", True),
            ("si:SkyddatFornamn", True),
            ("si:SkyddatKon", True),
            ("si:SkyddatPersonnummer", True),
            ("si:StudentUID", person.uid),
        ],
        person.uid,
    )
    return person


def mark_deceased(scene: Scene, *, student_uid: str) -> Person:
    """Note that a person has died."""
    person = _saved(scene, student_uid)
    person.deceased = True
    members: list[Member] = [("si:avliden", True), ("si:StudentUID", person.uid)]
    scene.happens("si:StudentAvlidenmarkeringEvent", members, person.uid)
    return person


def _saved(scene: Scene, student_uid: str) -> Person:
    person = scene.ladok.person(student_uid)
    person.saved_at, person.saved_by = scene.at, scene.who
    return person


def _remember(person: Person) -> None:
    person.earlier.append((person.number, person.given_names, person.family_name))


def _free_interim_number(scene: Scene, born: date) -> str:
    for serial in range(101, 1000):
        number = interim_number(born, serial)
        if scene.ladok.person_with(number) is None:
            return number
    raise RefusalError("domanregel", "Det finns inget ledigt interimspersonnummer för dagen.")


def _local(person: Person, how: str, replaced: dict[str, str] | None = None) -> list[Member]:
    replaced = replaced or {}
    return [
        ("events:Handelsetyp", how),
        ("si:Efternamn", person.family_name),
        ("si:ErsattAvStudentUID", replaced.get("si:ErsattAvStudentUID")),
        ("si:ExterntStudentUID", person.external_uid),
        ("si:Fodelsedata", person.born),
        ("si:Fornamn", person.given_names),
        ("si:HanvisningNuGallandeStudentUID", replaced.get("si:HanvisningNuGallandeStudentUID")),
        ("si:Kon", person.sex),
        ("si:Personnummer", person.number),
        ("si:StudentUID", person.uid),
    ]


def _at_university(person: Person) -> list[Member]:
    return [
        ("sd:Efternamn", person.family_name),
        ("sd:Personnummer", person.number),
        ("sd:StudentUID", person.uid),
        ("sd:Tilltalsnamn", person.given_names.split()[0] if person.given_names.split() else None),
    ]


def _contact(person: Person, how: str) -> list[Member]:
    return [
        ("events:Handelsetyp", how),
        ("si:Epostadress", person.email),
        ("si:StudentUID", person.uid),
        ("si:Telefonnummer", person.phone),
    ]
