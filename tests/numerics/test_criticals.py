"""Bifurcation points: reference values, completeness, kinds, drifts, diagrams, and counts on either side."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.balls import arb, ball, working
from numerics.landscape import bifurcation_diagram, critical, fixed_points
from numerics.landscape.family import SYMBOL, Family, Part
from numerics.landscape.levels import highest_noise
from numerics.landscape.reduction import collinear
from numerics.quantities.values import QuantityError
from numerics.rings import Unsupported
from theory.calculus import ZERO, add, as_scalar_term, mul, number
from theory.language.instances import deltas, mixture
from theory.language.terms import make
from theory.laws import parse_law
from theory.processes import parse_at, parse_process

Q = Fraction


def found(law, process="ve", at=None, **options):
    law = parse_law(law) if isinstance(law, str) else law
    return critical(law, parse_process(process), at=None if at is None else parse_at(at), **options)


def near(value, text, digits):
    with working(200):
        return abs(value - arb(text)) < arb(10) ** -digits


@pytest.mark.parametrize(
    ("w", "sigma2"),
    [("51/100", "0.910409339438286"), ("3/5", "0.670403655972315"), ("2/3", "0.579390704282816"),
     ("4/5", "0.450226073252579"), ("99/100", "0.239631135980415")],
)  # fmt: skip
def test_folds_of_two_atoms(w, sigma2):
    result = found(f"deltas(-1: 1 - {w}, 1: {w})")
    (fold,) = result.points
    assert result.complete
    assert result.whole
    assert (fold.kind, fold.opens) == ("saddle-node", "below")
    assert near(fold.parameter * fold.parameter, sigma2, 14)
    assert fold.parameter.rad() < arb(10) ** -20
    # closed form: |log(w/(1-w))| = 2 d sqrt(d^2 - 1) - 2 arccosh d with d = 1/sigma
    with working(200):
        d = 1 / fold.parameter
        odds = (ball(Q(w)) / ball(1 - Q(w))).log()
        assert (2 * d * (d * d - 1).sqrt() - 2 * d.acosh() - odds).contains(0)


@pytest.mark.parametrize(
    ("w", "sigma"), [("3/5", "0.818781812189496"), ("4/5", "0.670988877145203"), ("19/20", "0.558559414888809")]
)
def test_field_folds(w, sigma):
    assert near(found(f"deltas(-1: 1 - {w}, 1: {w})").points[0].parameter, sigma, 14)


def test_pitchforks():
    (fork,) = found("T1").points
    assert (fork.kind, fork.supercritical, fork.exact, fork.opens) == ("pitchfork", True, "1", "below")
    assert fork.parameter.contains(1)
    (fork,) = found("mixture(1/2: N(-1.3, 1/4), 1/2: N(1.3, 1/4))", "vp", parameter="nu").points
    assert fork.exact == "36/25"
    (fork,) = found("mixture(7/10: N(-1.3, .2), 3/10: N(1.3, .2))", parameter="nu").points
    assert near(fork.parameter, "0.7173574", 7)
    one = found("mixture(1/2: N(-1/2, 1), 1/2: N(1/2, 1))")
    assert (one.complete, one.points) == (True, ())


def test_the_hierarchy_of_four_atoms():
    result = found("T4", within=(Q(9, 20), Q(4)))
    assert result.complete
    assert [p.kind for p in result.points] == ["saddle-node", "saddle-node", "pitchfork"]
    assert near(result.points[2].parameter, "2.956371023431555", 15)
    with working(120):  # the clusters feel each other: the fold is not at 1/2
        assert arb("4.0e-18") < ball(Q(1, 2)) - result.points[0].parameter < arb("5.0e-18")


def test_folds_away_from_a_centre_that_stays_stable():
    result = found("deltas(-2: 3/10, 0: 2/5, 2: 3/10)")
    assert result.complete
    assert [p.kind for p in result.points] == ["saddle-node", "saddle-node"]
    assert near(result.points[0].place[0] + result.points[1].place[0], "0", 18)
    assert Q(4, 5) < Q(float(result.points[0].parameter.mid())) < Q(9, 10)


def test_the_three_criticals_of_the_variance_preserving_process():
    within = (Q(2, 5), Q(9, 10))
    density = found("T1", "vp", parameter="alpha", within=within)
    reverse = found("T1", "vp", parameter="alpha", within=within, drift="reverse")
    flow = found("T1", "vp", parameter="alpha", within=within, drift="flow")
    assert [len(r.points) for r in (density, reverse, flow)] == [1, 1, 0]
    assert all(r.complete for r in (density, reverse, flow))
    with working(120):
        assert (density.points[0].parameter - (arb(1) / 2).sqrt()).contains(0)
        assert (reverse.points[0].parameter - (arb(2).sqrt() - 1).sqrt()).contains(0)
    assert near(reverse.points[0].parameter, "0.6435942529055826", 15)
    assert reverse.points[0].opens == "above"
    times = found("T1", "ou(1, sqrt(2))", parameter="t", within=(Q(1, 10), Q(1)), drift="reverse")
    assert near(times.points[0].parameter, "0.44068679351", 11)


def test_a_symbol_as_the_parameter():
    result = found("deltas(-mu: 1/2, mu: 1/2)", at="sigma=7/10", parameter="mu", within=(Q(1, 100), Q(2)))
    assert result.complete
    assert [(p.kind, p.opens) for p in result.points] == [("pitchfork", "above")]
    with working(300):
        assert result.points[0].parameter.contains(ball(Q(7, 10)))
    pair = found("deltas(-1: 1 - w, 1: w)", at="sigma=7/10", parameter="w", within=(Q(1, 100), Q(99, 100)))
    assert pair.complete
    assert [p.opens for p in pair.points] == ["above", "below"]
    assert (pair.points[0].parameter + pair.points[1].parameter).contains(1)


def test_more_dimensions():
    line = found("deltas((0, 0, 1): 1/4, (1, 1, 1): 3/4)")
    flat = found("deltas(0: 1/4, 1: 3/4)")
    with working(120):
        assert (line.points[0].parameter - flat.points[0].parameter * arb(2).sqrt()).contains(0)
    blocks = found("deltas((1, 2): 1/4, (1, -2): 1/4, (-1, 2): 1/4, (-1, -2): 1/4)")
    assert [p.exact for p in blocks.points] == ["1", "2"]
    centre = found("deltas((1.4, 0): .1, (-1.4, 0): .1, (.42, .7): .4, (-.42, -.7): .4)")
    assert not centre.complete
    assert near(centre.points[0].parameter, "0.8148479553", 10)
    with pytest.raises(Unsupported, match="collinear"):
        found("T5")


def test_what_is_refused():
    with pytest.raises(QuantityError, match="range"):
        found("T1", "linear(alpha=exp(-t), sigma=t)", drift="flow", parameter="t")
    with pytest.raises(QuantityError, match="does not reach"):
        found("T1", "vp", parameter="alpha", within=(Q(0), Q(1)))
    with pytest.raises(QuantityError, match="ends inside"):
        found("T1", "vp(1/10, 20)", parameter="t", within=(Q(1, 2), Q(5)))
    with pytest.raises(QuantityError, match="empty"):
        found("deltas(-1: 1 - w, 1: w)", at="sigma=1", parameter="w", within=(Q(1, 2), Q(1, 3)))
    with pytest.raises(QuantityError, match="no value"):
        found("deltas(-mu: 1/2, mu: 1/2)")
    with pytest.raises(QuantityError, match="neither a noise level"):
        found("T1", parameter="w", at="sigma=1", within=(Q(1), Q(2)))


def test_default_ranges_of_drifts():
    still = found("T1", "ve", drift="reverse")  # no drift beside the score
    assert (still.whole, still.points[0].exact) == (True, "1")
    moving = found("T1", "vp", drift="reverse", parameter="alpha")
    assert (moving.whole, moving.complete, len(moving.points)) == (False, True, 1)
    assert moving.within[0] < 1 / arb(6)
    assert moving.within[1] > arb("0.999")


def test_one_mean_never_bifurcates():
    for law in ("deltas(3/10: 1)", "deltas((1, 2): 1)", "deltas(3/10: 1/3, 3/10: 2/3)"):
        result = found(law)
        assert (result.complete, result.points) == (True, ())
    assert found("deltas(3/10: 1)", within=(Q(0), Q(1, 2))).complete


def test_atoms_at_the_same_place():
    twice, once = found("deltas(3/10: 1/3, 3/10: 1/3, -1: 1/3)"), found("deltas(3/10: 2/3, -1: 1/3)")
    assert twice.complete
    with working(120):
        assert (twice.points[0].parameter - once.points[0].parameter).contains(0)


def test_a_critical_level_at_the_end_of_the_range_is_undecided():
    result = found("T1", within=(Q(1), Q(2)))
    assert not result.complete
    assert all(u <= 0 <= v and a <= 1 <= b for (u, v), (a, b) in result.open)


def test_means_far_from_the_origin():
    far, near_ = found("deltas(10^6: 1/3, 10^6 + 1/10^9: 2/3)"), found("deltas(0: 1/3, 1/10^9: 2/3)")
    assert far.complete
    with working(120):
        assert (far.points[0].parameter - near_.points[0].parameter).contains(0)
        assert (far.points[0].place[0] - near_.points[0].place[0] - 10**6).contains(0)


def test_zeros_from_infinity_leave_the_drift_undecided():
    # q = kappa at nu = 1: two zeros of the reverse drift come from infinity there
    result = found(
        "mixture(1/2: N(-1, 3), 1/2: N(1, 3))", "vp", drift="reverse", parameter="nu", within=(Q(1, 2), Q(2))
    )
    assert not result.complete
    assert result.open == (((-float("inf"), float("inf")), result.open[0][1]),)


def test_open_boxes_are_named_in_x_and_the_parameter():
    result = found("deltas(0: 1/2, mu: 1/2)", at="sigma=1/2", parameter="mu", within=(Q(1, 2), Q(2)), max_boxes=400)
    assert not result.complete
    assert any(u <= 0.5 <= v and a <= 1 <= b for (u, v), (a, b) in result.open)
    level = found("mixture(1/4: N(-1, 1/4), 1/4: N(-1, 1/4), 1/2: N(1, 1/4))", "vp", max_boxes=400)
    # the pitchfork of 1/2 N(-1, 1/4) + 1/2 N(1, 1/4), nu = 3/4, is not seen as one
    assert not level.complete
    assert any(u <= 0 <= v and a * a * 7 <= 3 <= b * b * 7 for (u, v), (a, b) in level.open)


def test_variances_on_other_scales_than_the_means():
    narrow = found("mixture(1/2: N(0, 1/10^6), 1/2: N(1, 100))")
    assert (narrow.complete, [p.kind for p in narrow.points]) == (True, ["saddle-node"])
    clusters = found("mixture(1/2: N(0, 1/10^12), 1/4: N(1, 1/10^12), 1/4: N(3, 1/10^12))")
    assert (clusters.complete, len(clusters.points)) == (True, 2)
    wide = found("mixture(1/2: N(0, 1), 1/2: N(1/10^9, 10^32))")
    assert (wide.complete, wide.points) == (True, ())


@pytest.mark.parametrize(("low", "high", "gap"), [(0, 10**32, Q(1, 10**9)), (Q(1, 4), 1, 2), (1, 1, 3)])
def test_nothing_happens_above_the_highest_noise(low, high, gap):
    line = collinear(mixture((Q(1, 2), 0, low + Q(1, 100)), (Q(1, 2), gap, high)))
    with working(200):
        nu = highest_noise(line)
        for more in (Q(0), Q(1, 1000), Q(10**6)):
            v, top = ball(low + Q(1, 100)) + nu + ball(more), ball(high) + nu + ball(more)
            assert not 4 * v * v < ball(gap) * ball(gap) * top
            if more:
                assert 4 * v * v > ball(gap) * ball(gap) * top


def test_derivatives_of_a_family():
    lam = make("sym", (), SYMBOL)
    parts = [
        Part(number(Q(1, 3)), mul(number(-1), lam), add(number(Q(1, 4)), mul(lam, lam))),
        Part(mul(number(Q(1, 2)), lam), number(1), add(number(Q(1, 9)), lam)),
        Part(number(Q(1, 6)), as_scalar_term(Q(1, 2)), number(Q(2, 5))),
    ]
    with working(400):
        family = Family(parts, ZERO)
        y, at, h = ball(Q(1, 7)), ball(Q(9, 10)), arb(10) ** -25
        jet = family.jet(y, at)
        up, down = family.jet(y + h, at), family.jet(y - h, at)
        right, left = family.jet(y, at + h), family.jet(y, at - h)
        for value, ahead, behind in (
            (jet.y, up.F, down.F), (jet.yy, up.y, down.y), (jet.l, right.F, left.F), (jet.yl, right.y, left.y),
            (family.cubic(y, at), up.yy, down.yy),
        ):  # fmt: skip
            assert abs(value - (ahead - behind) / (2 * h)) < arb(10) ** -40
        box = (y + arb(0, 0.01), at + arb(0, 0.01))
        wide = family.jet(*box)
        for share in (Q(-1, 200), Q(1, 300)):
            inside = family.jet(y + ball(share), at - ball(share))
            for name in ("F", "y", "l", "yy", "yl"):
                assert getattr(wide, name).contains(getattr(inside, name))
                assert getattr(wide, name).rad() < 3


def test_a_diagram():
    drawn = bifurcation_diagram(parse_law("deltas(-2: 3/10, 0: 2/5, 2: 3/10)"), parse_process("ve"), samples=3)
    assert drawn.complete
    assert drawn.counts == (5, 1)
    assert [s.stable for s in drawn.segments] == [True, False, True, False, True, True]
    assert drawn.segments[2].label == drawn.segments[5].label
    for left, right in pairwise(drawn.segments[:5]):
        for a, b in zip(left.samples, right.samples, strict=True):
            assert a.parameter == b.parameter
            assert a.place[0] < b.place[0]
    data = drawn.to_json()
    assert data["version"] == 1
    assert len(data["branches"]) == 6


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    places=st.lists(st.integers(-30, 30), min_size=2, max_size=4, unique=True),
    weights=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    variance=st.integers(0, 20),
)
def test_counts_change_only_across_criticals(places, weights, variance):
    weights = weights[: len(places)]
    total = sum(weights)
    if variance:
        law = mixture(*((Q(w, total), Q(m, 10), Q(variance, 20)) for w, m in zip(weights, places, strict=True)))
    else:
        law = deltas(*((Q(m, 10), Q(w, total)) for w, m in zip(weights, places, strict=True)))
    result = critical(law, parse_process("ve"), digits=10)
    assert result.complete
    levels = sorted(float(p.parameter.mid()) for p in result.points)
    low, high = (float(v.mid()) for v in result.within)
    cuts = [max(low, 0.02), *levels, max(high, 0.1) * 1.2]
    for a, b in pairwise(cuts):
        if b - a < 1e-6:  # the same level, in two places
            continue
        middle = Q((a + b) / 2).limit_denominator(10**6)
        expected = 1 + sum(2 if p.opens == "below" else -2 for p in result.points if p.parameter > ball(middle))
        assert fixed_points(law, parse_process("ve"), parse_at(f"sigma={middle}"), digits=8).count == expected
