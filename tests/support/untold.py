"""Codes about stays that no story of the sandbox shows."""

NEVER: dict[str, str] = {}
"""Those that no story can show, each with the reason."""

NOT_YET = frozenset(
    {
        "LA_LIST_DRIFT",
        "DUPLICATE_NOMINATION",
        "NOMINATION_DECISION_LOST",
        "NOMINATION_PROPOSAL_STALE",
        "LA_DECISION_LOST",
        "LA_SIGNATURE_ALTERED",
        "EXTENDED_ONE_SIDED",
        "REGISTERED_FOR_OTHER_TERM",
        "REGISTERED_ON_OTHER_AGREEMENT",
        "ARRIVED_NOT_REGISTERED",
        "REGISTERED_NOT_ARRIVED",
        "REGISTRY_AGREEMENT_MISSING",
        "OCCASION_MISSING",
        "OCCASION_CANCELLED",
        "ACTIVE_BUT_WITHDRAWN",
        "WITHDRAWN_ONE_SIDED",
        "CANCELLED_BUT_ACTIVE",
        "INTERRUPTED_ONE_SIDED",
        "SIS_EXCHANGE_PERIOD_DRIFT",
        "DOUBLE_EXCHANGE",
        "ORPHANED_EXCHANGE",
        "TRANSFER_OTHER_STUDENT",
        "TRANSFER_ON_UNSIGNED_VERSION",
        "COPY_STALE",
    }
)
"""Those that wait for their story: whoever tells one takes its line out."""
