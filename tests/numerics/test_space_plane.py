"""Unequal covariances in the plane: the reference table to 15 digits, rotations, two precisions, special cases."""

from fractions import Fraction as F

import numpy as np
import pytest

from numerics.balls import arb, working
from numerics.mixtures import mixture_of
from numerics.quantities import value
from numerics.rings import Unsupported
from numerics.space import plane
from numerics.space.plane_numbers import in_plane
from theory.language.instances import STANDING_GERM, T5, Component, Law, mixture
from theory.laws import parse_law
from theory.processes import parse_process

# T5 at (alpha, sigma): H(X), E|s|^2, E tr Cov, H(Z|X); 12 decimals of an independent float64 table
TABLE = """
1 .5 3.025389423728 2.960880701104 0.314944956181 0.172755638611
1 1 3.631904078705 1.026334091662 0.973665908338 0.478945708750
.6 .8 2.931688776424 1.901176894048 1.392438733883 0.635354469674
"""
COLUMNS = ("entropy", "fisher-information", "mmse", "class-entropy")
NUMBERS = ("entropy", "fisher-information", "class-entropy", "class-gap", "varentropy", "variance-phi-class",
           "variance-h-class", "mmse")  # fmt: skip


def germ(sigma):
    return parse_process("ve").germ({"sigma": F(sigma)}, order=0)


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_the_standing_law_to_fifteen_digits(row):
    """Of the first row only the entropy: its strips are the narrowest."""
    alpha, sigma, *texts = row.split()
    at = (germ(sigma), None) if alpha == "1" else (STANDING_GERM, None)
    for name, text in zip(COLUMNS, texts[:1] if sigma == ".5" else texts, strict=False):
        found = value(name, T5, *at)
        assert found.guarantee == "rigorous"
        assert found.complete
        assert abs(F(found.value) - F(text)) <= F(1, 10**12) + F(found.radius)


def samples_of(law, level, step=0.08, reach=10.0):
    """(density, responsibilities, log u, scores) on a float64 grid."""
    noised = mixture_of(law).noised(float(level.alpha), float(level.sigma))
    n = np.arange(-reach, reach, step)
    x = np.stack(np.meshgrid(n, n, indexing="ij"), axis=-1).reshape(-1, 2)
    logs, pulls = noised._logs(x)
    return np.exp(noised.log_density(x)), noised.responsibilities(x), np.stack(logs), -np.stack(pulls), step**2


@pytest.mark.parametrize("name", NUMBERS)
def test_against_float_sums_and_two_precisions(name):
    level = germ(1)
    low, high = in_plane(name, T5, level, 5).value, in_plane(name, T5, level, 11).value
    assert low.overlaps(high)
    assert float(high.rad()) < 1e-11
    p, r, logs, scores, area = samples_of(T5, level)
    surprise = np.log(p) - logs
    gap = (r[..., None] * (scores - (r[..., None] * scores).sum(axis=0)) ** 2).sum(axis=(0, 2))

    def mean(y):
        return float((p * y).sum() * area)

    score = (r[..., None] * scores).sum(axis=0)
    h = (r * surprise).sum(axis=0)
    fisher = mean((score**2).sum(axis=1))
    expected = {
        "entropy": -mean(np.log(p)), "fisher-information": fisher, "class-entropy": mean(h), "class-gap": mean(gap),
        "varentropy": mean(np.log(p) ** 2) - mean(np.log(p)) ** 2, "mmse": 2 - fisher,
        "variance-phi-class": mean((r * surprise**2).sum(axis=0)) - mean(h) ** 2,
        "variance-h-class": mean(h**2) - mean(h) ** 2,
    }[name]  # fmt: skip
    assert float(high.mid()) == pytest.approx(expected, rel=1e-9)


