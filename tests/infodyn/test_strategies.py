"""Strategies draw what they promise, shrink to what a person would write, and print what can be pasted."""

import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import find, given, settings

from infodyn import strategies as st
from proofs_checks import campaign_property
from proofs_checks.evidence import Outcome
from proofs_checks.registry import find as claim
from theory.language.instances import GAUSSIAN, LINEAR, VE, VP, Setting
from theory.language.notation import E, normsq, s
from theory.language.statements import Eq
from theory.language.terms import walk
from theory.laws import law_text, parse_law
from theory.processes import parse_process

QUICK = settings(max_examples=40)
HOME = Path(__file__).resolve().parents[2]


@QUICK
@given(st.delta_laws(D=(1, 3), K=(2, 4)))
def test_atoms_are_distinct_and_within_the_bounds(law):
    assert law.is_discrete
    assert 1 <= law.D <= 3
    assert 2 <= law.K <= 4
    assert len({c.mean for c in law.components}) == law.K
    assert sum(c.weight for c in law.components) == 1


@QUICK
@given(st.mixture_laws(D=2, K=2))
def test_mixtures_have_densities(law):
    assert (law.D, law.K, law.has_density, law.is_discrete) == (2, 2, True, False)


@QUICK
@given(st.product_laws(D=(1, 3), K=(1, 3)))
def test_products_are_products(law):
    assert law.K in {1, 2, 3, 4, 6, 8, 9, 12, 18, 27}
    assert all(c.cov[i][j] == 0 for c in law.components for i in range(law.D) for j in range(law.D) if i != j)


@pytest.mark.parametrize("drawn", [st.laws(), st.gaussian_laws(), st.product_laws(D=2)])
def test_what_is_written_is_read_back(drawn):
    @QUICK
    @given(drawn)
    def back(law):
        assert parse_law(law_text(law)).components == law.components

    back()


@QUICK
@given(st.germs(VP), st.germs(VE), st.germs(LINEAR, generic=True))
def test_germs_are_of_their_class(vp, ve, generic):
    assert vp.alpha**2 + vp.sigma**2 == 1
    assert vp.a[0] == -vp.g2[0] / 2
    assert (ve.alpha, ve.a) == (1, (0, 0))
    values = [generic.alpha, generic.sigma, *generic.a, *generic.g2]
    assert len(set(values)) == len(values)
    assert not {0, 1} & set(values)


@QUICK
@given(st.processes(), st.times())
def test_processes_have_a_germ_at_the_times_drawn(process, t):
    assert parse_process(process.text) == process
    assert process.germ({"t": t}, order=1).constant in (True, False)


@QUICK
@given(st.polynomial_fields(D=2, degree=3))
def test_fields_are_polynomials_in_the_coordinates(field):
    assert field.rank == 0
    assert {t.op for t in walk(field)} <= {"num", "add", "mul", "pow", "coord", "x"}
    assert {t.data for t in walk(field) if t.op == "coord"} <= {1, 2}


def test_shrinking_ends_at_what_a_person_would_write():
    assert law_text(find(st.laws(), lambda law: True)) == "deltas(0: 1)"
    assert law_text(find(st.delta_laws(), lambda law: law.K > 1)) == "deltas(0: 1/2, 1: 1/2)"
    assert law_text(find(st.mixture_laws(D=1), lambda law: law.K > 1)) == "mixture(1/2: N(0, 1), 1/2: N(1, 1))"
    assert find(st.processes(), lambda process: True).text == "ve"
    assert find(st.ratios(-8, 8, 4), lambda q: q > Fraction(5, 4)) == 2
    assert find(st.points(2), lambda x: True) == (0, 0)
    assert find(st.weights(3), lambda w: True) == [Fraction(1, 3)] * 3


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match=r"write 2 or \(1, 3\)"):
        find(st.laws(D=0), lambda law: True)


@QUICK
@given(st.instances(Setting(law=GAUSSIAN, process=VE, D=2), 2))
def test_instances_keep_to_their_setting(instance):
    assert (instance.law.K, instance.law.D, instance.germ.alpha) == (1, 2, 1)


FAILING = """
from hypothesis import given
from infodyn.strategies import laws, processes, use_ci_profile
use_ci_profile()
@given(laws(D=(1, 2)), processes())
def test_false(law, process):
    assert law.is_discrete or law.K < 2
"""


def test_a_failure_prints_a_law_and_a_process_to_paste(tmp_path):
    (tmp_path / "test_false.py").write_text(FAILING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_false.py"]
    env = {**os.environ, "PYTHONPATH": str(HOME)}
    first, second = (
        subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True).stdout for _ in range(2)
    )
    law = re.search(r"--law '(.*)'", first)[1]
    assert parse_law(law).K == 2
    assert not parse_law(law).is_discrete
    parse_process(re.search(r"--process '(.*)'", first)[1])
    assert re.search(r"--law '(.*)'", second)[1] == law


def test_the_campaign_names_a_law_to_paste():
    tweedie = claim("score.norm_divergence")
    found = campaign_property.judge_statement(tweedie, "identity", Eq(E(normsq(s)), 2 * E(normsq(s))), seed=1)
    assert found.outcome is Outcome.REFUTED
    parse_law(re.search(r"--law '(.*?)'", found.detail)[1])


def test_the_campaign_draws_the_same_for_the_same_seed():
    tweedie = claim("score.tweedie")
    false = Eq(tweedie.statements["score"].lhs, 2 * tweedie.statements["score"].lhs)
    words = [campaign_property.judge_statement(tweedie, "score", false, seed=seed).detail for seed in (3, 3)]
    assert words[0] == words[1]
