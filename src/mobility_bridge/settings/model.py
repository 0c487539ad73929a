"""Every key an operator may set, with its unit, its default and why. This model is the reference page."""

import re
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from mobility_bridge.kit.secrets import SecretReference
from mobility_bridge.settings.stay_rules import StayRulesSettings


class Section(BaseModel):
    """A table of the configuration file: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Section):
    """Where the bridge keeps what it knows."""

    url: str = Field(
        "sqlite:///var/bridge.sqlite3",
        description="SQLAlchemy URL. SQLite needs nothing else and suits one university; "
        "`postgresql+psycopg://…` where a database server is run anyway. Relative paths count from "
        "the configuration file.",
    )
    keys: tuple[SecretReference, ...] = Field(
        (),
        description='Keys that seal personal data in the store, each `{ file = "…" }` or `{ env = "…" }`: the '
        "first seals, all open. `mobility-bridge db keys create FILE` makes one. None: nothing is encrypted.",
    )

    @field_serializer("url")
    def _without_password(self, url: str) -> str:
        """Showing the settings does not show the database's password."""
        return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", url)


class LogSettings(Section):
    """One JSON object per line; the events are in the reference."""

    file: Path | None = Field(
        None, description="File to append to; absent means stderr. It may be rotated away at any time."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is written. `debug` adds a line per request and job."
    )


class ScheduleSettings(Section):
    """How often each job knocks. What is really due is decided by the store."""

    catalogue_every_s: int = Field(
        900,
        ge=60,
        le=10_800,
        description="Seconds between catalogue refreshes; the network allows 1 minute to 3 hours.",
    )
    local_every_s: int = Field(900, ge=1, description="Seconds between readings of our own systems.")
    sweep_every_s: int = Field(
        3600,
        ge=1,
        description="Seconds between index requests to one partner; all partners are spread over it.",
    )
    full_sweep_every_s: int = Field(
        86_400,
        ge=1,
        description="Seconds between index requests without `modified_since`: only these show deletions whose notification was lost.",
    )
    refresh_after_s: int = Field(
        86_400,
        ge=1,
        description="Seconds after which an unconfirmed partner copy is fetched again, since an index carries no hashes.",
    )
    approvals_every_s: int = Field(
        21_600, ge=1, description="Seconds between questions for approvals to one partner."
    )
    refresh_every_s: int = Field(
        60, ge=1, description="Seconds between fetches of what is known to be out of date."
    )
    students_every_s: int = Field(
        900, ge=1, description="Seconds between rounds about students, where they are followed."
    )
    registry_review_every_s: int = Field(
        86400,
        ge=3600,
        description="Seconds between two reviews of the student registry: its feed alone cannot prove that nothing "
        "was missed.",
    )
    compare_every_s: int = Field(
        60, ge=1, description="Seconds between comparisons of what changed or came due."
    )
    notify_every_s: int = Field(15, ge=1, description="Seconds between looks at the outbox.")
    stop_within_s: int = Field(
        6,
        ge=1,
        le=8,
        description="Seconds that work in flight gets to finish when the daemon is told to stop; what then "
        "still runs is handed back within two more.",
    )


class NotifySettings(Section):
    """How change notifications are repeated. Source: EWP architecture 1.16.0 on CNRs."""

    enabled: bool = Field(
        default=True,
        description="Whether change notifications are sent at all; switched off they wait in the outbox until they expire.",
    )
    expires_after_s: int = Field(
        86_400, ge=1, description="Seconds after which an undelivered notification becomes a discrepancy."
    )
    first_retry_s: float = Field(
        30, gt=0, description="Seconds before the second attempt; doubled for each further one, with jitter."
    )
    max_retry_s: float = Field(3600, gt=0, description="Longest pause between two attempts, in seconds.")
    lease_s: int = Field(
        120,
        ge=10,
        description="Seconds that a sender may hold a notification; after a crash it is free again that much later.",
    )
    batch: int = Field(50, ge=1, description="Notifications taken from the outbox at a time.")


class SyncSettings(Section):
    """What is asked of partners and how much is believed."""

    partners: tuple[str, ...] | None = Field(
        None, description="HEI ids to ask; absent means every HEI of the catalogue that offers agreements."
    )
    exclude_partners: tuple[str, ...] = Field((), description="HEI ids never to ask.")
    concurrency: int = Field(8, ge=1, le=128, description="Partners worked on at the same time.")
    overlap_s: int = Field(
        86_400,
        ge=0,
        description="Seconds by which `modified_since` reaches back before the last index, since some partners read it without its zone.",
    )
    shrink_floor: int = Field(
        1,
        ge=1,
        description="An index or source that held fewer entries than this before is believed when it empties or "
        "halves; 1 believes none without a person's word.",
    )


