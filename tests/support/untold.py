"""Codes about stays that no story of the sandbox shows."""

_DECIDED = "needs a decision of ours: tests/acceptance/test_decisions.py"

NEVER: dict[str, str] = {
    "NOMINATION_DECISION_LOST": _DECIDED,
    "NOMINATION_PROPOSAL_STALE": _DECIDED,
    "LA_DECISION_LOST": _DECIDED,
    "LA_SIGNATURE_ALTERED": _DECIDED,
    "DECISION_NOT_TAKEN": _DECIDED,
    "WRITE_REFUSED": "needs that the bridge may write: tests/acceptance/test_writes.py",
    "LA_LIST_DRIFT": "needs a file of the Dashboard: "
    "test_dashboard.test_a_list_that_says_otherwise_is_said_until_it_is_exported_again",
    "COPY_STALE": "needs days in which a partner does not answer: tests/acceptance/test_copy_stale.py",
}
"""Those that no story can show, each with the reason."""
