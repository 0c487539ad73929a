"""A configuration with which the bridge talks to a sandbox."""

import os
from datetime import date, timedelta
from pathlib import Path

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.academic_years import academic_year
from mobility_bridge.sandbox.folder import Memory, authority_file, remember
from mobility_bridge.sandbox.ladok_numbers import Term, term_of
from mobility_bridge.sandbox.world import OWN_HEI_ID

_LAST_YEAR_OF_THE_PROGRAMME = 2028


def render_config(folder: Path, beside: Path | None = None, *, mappings: str | None = None) -> str:
    """Write `mobility-bridge.toml` for the sandbox in `folder`.

    The text is for a file in the folder `beside` (default: the same folder): its paths count from there.
    `mappings` is the folder with the institution's codes, where they are not those that come with the bridge.
    Raises UsageError when no sandbox was ever started in `folder`.
    """
    memory, here = _remembered(folder), _way(folder, beside)
    codes = f'\nmappings_dir = "{mappings}"' if mappings else ""
    return _own(here, codes) + _PACE + _rules(memory) + _systems(folder, memory, here)


def _remembered(folder: Path) -> Memory:
    memory = remember(folder)
    if memory is None:
        raise UsageError(
            f"no sandbox was ever started in {folder}",
            next_step=f"Run: mobility-bridge sandbox run --dir {folder}",
        )
    return memory


def _way(folder: Path, beside: Path | None) -> str:
    return Path(os.path.relpath(folder, beside or folder)).as_posix()


def _own(here: str, codes: str) -> str:
    return f"""\
# A configuration for the sandbox in {here!r}. Everything in it stays on this machine.
own_hei_id = "{OWN_HEI_ID}"

[store]
url = "sqlite:///bridge.sqlite3"

[log]
file = "bridge.log.jsonl"

[paths]
state_dir = "state"{codes}

"""


_PACE = """\
[schedule]
# The outside world of a sandbox changes within minutes, not days.
local_every_s = 5
sweep_every_s = 10
full_sweep_every_s = 60
approvals_every_s = 20
refresh_every_s = 5
compare_every_s = 5
notify_every_s = 2

[notify]
first_retry_s = 2
max_retry_s = 60

"""


def _rules(memory: Memory) -> str:
    programme_end = max(_LAST_YEAR_OF_THE_PROGRAMME, academic_year(memory.today) + 2)
    return f"[rules]\nprogramme_end_year = {programme_end}\n\n"


def _systems(folder: Path, memory: Memory, here: str) -> str:
    return f"""\
[adapters.ewp]
registry_url = "{memory.registry_url}"
registry_ca_file = "{here}/ca.pem"
ca_file = "{here}/ca.pem"
client_key = {{ file = "{here}/client-key.pem" }}
total_s = 10
attempts = 2
first_retry_s = 0.5

[adapters.mobility_online]
base_url = "{memory.mobility_online_url}/services"
ca_file = "{here}/ca.pem"
authority = {{ file = "{here}/{authority_file(folder).name}" }}
# The sandbox offers the services that no public source shows.
assumed_services = true

[adapters.dashboard]
# Its learning agreements come over the network. Files that a person exports there are taken in by hand:
# mobility-bridge dashboard import FILE
"""


def render_ladok(folder: Path, beside: Path | None = None) -> str:
    """Write the section with which the bridge talks to the sandbox's Ladok, to be put after `render_config`.

    Raises UsageError when no sandbox was ever started in `folder`.
    """
    memory, here = _remembered(folder), _way(folder, beside)
    return f"""\

[adapters.ladok]
base_url = "{memory.ladok_url}"
environment = "integration_test"
certificate = "{here}/ladok-client.p12"
passphrase = {{ file = "{here}/ladok-pass-phrase.txt" }}
ca_file = "{here}/ca.pem"
# The sandbox sets no limit by itself, and its days are short.
calls_per_s = 500
burst = 500
untold_wait_s = 2
feed_every_s = 10
# The sandbox offers the resources that no public source shows.
assumed = ["A2", "A6", "A7", "A9"]
"""


_TERMS_TOLD = 7


def render_students(today: date) -> str:
    """Write the section with which the bridge follows students, our calendar of the terms around a day in it."""
    term = term_of(date(today.year - 1, 2, 1))
    tables = []
    for _ in range(_TERMS_TOLD):
        tables.append(_term(term))
        term = term.following
    return "\n[students]\nenabled = true\n" + "".join(tables)


def _term(term: Term) -> str:
    days = {
        "first_day": term.first_day,
        "last_day": term.last_day,
        "registry_deadline": term.first_day - timedelta(days=45),
        "registration_deadline": term.first_day + timedelta(days=14),
        "results_by": term.last_day + timedelta(days=15),
    }
    lines = "".join(f"{name} = {day.isoformat()}\n" for name, day in days.items())
    return f'\n[[students.terms]]\nterm = "{term.code[:2]}{term.year % 100:02}"\n{lines}'