class RulesSettings(Section):
    """When time alone makes something worth saying."""

    mapping_grace_days: int = Field(
        3, ge=0, description="Days a partner gets to list our id before it is called missing."
    )
    approval_grace_days: int = Field(14, ge=0, description="Days either side gets to approve equal terms.")
    answer_grace_days: int = Field(
        14, ge=0, description="Days a partner gets to show a copy of what we shared."
    )
    termination_grace_days: int = Field(
        14, ge=0, description="Days the other side gets to follow a termination."
    )
    expiry_warning_months: tuple[int, ...] = Field(
        (18, 12, 6), description="Months before the last end at which an agreement is called expiring."
    )
    unreachable_warning_hours: int = Field(
        24, ge=0, description="Hours after which an unreachable partner is more than a nuisance."
    )
    programme_end_year: int = Field(
        2028,
        description="Start year of the last academic year of the present programme period (2021-2027 runs into 2028/2029).",
    )


class CliSettings(Section):
    """How the commands speak to people. JSON and the log are the same in every language."""

    language: Literal["en", "sv"] = Field(
        "en",
        description="Language of discrepancies, explanations and the status: `en` or `sv`; `--lang` overrides it.",
    )


class TermSettings(Section):
    """One term of our own calendar: its days, and by when each office needs what."""

    term: str = Field(
        pattern=r"^(HT|VT)[0-9]{2}$", description="The term as people write it, such as `HT26`."
    )
    first_day: date = Field(description="First day of the term.")
    last_day: date = Field(description="Last day of the term.")
    registry_deadline: date | None = Field(
        None, description="Day by which agreements, occasions and incoming students must be in the registry."
    )
    housing_deadline: date | None = Field(None, description="Day by which the housing office needs its list.")
    registration_deadline: date | None = Field(
        None, description="Last day to register on courses; from then on a missing registration is said."
    )
    results_by: date | None = Field(
        None,
        description="Day by which the term's results are reported; transcripts are waited for from then.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "TermSettings":
        if self.last_day <= self.first_day:
            raise ValueError("a last day after the first")
        return self


class SignerSettings(Section):
    """Who signs learning agreements of students who come, and says no to them: shown to partner and student."""

    name: str = Field(
        "", repr=False, description="Name of whoever answers for us; empty: each command names one."
    )
    position: str = Field("", repr=False, description="Position of that person.")
    email: str = Field("", repr=False, description="E-mail address of that person.")


class StudentsSettings(Section):
    """Students: what is read about them, which is personal data."""

    enabled: bool = Field(
        default=False,
        description="Whether students are followed at all: applications, nominations, learning agreements, the "
        "student registry. Off, nothing about any student is asked for or kept.",
    )
    terms: tuple[TermSettings, ...] = Field(
        (), description="Our calendar: one table `[[students.terms]]` per term. Due days come from here."
    )
    signer: SignerSettings = SignerSettings()
    rules: StayRulesSettings = StayRulesSettings()


class RetentionSettings(Section):
    """How long what is held about students is kept. Nothing of a stay that is still living is ever touched."""

    enabled: bool = Field(
        default=False,
        description="Whether the daemon lets go of it once a day; `mobility-bridge privacy retention` does it by hand.",
    )
    stays_days: int = Field(
        2192,
        ge=365,
        description="Days after a student's last stay until everything about them goes: signed learning agreements "
        "and transcripts are kept for the audits of the programme.",
    )
    drafts_days: int = Field(
        365,
        ge=30,
        description="Days after the end of a stay until former states go that nobody has signed.",
    )
    refused_days: int = Field(
        180,
        ge=30,
        description="Days until a refused nomination goes, and what its system no longer serves and nobody signed.",
    )
    evidence_days: int = Field(
        400,
        ge=30,
        description="Days until the bodies of answers about students go; their digests stay. Never more than stays_days.",
    )
    feed_days: int = Field(
        400,
        ge=30,
        description="Days for which handled events of the registry's feed are remembered.",
    )
    discrepancies_days: int = Field(
        365,
        ge=30,
        description="Days after which a resolved discrepancy of a stay that is over goes.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> "RetentionSettings":
        if max(self.drafts_days, self.refused_days, self.evidence_days) > self.stays_days:
            raise ValueError("no kind is kept longer than stays_days")
        return self


class PathSettings(Section):
    """Folders that the bridge reads or writes."""

    state_dir: Path = Field(
        Path("var/state"),
        description="Caches, such as the last good catalogue. Relative to the configuration file.",
    )
    mappings_dir: Path | None = Field(
        None, description="Code mappings of the institution; absent means those that come with the program."
    )
    ownership_file: Path | None = Field(
        None,
        description="Table of who owns which fact and what the bridge may write to whom; absent means the built-in "
        "one, which is `config/ownership.toml` and lets it write nothing. Relative to the configuration file.",
    )


class Settings(Section):
    """The whole configuration file."""

    own_hei_id: str = Field(
        ...,
        pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$",
        description="Our university's SCHAC id, as the registry has it, such as `university.example`.",
    )
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    paths: PathSettings = PathSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    sync: SyncSettings = SyncSettings()
    notify: NotifySettings = NotifySettings()
    students: StudentsSettings = StudentsSettings()
    retention: RetentionSettings = RetentionSettings()
    rules: RulesSettings = RulesSettings()
    cli: CliSettings = CliSettings()
    adapters: dict[str, Any] = Field(
        default_factory=dict, description="One table per external system; each adapter states its own keys."
    )
