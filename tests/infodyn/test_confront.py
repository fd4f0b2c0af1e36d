"""``infodyn confront``: a claim holds on data, its near misses do not, and what cannot be told is said."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from infodyn.cli import cli


@pytest.fixture
def cloud(tmp_path):
    """Forty points in three dimensions, close enough for their posteriors to overlap at sigma = 1."""
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(5).normal(size=(40, 3)))
    return f"points({path})"


def run(*args):
    return CliRunner().invoke(cli, ["confront", *args], standalone_mode=False)


def test_the_bandwidth_formula_holds_on_data_and_its_near_misses_fall(cloud):
    found = run("entropy.conditional_rate", "--law", cloud, "--samples", "131072", "--json")
    assert found.return_value == 0
    record = json.loads(found.stdout)
    own = {o["name"]: o["outcome"] for o in record["outcomes"] if not o["mutant"]}
    assert own["divergence"] == own["norm"] == "consistent"
    fallen = [o["name"] for o in record["outcomes"] if o["mutant"] and o["outcome"] == "refuted"]
    assert {"bare divergence", "no half", "sign inside"} <= set(fallen)


def test_the_page_names_statements_and_near_misses(cloud):
    found = run("entropy.conditional_rate", "--law", cloud, "--samples", "16384")
    assert "CONSISTENT" in found.stdout
    assert "near misses" in found.stdout
    assert "no half" in found.stdout


def test_a_claim_without_rates_is_undecided_not_verified(cloud):
    assert run("score.gm_hessian", "--law", cloud, "--samples", "1024").return_value == 3


@pytest.mark.parametrize("law", ["T1", "points(nowhere.npy)", "sphere(3)", "points()"])
def test_what_is_no_data_is_refused_in_a_sentence(law):
    found = run("entropy.conditional_rate", "--law", law)
    assert isinstance(found.exception, (ValueError, OSError))
    assert len(str(found.exception).splitlines()) == 1
