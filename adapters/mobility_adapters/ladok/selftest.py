"""What the certificate opens: who Ladok takes us for, which rights we have, under which name the feed answers.

Source: Ladok: authentication, self-test; known trouble, right missing.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from mobility_adapters.ladok.client import LadokClient, Question, segment
from mobility_adapters.ladok.faults import ACTIVITIES
from mobility_adapters.ladok.reader import FeedReader
from mobility_adapters.ladok.values import Node, many, text
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.registry import CertificateLevel, CertificateStatus
from mobility_bridge.ports.sources import Capability

_SERVICE: Final = "kataloginformation"
_ASSUMPTIONS: Final[Mapping[str, str]] = {
    "A2": "partners and exchange programmes from the code tables",
    "A3": "admissions, written",
    "A4": "withdrawals, written",
    "A5": "changes of occasion, written",
    "A6": "credit transfers, read",
    "A7": "merits from elsewhere, read",
    "A9": "exchange report",
}


def certificate_capability(status: CertificateStatus | None) -> list[Capability]:
    """The certificate: how long it holds is a fact that whoever looks at the health must see."""
    if status is None:
        return []
    days = "expired" if status.level is CertificateLevel.EXPIRED else f"{status.days_left} days left"
    note = f"{status.user}, {status.environment or 'no environment'}, {days} ({status.level.value})"
    return [Capability("certificate", available=status.level is not CertificateLevel.EXPIRED, note=note)]


async def rights(client: LadokClient) -> list[Capability]:
    """Sign in and compare the system activities that we have with those that we need."""
    try:
        who = await client.read(Question(_SERVICE, "anvandare/autentiserad"), [])
        own = await client.read(Question(_SERVICE, "anvandarbehorighet/egna"), [])
        activities = await _activities(client, own or {})
    except ExternalError as error:
        return [Capability("sign-in", available=False, note=error.message)]
    found = [Capability("sign-in", available=who is not None, note=text(who or {}, "Anvandarnamn") or "")]
    needed = dict.fromkeys(ACTIVITIES.values())
    return found + [
        Capability(
            f"right {number} {key}",
            available=bool(activities & {number, f"systemaktivitet.{key}", f"systemaktivitet.{number}"}),
            note="" if activities else "the rights could not be read",
        )
        for number, key in needed
    ]


async def _activities(client: LadokClient, own: Node) -> frozenset[str]:
    """Numbers and keys of the activities in all of our profiles."""
    found: set[str] = set()
    for profile in dict.fromkeys(_profiles(own)):
        node = await client.read(Question(_SERVICE, f"behorighetsprofil/{segment(profile)}"), [])
        for row in many((node or {}).get("Systemaktiviteter")):
            if isinstance(row, Mapping):
                found.update(said for name in ("Id", "ID", "I18nNyckel") if (said := text(row, name)))
    return frozenset(found)


def _profiles(own: Node) -> Iterator[str]:
    """UIDs of permission profiles, named by a reference or directly."""
    for row in many(own.get("Anvandarbehorighet")):
        if not isinstance(row, Mapping):
            continue
        reference = row.get("BehorighetsprofilRef")
        said = text(reference, "Uid") if isinstance(reference, Mapping) else text(row, "BehorighetsprofilUID")
        if said:
            yield said


async def feeds(reader: FeedReader, configured: str) -> list[Capability]:
    """Under which of its two names the feed answers."""
    try:
        working = await reader.names_that_work()
    except ExternalError as error:
        return [Capability(f"feed /{configured}", available=False, note=error.message)]
    return [
        Capability(f"feed /{name}", available=name in working, note="in use" if name == configured else "")
        for name in ("handelser", "uppfoljning")
    ]


def assumptions(switched_on: Collection[str]) -> list[Capability]:
    """The capability table: what no public source shows, and whether it is used."""
    return [
        Capability(
            f"{name} {what}",
            available=name in switched_on,
            assumed=True,
            note="" if name in switched_on else "switched off",
        )
        for name, what in _ASSUMPTIONS.items()
    ]
