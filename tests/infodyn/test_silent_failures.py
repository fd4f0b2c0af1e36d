"""The table of wrong digits without a warning is still true of the scipy and mpmath that are installed."""

import importlib.util
import sys
from pathlib import Path

import mpmath
import pytest

HOME = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("silent_failures", HOME / "scripts" / "silent_failures.py")
script = importlib.util.module_from_spec(spec)
sys.modules["silent_failures"] = script
spec.loader.exec_module(script)
ABOUT, FINDINGS = script.load()


def fast():
    """The quickest case of scipy, of mpmath, and of a category other than theirs."""
    ordered = sorted((f for f in FINDINGS if f.seconds < 1), key=lambda f: f.seconds)
    chosen = [next(f for f in ordered if f.case.tool == tool) for tool in ("scipy", "mpmath")]
    return [*chosen, next(f for f in ordered if f.category not in {c.category for c in chosen})]


@pytest.mark.parametrize("finding", fast(), ids=lambda f: f"{f.case.tool} {f.case.quantity}")
def test_the_quickest_cases_still_fail(finding):
    again = script.judged(finding.case)
    assert again is not None, (
        f"{finding.case.tool} is right now, warns, or claims less: good news. Run 'python scripts/silent_failures.py "
        f"write', which leaves out what no longer fails: {finding.case}"
    )
    assert again.category == finding.category


def test_a_right_answer_and_an_honest_one_are_no_findings():
    pair = (("1/2", "-1", "0"), ("1/2", "1", "0"))
    assert script.judged(script.Case(pair, "1", "entropy", "scipy", "quad(f, -L, L)")) is None
    assert script.judged(script.Case(pair, "1", "entropy", "mpmath", "tanh-sinh split", 15)) is None


def test_every_case_is_a_wrong_digit_that_was_claimed():
    assert len(FINDINGS) >= 10
    assert len({f.case for f in FINDINGS}) == len(FINDINGS)
    assert {f.case.tool for f in FINDINGS} == {"scipy", "mpmath"}
    for f in FINDINGS:
        with mpmath.workdps(100):
            error = abs(mpmath.mpf(f.value) - mpmath.mpf(f.centre))
            assert error > 1.9 * mpmath.mpf(f.claim) + mpmath.mpf(f.radius), f.case
            assert mpmath.mpf(f.radius) < error / 100


def test_the_page_is_made_of_the_cases_and_the_readme_names_it():
    text = (HOME / "docs" / "silent_failures.md").read_text(encoding="utf-8")
    assert text == script.page()
    assert "](docs/silent_failures.md)" in (HOME / "README.md").read_text(encoding="utf-8")
