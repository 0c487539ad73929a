"""Codes about stays that no story of the sandbox shows."""

_DECIDED = "needs a decision of ours: tests/acceptance/test_decisions.py"

NEVER: dict[str, str] = {
    "NOMINATION_DECISION_LOST": _DECIDED,
    "NOMINATION_PROPOSAL_STALE": _DECIDED,
    "LA_DECISION_LOST": _DECIDED,
    "LA_SIGNATURE_ALTERED": _DECIDED,
    "LA_LIST_DRIFT": "needs a file of the Dashboard: "
    "test_dashboard.test_a_list_that_says_otherwise_is_said_until_it_is_exported_again",
}
"""Those that no story can show, each with the reason."""

NOT_YET = frozenset(
    {
        "DUPLICATE_NOMINATION",
        "TRANSFER_OTHER_STUDENT",
        "TRANSFER_ON_UNSIGNED_VERSION",
        "COPY_STALE",
    }
)
"""Those that wait for their story: whoever tells one takes its line out."""
