"""Every log event by name: its level, what it means, and the fields it may carry.

This table is the one place: the logger refuses what is not in it, and the JSON Schema of the log and its
reference page are generated from it. Fields hold ids and numbers, never names, addresses or document bodies.
"""

from dataclasses import dataclass
from typing import Any, Final

_FIELDS: Final[dict[str, tuple[str, str]]] = {
    "run_id": ("string", "The process's run: ties all lines of one start together."),
    "job_id": ("string", "One execution of a job or command within the run."),
    "request_id": ("string", "The X-Request-Id of the call, where the event is about one call."),
    "source": ("string", "One of our own systems, by its configured name."),
    "partner_hei_id": ("string", "The partner's SCHAC id."),
    "api": ("string", "The API called, by its catalogue element and endpoint."),
    "iia_id": ("string", "An agreement id; ours unless the event says otherwise."),
    "cnr": ("string", "Which notification: iia or iia_approval."),
    "attempt": ("integer", "Which attempt this was, from 1."),
    "attempts": ("integer", "How many attempts were made."),
    "next_attempt_at": ("string", "When the next attempt is due, UTC."),
    "waited_s": ("number", "Seconds between the change and its delivery."),
    "duration_s": ("number", "Seconds that it took."),
    "status": ("integer", "HTTP status."),
    "bytes": ("integer", "Length of the answer after content decoding."),
    "verification": ("string", "verified, tls_only, failed or no_response."),
    "evidence": ("integer", "Sequence number of the evidence record."),
    "error": ("string", "The error class, in snake case."),
    "reason": ("string", "The error's reason, one of the words listed in errors.py."),
    "detail": ("string", "A sentence for people; never personal data, never a document body."),
    "code": ("string", "The discrepancy's code."),
    "severity": ("string", "blocking, warning or information."),
    "owner": ("string", "Who has to act: us, partner, partner_provider, both or operations."),
    "discrepancy_id": ("string", "The discrepancy's stable id."),
    "subject": ("string", "What the discrepancy is about: ids only."),
    "due_on": ("string", "The day by which it must be settled."),
    "heis": ("integer", "HEIs in the catalogue."),
    "changed": ("integer", "How many changed."),
    "unchanged": ("integer", "How many did not."),
    "new": ("integer", "How many are new."),
    "gone": ("integer", "How many are no longer served."),
    "fetched": ("integer", "How many copies were fetched."),
    "listed": ("integer", "How many ids the index listed."),
    "previous": ("integer", "How many there were before."),
    "files": ("integer", "How many files were read."),
    "agreements": ("integer", "How many agreements a list names, or a file was to hold."),
    "unknown": ("integer", "How many agreements a list names that our own system does not hold."),
    "missing": ("integer", "How many agreements our own system holds that a list does not name."),
    "refused": ("integer", "How many were left out of a file, each with its reason."),
    "rows": ("integer", "How many rows were written."),
    "queued": ("integer", "How many notifications were queued."),
    "compared": ("integer", "How many subjects were compared."),
    "opened": ("integer", "How many discrepancies opened or reopened."),
    "resolved": ("integer", "How many discrepancies resolved."),
    "delivered": ("integer", "How many notifications were delivered."),
    "failed": ("integer", "How many did not succeed."),
    "approvals": ("integer", "How many approvals were named."),
    "partners": ("integer", "How many partners."),
    "complete": ("boolean", "Whether everything could be read."),
    "full": ("boolean", "Whether everything was asked, not only what changed."),
    "job": ("string", "The job's name."),
    "version": ("string", "The program's version."),
    "revision": ("string", "The store's schema revision."),
    "pages": ("integer", "How many pages of a feed were read."),
    "page": ("integer", "A page of a feed, by its canonical number."),
    "events": ("integer", "How many events were handled."),
    "notice": ("string", "What is noteworthy about a feed, one word of ports/registry.py."),
    "students": ("integer", "How many students were looked at."),
    "missed": ("integer", "How much no event of the feed has told of."),
    "match_id": ("integer", "The number of a proposal that two students are one."),
    "decision": ("string", "What a person decided, in a word of the command."),
    "decision_id": ("integer", "The number of a decision of ours on a partner's proposal."),
    "write_id": ("integer", "The number of a write to one of our own systems."),
    "about": ("string", "What was decided on: nomination or learning_agreement."),
    "state": ("string", "Where it stands now, in a word of the domain."),
    "outcome": ("string", "Why it ended so, in one word."),
    "erasure": ("integer", "The number of an erasure; it names nobody."),
    "erasures": ("string", "Numbers of erasures; they name nobody."),
    "dropped": ("integer", "How many records or facts were not kept."),
    "bodies": ("integer", "How many bodies of exchanges were let go of; their digests stay."),
    "records": ("integer", "How many records."),
    "released": ("integer", "How many notifications in flight were handed back."),
}
_ALWAYS: Final = ("run_id", "job_id")


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event: its level, its meaning, its fields beyond run_id and job_id."""

    level: str
    meaning: str
    fields: tuple[str, ...]


_CALL = ("partner_hei_id", "source", "api", "request_id", "duration_s", "evidence")
_FAILURE = ("error", "reason", "detail", "status")

EVENTS: Final[dict[str, EventSpec]] = {
    "daemon.started": EventSpec(
        "info", "The daemon runs and its jobs are scheduled.", ("version", "revision")
    ),
    "daemon.stopping": EventSpec("info", "A signal asked the daemon to stop.", ("reason",)),
    "daemon.stopped": EventSpec(
        "info", "Everything in flight is finished or handed back.", ("released", "duration_s")
    ),
    "job.started": EventSpec("debug", "A job or command starts.", ("job",)),
    "job.finished": EventSpec("debug", "A job or command ended.", ("job", "duration_s")),
    "job.failed": EventSpec(
        "error", "A job ended with an error; it will run again.", ("job", "duration_s", *_FAILURE)
    ),
    "request.answered": EventSpec(
        "debug",
        "A call to an external system was answered.",
        (*_CALL, "status", "bytes", "verification", "attempt"),
    ),
    "request.failed": EventSpec(
        "warning", "A call to an external system gave nothing usable.", (*_CALL, *_FAILURE, "attempt")
    ),
    "catalogue.refreshed": EventSpec(
        "info", "The registry's catalogue was read.", ("heis", "changed", "duration_s")
    ),
    "catalogue.kept": EventSpec(
        "warning", "A new catalogue could not be used; the last good copy stays.", ("heis", *_FAILURE)
    ),
    "catalogue.key_unknown": EventSpec(
        "warning", "The registry's catalogue does not list our client key for us.", ("detail",)
    ),
    "source.read": EventSpec(
        "info",
        "One of our own systems was read.",
        ("source", "complete", "new", "changed", "unchanged", "gone", "queued", "duration_s"),
    ),
    "source.failed": EventSpec("error", "One of our own systems could not be read.", ("source", *_FAILURE)),
    "source.shrunk": EventSpec(
        "error",
        "One of our own systems suddenly holds far fewer agreements; nothing was deleted.",
        ("source", "listed", "previous"),
    ),
    "applications.read": EventSpec(
        "info",
        "The applications of one of our own systems were read.",
        ("source", "listed", "changed", "gone", "complete"),
    ),
    "lists.read": EventSpec(
        "info",
        "Lists that were exported to files were read; agreements are laid beside our own system's.",
        (
            "source",
            "files",
            "listed",
            "changed",
            "gone",
            "complete",
            "agreements",
            "unknown",
            "missing",
        ),
    ),
    "lists.written": EventSpec(
        "info",
        "Pre-filled learning agreements were checked, and those without a fault laid out for a file.",
        ("source", "agreements", "refused", "rows"),
    ),
    "students.asked": EventSpec(
        "info",
        "A university was asked about students.",
        ("partner_hei_id", "api", "listed", "changed", "gone"),
    ),
    "feed.followed": EventSpec(
        "info", "The registry's feed was followed to its end.", ("source", "pages", "events", "changed")
    ),
    "feed.rewound": EventSpec(
        "info", "A person had the registry's feed read again from a page on.", ("source", "page", "events")
    ),
    "registry.reviewed": EventSpec(
        "info",
        "The registry itself was read and held against what its feed told.",
        ("source", "listed", "changed", "students", "missed", "complete", "duration_s"),
    ),
    "feed.moved": EventSpec(
        "info",
        "The feed's position was set while it was followed; the run went on from the new one.",
        ("source",),
    ),
    "match.decided": EventSpec(
        "info", "A person decided whether two students are one.", ("match_id", "decision")
    ),
    "decision.made": EventSpec(
        "info",
        "A person decided on a proposal of a partner; it waits to be sent.",
        ("decision_id", "about", "decision", "partner_hei_id"),
    ),
    "decision.sent": EventSpec(
        "info",
        "A partner took a decision of ours.",
        ("decision_id", "about", "decision", "partner_hei_id", "attempt", "request_id"),
    ),
    "decision.delayed": EventSpec(
        "warning",
        "A decision was not taken, or nobody knows whether it was: it is looked at again.",
        ("decision_id", "about", "partner_hei_id", "state", "attempt", "next_attempt_at", *_FAILURE),
    ),
    "decision.settled": EventSpec(
        "info",
        "What became of a decision: the partner's document shows it, or says why it did not count.",
        ("decision_id", "about", "decision", "partner_hei_id", "state", "outcome", "attempts", "status"),
    ),
    "write.asked": EventSpec(
        "info",
        "A write to one of our own systems is to be made.",
        ("write_id", "source", "subject", "state"),
    ),
    "write.settled": EventSpec(
        "info",
        "A write was made, or is not needed any more.",
        ("write_id", "source", "subject", "state", "outcome", "attempts"),
    ),
    "write.delayed": EventSpec(
        "warning",
        "A write was not made yet, or nobody knows whether it was: the next run looks before it writes.",
        ("write_id", "source", "subject", "state", "outcome", "attempts"),
    ),
    "write.refused": EventSpec(
        "warning",
        "A system refused a write of ours, or what stands there is not what was to be.",
        ("write_id", "source", "subject", "state", "outcome", "attempts"),
    ),
    "feed.remarked": EventSpec(
        "warning",
        "Something about the registry's feed itself is worth saying.",
        ("source", "notice", "page", "detail"),
    ),
    "registry.remarked": EventSpec(
        "warning",
        "An answer of the registry held something that cannot be read; the rest of it was taken.",
        ("source", "detail"),
    ),
    "privacy.exported": EventSpec(
        "warning", "A person had everything written out that is held about a student.", ("records", "bodies")
    ),
    "privacy.shown": EventSpec(
        "warning", "A person had evidence exported with what it says about students.", ("records",)
    ),
    "privacy.erased": EventSpec(
        "warning", "A person had a student erased.", ("erasure", "records", "bodies", "duration_s")
    ),
    "privacy.readmitted": EventSpec(
        "warning", "A person let a student who was erased be known anew.", ("erasure",)
    ),
    "privacy.recognised": EventSpec(
        "info",
        "A system told of a student who was erased; nothing of it was kept.",
        ("source", "erasures", "dropped", "bodies"),
    ),
    "privacy.retained": EventSpec(
        "info",
        "What is older than its time to keep was let go of.",
        ("job", "dropped", "bodies", "duration_s"),
    ),
    "partner.swept": EventSpec(
        "info",
        "A partner's agreement index was read.",
        ("partner_hei_id", "listed", "new", "changed", "gone", "full", "duration_s"),
    ),
    "partner.failed": EventSpec(
        "warning", "A call to a partner failed.", ("partner_hei_id", "api", "evidence", *_FAILURE)
    ),
    "partner.recovered": EventSpec(
        "info", "Calls to a partner succeed again.", ("partner_hei_id", "api", "failed")
    ),
    "index.shrunk": EventSpec(
        "error",
        "A partner's index is suddenly empty or less than half; nothing was deleted.",
        ("partner_hei_id", "listed", "previous"),
    ),
    "copies.refreshed": EventSpec(
        "info",
        "A partner's copies were fetched.",
        ("partner_hei_id", "fetched", "changed", "unchanged", "gone", "duration_s"),
    ),
    "approvals.read": EventSpec(
        "info",
        "A partner was asked which of our copies it approved.",
        ("partner_hei_id", "approvals", "changed", "duration_s"),
    ),
    "agreement.changed": EventSpec(
        "info", "Our copy of an agreement changed.", ("source", "partner_hei_id", "iia_id")
    ),
    "comparison.finished": EventSpec(
        "info", "What changed was compared.", ("compared", "opened", "changed", "resolved", "duration_s")
    ),
    "discrepancy.opened": EventSpec(
        "warning",
        "A disagreement was found.",
        ("discrepancy_id", "code", "severity", "owner", "subject", "partner_hei_id", "iia_id", "due_on"),
    ),
    "discrepancy.changed": EventSpec(
        "warning",
        "A disagreement changed.",
        ("discrepancy_id", "code", "severity", "owner", "subject", "partner_hei_id", "iia_id", "due_on"),
    ),
    "discrepancy.reopened": EventSpec(
        "warning",
        "A disagreement came back.",
        ("discrepancy_id", "code", "severity", "owner", "subject", "partner_hei_id", "iia_id", "due_on"),
    ),
    "discrepancy.resolved": EventSpec(
        "info",
        "The systems agree again.",
        ("discrepancy_id", "code", "severity", "owner", "subject", "partner_hei_id", "iia_id"),
    ),
    "discrepancy.acknowledged": EventSpec(
        "info", "A person took notice of a disagreement.", ("discrepancy_id", "code", "subject")
    ),
    "cnr.queued": EventSpec(
        "info", "A change notification waits for its partner.", ("cnr", "partner_hei_id", "iia_id", "reason")
    ),
    "cnr.delivered": EventSpec(
        "info",
        "A partner took a change notification.",
        ("cnr", "partner_hei_id", "iia_id", "attempt", "waited_s", "request_id", "duration_s"),
    ),
    "cnr.delayed": EventSpec(
        "warning",
        "A change notification was not taken and will be tried again.",
        ("cnr", "partner_hei_id", "iia_id", "attempt", "next_attempt_at", *_FAILURE),
    ),
    "cnr.given_up": EventSpec(
        "error",
        "A change notification will not be tried again.",
        ("cnr", "partner_hei_id", "iia_id", "attempts", *_FAILURE),
    ),
}


def allowed_fields(event: str) -> frozenset[str]:
    """Name the fields that an event may carry. Raises KeyError for an unknown event."""
    return frozenset((*EVENTS[event].fields, *_ALWAYS))


def json_schema() -> dict[str, Any]:
    """State the log's lines as a JSON Schema (2020-12): one object per line, one variant per event."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:mobility-bridge:schema:log-events",
        "title": "A line of the mobility-bridge log",
        "type": "object",
        "required": ["timestamp", "level", "event"],
        "oneOf": [_variant(name, spec) for name, spec in sorted(EVENTS.items())],
    }


def _variant(name: str, spec: EventSpec) -> dict[str, Any]:
    fields = {
        field: {"type": _FIELDS[field][0], "description": _FIELDS[field][1]}
        for field in sorted({*spec.fields, *_ALWAYS})
    }
    return {
        "title": name,
        "description": spec.meaning,
        "properties": {
            "timestamp": {"type": "string", "format": "date-time"},
            "level": {"const": spec.level},
            "event": {"const": name},
            **fields,
        },
        "required": ["timestamp", "level", "event", "run_id"],
        "additionalProperties": False,
    }


def field_meaning(field: str) -> tuple[str, str]:
    """Return a field's JSON type and meaning."""
    return _FIELDS[field]