def rotated(law):
    """By the rational rotation of the 3-4-5 triangle."""
    R = ((F(3, 5), F(-4, 5)), (F(4, 5), F(3, 5)))
    parts = []
    for c in law.components:
        mean = tuple(sum(R[i][j] * c.mean[j] for j in range(2)) for i in range(2))
        cov = tuple(tuple(sum(R[i][a] * c.cov[a][b] * R[j][b] for a in range(2) for b in range(2)) for j in range(2))
                    for i in range(2))  # fmt: skip
        parts.append(Component(c.weight, mean, cov))
    return Law(tuple(parts))


@pytest.mark.parametrize("name", ["entropy", "class-gap", "class-entropy", "varentropy"])
def test_rotations_change_nothing(name):
    level = germ(1)
    first, second = (in_plane(name, law, level, 10).value for law in (T5, rotated(T5)))
    assert first.overlaps(second)
    assert float(second.rad()) < 1e-9


def test_equal_covariances_by_both_rules():
    law = parse_law("mixture(1/2: N((0, 0), 1/4), 1/4: N((1, 0), 1/4), 1/4: N((1, 2), 1/4))")
    for name in ("entropy", "mmse", "class-entropy", "variance-h-class", "variance-phi-class", "varentropy"):
        shared = value(name, law, "ve", "sigma=1/2", digits=12)
        assert "span" in shared.method
        assert in_plane(name, law, germ("1/2"), 12).value.overlaps(shared.balls)


def test_one_covariance_that_is_not_round():
    """A shear makes it round: H moves by the log of the determinant."""
    law = parse_law("mixture(1/2: N((0, 0), [[1, 1], [1, 2]]), 1/2: N((1, 3), [[1, 1], [1, 2]]))")
    found = value("class-entropy", law, "ve", "sigma=1/1000000", digits=6)
    plain = value("class-entropy", "mixture(1/2: N((0, 0), 1), 1/2: N((1, 2), 1))", "ve", "sigma=1/1000000", digits=12)
    assert abs(F(found.value) - F(plain.value)) < F(1, 10**9)


@pytest.mark.parametrize("narrow", [F(1, 10), F(1, 50)])
def test_thin_and_crossed(narrow):
    """Two ellipses that cross at right angles: the differences of the precisions are indefinite."""
    law = mixture((F(1, 3), (0, 0), ((1, 0), (0, narrow))), (F(2, 3), (F(1, 2), 0), ((narrow, 0), (0, 1))))
    low, high = in_plane("entropy", law, germ("1/10"), 6).value, in_plane("entropy", law, germ("1/10"), 9).value
    assert low.overlaps(high)
    assert float(low.rad()) < 1e-5
    p, _, _, _, area = samples_of(law, germ("1/10"), 0.025, 6.0)
    assert float(high.mid()) == pytest.approx(-float((p * np.log(np.maximum(p, 1e-300))).sum() * area), rel=1e-7)


def test_chain_rule_of_a_density():
    parts = [value(n, T5, "ve", "sigma=1", digits=10).balls for n in ("conditional-entropy", "mutual-information")]
    with working(80):
        total = parts[0] + parts[1]
        near = value("entropy", T5, "ve", "sigma=1/1000000", digits=10).balls
        assert abs(float((total - near).mid())) < 1e-9
        assert total.rad() < arb("1e-9")


def test_what_is_not_there_says_so():
    with pytest.raises(Unsupported, match="3 dimensions"):
        in_plane("entropy", parse_law("mixture(1/2: N((0,0,0), 1), 1/2: N((1,0,0), 2))"), germ(1), 8)
    with pytest.raises(Unsupported, match="class"):
        value("variance-phi", T5, "ve", "sigma=1")


def test_too_many_digits_give_the_best_ball(monkeypatch):
    monkeypatch.setattr(plane, "MOST_POINTS", 8_000)
    found = value("entropy", T5, "ve", "sigma=2", digits=30)
    assert not found.complete
    assert found.guarantee == "rigorous"
    assert found.digits >= 4
