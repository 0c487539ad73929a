"""What the door says of itself: who Ladok takes us for, which rights are missing, how long the certificate holds."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.support.ladok_door import Answers, registry, uid

from mobility_adapters.ladok.selftest import certificate_capability
from mobility_bridge.ports.registry import CertificateLevel, CertificateStatus
from mobility_bridge.ports.sources import Capability

PROFILE = uid(1, 6)


def answers(activities: list[dict[str, object]], profile: dict[str, object]) -> Answers:
    """A Ladok that knows nothing but our rights."""

    def respond(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("autentiserad"):
            return httpx.Response(200, json={"Anvandarnamn": "mobility-bridge@NHU"})
        if path.endswith("egna"):
            return httpx.Response(200, json={"Anvandarbehorighet": [profile, "strange"]})
        if path.endswith(PROFILE):
            return httpx.Response(200, json={"Systemaktiviteter": activities})
        return httpx.Response(404, json={})

    return Answers(respond)


async def rights(played: Answers, folder: Path) -> dict[str, Capability]:
    found = await registry(played, folder).probe()
    return {each.name.split(" ")[1]: each for each in found if each.name.startswith("right")}


@pytest.mark.parametrize(
    "profile", [{"BehorighetsprofilRef": {"Uid": PROFILE}}, {"BehorighetsprofilUID": PROFILE}]
)
async def test_a_missing_right_is_named(tmp_path: Path, profile: dict[str, object]) -> None:
    activities: list[dict[str, object]] = [
        {"Id": 90019, "I18nNyckel": "systemaktivitet.uppfoljning.feeds"},
        {"Id": 51001},
        {"I18nNyckel": "systemaktivitet.studentinformation.lasa"},
    ]
    found = await rights(answers(activities, profile), tmp_path)
    assert {number: each.available for number, each in found.items()} == {
        "90019": True,
        "51001": True,
        "61001": True,
        "11004": False,
    }


async def test_rights_that_cannot_be_read_are_said_to_be_unknown(tmp_path: Path) -> None:
    found = await rights(answers([], {}), tmp_path)
    assert {each.note for each in found.values()} == {"the rights could not be read"}


async def test_a_feed_that_answers_under_no_name_is_not_available(tmp_path: Path) -> None:
    found = {each.name: each for each in await registry(answers([], {}), tmp_path).probe()}
    assert (found["feed /handelser"].available, found["feed /handelser"].note) == (False, "in use")
    assert found["registration"].note == "switched off"
    assumed = [each for each in found.values() if each.assumed]
    assert [each.name.split(" ")[0] for each in assumed] == ["A2", "A3", "A4", "A5", "A6", "A7", "A9"]
    assert not any(each.available for each in assumed)


@pytest.mark.parametrize(
    ("level", "days", "available", "words"),
    [
        (CertificateLevel.WARNING, 20, True, "20 days left (warning)"),
        (CertificateLevel.EXPIRED, -1, False, "expired (expired)"),
    ],
)
def test_the_certificate_is_one_of_the_things_that_are_said(
    level: CertificateLevel, days: int, *, available: bool, words: str
) -> None:
    ends = datetime(2026, 12, 13, tzinfo=UTC)
    (found,) = certificate_capability(CertificateStatus("mobility-bridge@NHU", "test", ends, days, level))
    assert (found.available, found.note) == (available, f"mobility-bridge@NHU, test, {words}")
    assert certificate_capability(None) == []
