"""Students on a stage, and requests about them that share nothing with the bridge."""

from collections.abc import Sequence
from typing import Any

from lxml import etree
from tests.support.sandbox import Parameters, ask, host, signed, stage

from mobility_bridge.sandbox.dashboard import Dashboard
from mobility_bridge.sandbox.faults import DASHBOARD
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.partner import Sent
from mobility_bridge.sandbox.signature import Received, digest, http_date, signature_header
from mobility_bridge.sandbox.stage import Stage

PARTNER = "alderton.example"
OUT, IN = "NHU-2026-0001", "ALD-2026-0001"
LA_NS = "https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints"
OM_NS = "https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v3/endpoints"


def person(serial: int, **more: Any) -> dict[str, Any]:
    return {
        "partner": PARTNER,
        "given_names": f"Exempla{serial}",
        "family_name": "Ficticia",
        "born": "2003-02-14",
        "serial": serial,
        **more,
    }


def campus(**more: Any) -> Stage:
    """One student who goes and one who comes, both as far as `more` says."""
    played = stage()
    played.world.ladok.collector_s = 0
    played.about_students("add_outgoing", omobility_id=OUT, **person(238, **more))
    played.about_students("add_incoming", omobility_id=IN, **person(101, **more))
    return played


async def ask_partner(
    played: Stage, keys: KeyRing, endpoint: str, parameters: Parameters = (), *, method: str = "POST"
) -> Sent:
    return await ask(PARTNER, played, keys, endpoint, parameters, method=method)


async def ask_dashboard(
    played: Stage, keys: KeyRing, endpoint: str, parameters: Parameters = (), *, caller: str | None = None
) -> Sent:
    """Ask the Dashboard, as ourselves or as a receiving partner."""
    key = keys.servers[caller] if caller else keys.client
    request = signed(f"/dashboard/ewp/{endpoint}", parameters, key)
    dashboard = played.systems.get(DASHBOARD)
    if not isinstance(dashboard, Dashboard):
        dashboard = Dashboard(played, keys)
        played.systems[DASHBOARD] = dashboard
    return await dashboard.respond(f"ewp/{endpoint}", request)


def texts(sent: Sent, name: str) -> list[str]:
    return [str(each.text or "") for each in etree.fromstring(sent.body).iter(f"{{*}}{name}")]


def la_decision(
    how: str, sender: str, omobility_id: str, proposal_id: str, *, comment: str | None = None
) -> bytes:
    said = f"<comment>{comment}</comment>" if comment else ""
    return (
        f'<omobility-las-update-request xmlns="{LA_NS}/update-request.xsd" xmlns:la="{LA_NS}/get-response.xsd">'
        f"<sending-hei-id>{sender}</sending-hei-id><{how}><omobility-id>{omobility_id}</omobility-id>"
        f"<changes-proposal-id>{proposal_id}</changes-proposal-id>{said}<signature>"
        "<la:signer-name>Re Ceiver</la:signer-name><la:signer-position>Officer</la:signer-position>"
        "<la:signer-email>in@nordhav.example</la:signer-email>"
        "<la:timestamp>2026-11-23T11:59:00+01:00</la:timestamp></signature>"
        f"</{how}></omobility-las-update-request>"
    ).encode()


def nomination_decision(
    how: str, omobility_id: str, proposal_id: str, *, comment: str | None = None
) -> bytes:
    said = f"<comment>{comment}</comment>" if comment else ""
    return (
        f'<omobilities-update-request xmlns="{OM_NS}/update-request.xsd"><{how}>'
        f"<omobility-id>{omobility_id}</omobility-id><proposal-id>{proposal_id}</proposal-id>{said}"
        f"</{how}></omobilities-update-request>"
    ).encode()


async def send_decision(played: Stage, keys: KeyRing, endpoint: str, document: bytes) -> Sent:
    """Post a document to the partner, signed by us."""
    path = f"/hosts/{PARTNER}/ewp/{endpoint}"
    values = {
        "host": "localhost:8443",
        "date": http_date(played.clock()),
        "digest": digest(document),
        "x-request-id": "00000000-0000-4000-8000-000000000001",
    }
    names: Sequence[str] = ["(request-target)", *values]
    header = signature_header(keys.client, names, {**values, "(request-target)": f"post {path}"})
    headers = {**values, "content-type": "text/xml", "authorization": f"Signature {header}"}
    return await host(PARTNER, played, keys).respond(endpoint, Received("POST", path, headers, document))
