"""Statistical estimates above three dimensions: intervals that hold the rigorous value, and honest labels."""

from fractions import Fraction as F

import pytest

import infodyn
from numerics.quantities import value
from numerics.rings import Unsupported
from numerics.space.estimates import value as estimate
from theory.language.instances import T5
from theory.laws import parse_law

TRIANGLE = "deltas((0, 0): 1/2, (2, 0): 1/3, (0, 1): 1/6)"
SQUARES = ("variance-phi", "variance-h-class", "variance-h", "variance-phi-class")
NUMBERS = (
    "entropy", "class-entropy", "conditional-entropy", "mutual-information", "fisher-information",
    "expected-divergence", "mmse", "bandwidth", "information-rate", "entropy-rate", "class-entropy-rate", *SQUARES,
)  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_the_interval_holds_the_rigorous_value(name):
    law = parse_law(TRIANGLE)
    exact = float(value(name, law, "vp", "sigma=3/5", digits=8).value)
    found = estimate(name, law, "vp", "sigma=3/5", samples=1 << 14, seed=5)
    assert found.interval[0] <= exact <= found.interval[1]
    assert found.guarantee == "statistical"
    assert found.confidence == "0.99"
    wide = 0.6 if name in SQUARES else 0.12
    assert found.interval[1] - found.interval[0] < wide * max(abs(exact), 0.2)


@pytest.mark.parametrize("name", ["entropy", "mmse", "fisher-information", "class-entropy-rate", "variance-phi-class"])
def test_unequal_covariances(name):
    exact = float(value(name, T5, "ve", "sigma=1", digits=6).value)
    found = estimate(name, T5, "ve", "sigma=1", samples=1 << 15, seed=1)
    assert found.interval[0] <= exact <= found.interval[1]


def test_the_error_rate_of_the_intervals():
    """At most a hundredth misses; of 60 normal intervals more than 4 would have chance 3e-4."""
    exact = float(value("class-entropy-rate", T5, "ve", "sigma=1", digits=6).value)
    found = [estimate("class-entropy-rate", T5, "ve", "sigma=1", samples=1 << 12, seed=s) for s in range(60)]
    assert sum(not f.interval[0] <= exact <= f.interval[1] for f in found) <= 4


def test_four_dimensions_by_the_api():
    law = "deltas((0,0,0,0): 1/5, (1,0,0,0): 1/5, (0,1,0,0): 1/5, (0,0,1,0): 1/5, (0,0,0,1): 1/5)"
    found = infodyn.value("entropy", law, at="sigma=1", seed=3)
    assert found.guarantee == "statistical"
    assert found.complete
    again = infodyn.value("entropy", law, at="sigma=1", seed=3)
    assert (found.value, found.radius) == (again.value, again.radius)
    assert found.interval != infodyn.value("entropy", law, at="sigma=1", seed=4).interval
    assert not infodyn.value("entropy", law, at="sigma=1", digits=12).complete
    assert infodyn.value("entropy", law, at="sigma=1", digits=3).complete


def test_what_is_not_estimated():
    with pytest.raises(Unsupported):
        estimate("variance-phi", T5, "ve", "sigma=1")
    with pytest.raises(Unsupported, match="varentropy"):
        infodyn.value("varentropy", "mixture(1/2: N((0,0,0), 1), 1/2: N((1,0,0), 2))", at="sigma=1")


def test_a_rare_event_has_no_interval():
    law = parse_law("mixture(999999/1000000: N((0, 0), 1/1000), 1/1000000: N((30, 0), 1/2000))")
    found = estimate("class-entropy-rate", law, "ve", "sigma=1/100", samples=4096)
    assert found.value is None
    assert "samples" in found.reason
    assert F(found.wanted or 0) == 0
