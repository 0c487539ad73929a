"""An hour in which nothing changed: every partner's index is read, and nothing else may happen.

    python -m benchmarks.sweep [partners]

A store with 333 agreements of each partner (a million of 3,000) is made once, in `var/`. Then, each in a process
of its own, `services.sync.ask_partners` asks all partners: those of the first round ignore `modified_since` and
list everything, those of the second say that nothing changed. That a partner ignores the parameter is found out by
one more question, once, and forgotten when it says that nothing changed: a round that is not measured comes first.

Counted is the CPU time of that process from the first question to the last commit, threads included: building
each request, parsing, validating and decoding each answer, comparing it with the store, the evidence, the state
and the log. Not counted: the network (answers come from a file, through the real client) and RSA (its signature is
a constant, and partners rely on TLS). Peak memory is that of the whole process with the catalogue of all partners.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from benchmarks.sweep_round import ALL, FIRST, NOTHING, NOW, OWN, THEN, Files, index_of
from tests.support.ewp_network import UNSIGNED, Host, catalogue_xml, iias, one_url
from tests.support.keys import key

from mobility_adapters.ewp import wire
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade

IDS = 333
MEGABYTES = 120
ROUNDS = {ALL: ("lists everything", 6.0), NOTHING: ("says that nothing changed", 3.0)}
"""What each partner does, and the bar in seconds of CPU."""


def partner_id(number: int) -> HeiId:
    return HeiId(f"partner-{number:04}.example")


def iia_id(partner: int, number: int) -> IiaId:
    return IiaId(str(UUID(bytes=sha256(f"{partner} {number}".encode()).digest()[:16])))


def write_catalogue(files: Files) -> None:
    hosts = [Host([OWN], client_keys=[key("client")])]
    for number in range(files.partners):
        name = partner_id(number)
        approval = one_url(
            "iias-approval", wire.IIAS_APPROVAL_V2_ENTRY, "2.0.0", f"https://{name}/approval", "50"
        )
        hosts.append(Host([name], [iias(f"https://{name}", limit="50", security=UNSIGNED), approval]))
    body = catalogue_xml(hosts)
    files.state.mkdir()
    (files.state / "catalogue.xml").write_bytes(body)
    pointer = {"file": "catalogue.xml", "sha256": sha256(body).hexdigest(), "confirmed_at": NOW.isoformat()}
    (files.state / "catalogue.json").write_text(json.dumps(pointer))


def write_answers(files: Files) -> None:
    """One answer a partner, all of the same length."""
    with files.answers.open("wb") as file:
        for partner in range(files.partners):
            file.write(index_of(iia_id(partner, number) for number in range(IDS)))


async def fill(files: Files) -> None:
    """Save the copies as fetched an hour before."""

    upgrade(files.url)
    store = open_store(files.url)
    for partner in range(files.partners):
        name = partner_id(partner)
        held = [a_copy(name, iia_id(partner, number)) for number in range(IDS)]
        await store.write(partial(save, held))
    await store.close()


def save(held: list[AgreementCopy], unit: UnitOfWork) -> None:
    unit.copies.save(held, THEN)


def a_copy(partner: HeiId, name: IiaId) -> AgreementCopy:

    digest = Sha256(sha256(name.encode()).hexdigest())
    return AgreementCopy(
        source="ewp",
        holder_hei_id=partner,
        iia_id=name,
        partner_hei_id=OWN,
        partner_iia_id=IiaId(digest[:36]),
        listed_hei_ids=(partner, OWN),
        iia_code=None,
        partner_iia_code=None,
        in_effect=True,
        terminated=None,
        iia_hash=IiaHash(digest),
        computed_hash=IiaHash(digest),
        hash_verdict=HashVerdict.MATCHES,
        valid_for_approval=True,
        content_digest=digest,
        document=DocumentRef(digest, "ewp.iias.v7"),
        fetched_at=THEN,
    )


def in_a_process(files: Files, name: str) -> dict[str, Any]:
    """Run one round in a fresh interpreter, so that its time and memory are its own."""
    command = [sys.executable, "-m", "benchmarks.sweep_round", str(files.partners), name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def made(partners: int) -> Files:
    """The files, made unless they are there: the store after one full round."""
    files = Files(partners)
    if not files.made.exists():
        shutil.rmtree(files.folder, ignore_errors=True)
        files.folder.mkdir(parents=True)
        write_catalogue(files)
        write_answers(files)
        asyncio.run(fill(files))
        first = in_a_process(files, FIRST)
        files.made.write_text(json.dumps(first, indent=1))
    upgrade(files.url)
    return files


def main(partners: int) -> bool:
    files = made(partners)
    in_a_process(files, ALL)
    verdicts = []
    for name, (what, cpu_s) in ROUNDS.items():
        found = in_a_process(files, name)
        good = (
            found["cpu_s"] <= cpu_s
            and found["peak_mb"] <= MEGABYTES
            and found["asked"] == {"/iias/index": partners}
            and found["differing"] == found["errors"] == 0
        )
        print(
            f"{partners:,} partners, each {what}: {found['cpu_s']:.2f} s CPU (bar {cpu_s:g}), "
            f"{found['wall_s']:.2f} s wall, peak {found['peak_mb']:.0f} MB (bar {MEGABYTES}), "
            f"asked {found['asked']}, {found['listed']:,} ids: {'holds' if good else 'FAILS'}"
        )
        verdicts.append(good)
    return all(verdicts)


if __name__ == "__main__":
    if not main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000):
        sys.exit(1)
