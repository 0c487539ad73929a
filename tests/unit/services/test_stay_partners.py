"""How a registry may write the Erasmus code of a university that the network knows."""

import pytest

from mobility_bridge.services.stays import bare_code, bare_codes


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("S  NORDHAV01", {"NORDHAV01"}),
        ("SF ESKIL01", {"ESKIL01"}),
        ("IRLALDERT01", {"IRLALDERT01", "ALDERT01"}),
        (" irlaldert01 ", {"IRLALDERT01", "ALDERT01"}),
        ("UY-001-2001", {"UY-001-2001"}),
        ("", {""}),
    ],
)
def test_a_code_is_found_with_and_without_its_country(code: str, forms: set[str]) -> None:
    assert bare_codes(code) == forms
    assert bare_code(code) in forms
