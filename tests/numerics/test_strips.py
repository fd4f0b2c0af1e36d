"""Bounds on strips bound what they should; the trapezoidal rule with them and ``acb.integral`` agree on any term."""

from __future__ import annotations

import random
from fractions import Fraction as F

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numerics import kept_integrals, strip_integrals
from numerics.averages import EndIntegrand, Integrand
from numerics.balls import AcbRing, ArbRing, acb, arb, natural_power, radius, relative_digits, working
from numerics.enclosures import ADAPTIVE, TRAPEZOIDAL, ball_interpreter, enclose
from numerics.evaluate import prepare, push_grad
from numerics.integrals import entries_of
from numerics.quantities.table import QUANTITIES
from numerics.rings import Unsupported
from numerics.strips import Strip, StripRing, bound_of
from numerics.tapes import Tape
from numerics.trapezoid import Peaks, make_rule, summed
from numerics.zero_free import zero_free_strip
from theory.language.instances import STANDING_GERM, T1, T1W, T2, T3, T4, Germ, Instance, gaussian, mixture
from theory.language.notation import *
from theory.language.terms import as_term, walk

SPREAD = mixture(*((F(w, 15), m, v) for w, m, v in ((1, -3, F(1, 9)), (2, F(-3, 2), F(1, 4)), (3, 0, F(1, 16)),
                                                   (4, 1, F(1, 3)), (5, F(7, 2), F(1, 4)))))  # fmt: skip
LAWS = [T1, T1W, T2, T3, T4, SPREAD, gaussian(F(1, 3), F(1, 2))]
LINE = {q.name: q.base for q in QUANTITIES.values() if q.kind != "point"}
MORE = {
    "bandwidth in time": d(H(X0 | Xt)),
    "its rate": dt(d(H(X0 | Xt))),
    "fourth power": E(normsq(s) ** 2),
    "slope of the divergence": E(normsq(grad(div(s)))),
    "squashed": E(tanh(coord(x, 1) / 5) * normsq(s)),
    "rate of the varentropy": d(Var(log(p)), "sigma^2"),
    "purity": E(p),
    "end": E(tanh(coord(X0, 1) / 4) ** 2 * log(p0)),
}
TERMS = LINE | MORE
SPLIT = ("bandwidth in time", "its rate", "conditional-entropy", "mutual-information", "end")
"""Terms whose first average, unsplit, is no integral over x alone for a law with a density."""


def ve(level):
    return Germ(F(1), F(level), (F(0),), (2 * F(level), F(2)), constant=True)


def integrand_of(term, interpreter, ring, order=0):
    """The first integrand over x in a term."""
    inner = next(t for t in walk(push_grad(prepare(term))) if t.op == "E").args[0]
    return Integrand(interpreter, ring, inner, order)


def peaks_of(model):
    means = [model.schedule("alpha", 0).head * m[0] for m in model.means]
    return Peaks(model.weights, means, [model.covariance(k, 0)[0][0].head for k in range(model.K)])


def strip_ring(interpreter):
    peaks, covs = peaks_of(interpreter.model), [c.cov for c in interpreter.law.components]
    width, constant = zero_free_strip(
        peaks.weights, peaks.means, peaks.variances, kinds=[covs.index(c) for c in covs], widest=arb(2)
    )
    top = sum(
        w * (width**2 / (2 * v)).exp() / (2 * arb.pi() * v).sqrt() for w, v in zip(peaks.weights, peaks.variances)
    )
    return StripRing(width, constant, top.log())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name or f"K{law.K}")
@pytest.mark.parametrize("name", [n for n in TERMS if n not in SPLIT[2:]])
def test_the_bound_holds_at_points_of_the_strip(law, name):
    """Every coefficient up to order 2 in t of every component, at random points of the strip."""
    rng = random.Random(f"{law.name}{law.K}{name}")
    with working(100):
        interpreter = ball_interpreter(law, STANDING_GERM, bits=60)
        try:
            ring = strip_ring(interpreter)
            values, _ = integrand_of(TERMS[name], interpreter, ring, 1).components((ring.variable(),))
        except Unsupported:
            assert "variance-" in name or name in SPLIT or law.K == 1
            return
        exact = integrand_of(TERMS[name], interpreter, AcbRing(), 1)
        for _ in range(12):
            x, y = rng.choice([rng.uniform(-5, 5), rng.uniform(-1, 1), rng.uniform(-40, 40)]), rng.uniform(-1, 1)
            found, _ = exact.components((acb(x, float(ring.width) * y),))
            for bounds, jets in zip(values, found):
                for bound, jet in zip(entries_of(bounds), entries_of(jets)):
                    for order in range(2):
                        value, limit = jet.at(order), bound.at(order)
                        if value is None or limit is None:
                            assert value is None or not abs(value).lower() > 0
                            continue
                        row = bound_of(limit)
                        most = sum((b * natural_power(arb(abs(x)), i) for i, b in enumerate(row)), arb(0))
                        assert not abs(acb(value)) > most


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=3),
    st.lists(st.floats(-3, 3), min_size=1, max_size=4),
    st.floats(-4, 4),
    st.floats(-1, 1),
)
def test_the_arithmetic_of_bounds(first, second, x, y):
    width = arb(0.7)
    z = acb(x, 0.7 * y)

    def value(row):
        return sum((acb(c) * z**i for i, c in enumerate(row)), acb(0))

    def covers(strip, number):
        row = bound_of(strip)
        return not abs(number) > sum((b * natural_power(arb(abs(x)), i) for i, b in enumerate(row)), arb(0)) + 1e-12

    f, g = (Strip(width, [arb(v) for v in row]) for row in (first, second))
    loose = Strip(width, None, f.bound)
    u, v = value(first), value(second)
    for left in (f, loose):
        results = ((left + g, u + v), (left * g, u * v), (left - g, u - v), (3 - left, 3 - u),
                   (left * arb(-2) + 1, 1 - 2 * u), (left / 4, u / 4), (-left * left, -u * u))  # fmt: skip
        assert all(covers(combined, number) for combined, number in results)
    real, imag = f.parts()
    assert covers(Strip(width, None, real), acb(u.real))
    assert covers(Strip(width, None, imag), acb(u.imag))
    ring = StripRing(width, arb(0.5), arb(0))
    if len(first) == 2 and abs(first[1]) < 2:
        assert covers(ring.tanh(f), u.tanh())
    down = [*first[:1], 0.5, -abs(first[-1]) - 0.1]
    assert covers(ring.exp(Strip(width, [arb(v) for v in down])), value(down).exp())


def test_what_has_no_bound_is_refused():
    ring = StripRing(arb(2), arb(0.5), arb(0))
    z = ring.variable()
    for refused in (ring.log, ring.inv, ring.sqrt, ring.exp, ring.tanh, ring.cos):
        with pytest.raises(Unsupported):
            refused(z)
    assert ring.exp(arb(1)).overlaps(arb(1).exp())


@pytest.mark.parametrize("law", [T1W, T3, SPREAD], ids=lambda law: law.name or f"K{law.K}")
@pytest.mark.parametrize("name", ["entropy", "mmse", "varentropy", "variance-h-class", "squashed"])
def test_a_tape_computes_what_the_interpreter_does(law, name):
    with working(120):
        interpreter = ball_interpreter(law, STANDING_GERM, bits=60)
        order = 1 if name == "mmse" else 0

        def function(ring, point):
            rows = entries_of(integrand_of(TERMS[name], interpreter, ring, order)((point,)))
            return [value for row in rows for value in row]

        def largest(heads):
            return max(range(len(heads)), key=lambda k: acb(heads[k]).real.mid())

        reals, complexes = [arb(-3), arb(-0.4), arb(0), arb(1.1), arb(9)], [acb(-1, 0.1), acb(2, -0.05)]
        for ring, points in ((ArbRing(), reals), (AcbRing(), complexes)):
            tape = Tape(function, largest)
            plain = integrand_of(TERMS[name], interpreter, ring, order)
            for point in points:
                wanted = [value for row in entries_of(plain((point,))) for value in row]
                found = tape.run(ring, point)
                assert all(acb(u).overlaps(acb(v)) for u, v in zip(found, wanted, strict=True))
                assert all(acb(u).real.rad() < 1e-30 + 4 * acb(v).real.rad() for u, v in zip(found, wanted))


def test_a_number_that_is_not_finite_stays_so_on_a_tape():
    tape = Tape(lambda ring, point: [point * (arb(1) / arb(0)), point + 1], lambda heads: 0)
    broken, whole = tape.run(ArbRing(), arb(2))
    assert not broken.is_finite()
    assert whole == 3


def both_rules(term, instance, digits, monkeypatch):
    """The value by the trapezoidal rule wherever it has a bound, and by acb.integral alone, with their methods."""
    found = []
    for cost in (1e9, 0.0):
        monkeypatch.setattr(strip_integrals, "_other_cost", lambda *_, cost=cost: cost)
        kept_integrals._known.clear()
        found.append(enclose(term, instance, digits=digits))
    kept_integrals._known.clear()
    return found


@pytest.mark.parametrize("law", [v for v in LAWS if v is not T2], ids=lambda law: law.name or f"K{law.K}")
def test_two_rules_agree_on_every_term(law, monkeypatch):
    used = 0
    for name, term in list(TERMS.items())[:: 2 if law.K > 2 else 1]:
        for germ, digits in ((STANDING_GERM, 12), (ve(F(1, 2)), 25))[: 1 + (name in ("entropy", "mmse", "purity"))]:
            try:
                one, two = both_rules(term, Instance(law, germ), digits, monkeypatch)
            except Unsupported:
                assert name.startswith(("variance-", "end")) or law.K == 1
                continue
            for left, right in zip(entries_of(one.value), entries_of(two.value)):
                assert left.overlaps(right)
                assert relative_digits(left) >= digits or abs(left) < 1e-30
            used += TRAPEZOIDAL in one.method
            assert TRAPEZOIDAL not in two.method
    assert used > 10 or law.K == 1


FIELDS = st.sampled_from([log(p), div(s), normsq(s), normsq(x), normsq(m), tr(Cov(X0 | x)), H(Z | x), coord(m, 1),
                          coord(x, 1), tanh(coord(x, 1) / 4), dt(log(p)), as_term(F(2, 3))])  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_two_rules_agree_on_random_terms_and_laws(monkeypatch, data):
    K = data.draw(st.integers(1, 3))
    weights = [data.draw(st.integers(1, 9)) for _ in range(K)]
    places = [F(data.draw(st.integers(-30, 30)), 10) for _ in weights]
    spreads = [F(data.draw(st.sampled_from([4, 25, 25, 60])), 100) for _ in weights]
    law = mixture(*((F(w, sum(weights)), m, v) for w, m, v in zip(weights, places, spreads)))
    first, second, third = (data.draw(FIELDS) for _ in range(3))
    term = E(first * second - F(1, 3) * third + second)
    germ = ve(F(data.draw(st.integers(3, 30)), 10))
    with_rate = data.draw(st.booleans()) and not any(t.op == "dt" for t in walk(term))
    term = d(term, "sigma^2") if with_rate else term
    try:
        one, two = both_rules(term, Instance(law, germ), 14, monkeypatch)
    except Unsupported:
        return
    assert one.value.overlaps(two.value)
    assert relative_digits(one.value) >= 14 or abs(one.value) < 1e-40


def test_the_rule_is_named_and_narrow_and_counts_its_points():
    kept_integrals._known.clear()
    found = enclose(H(Xt), Instance(T3, ve(F(1, 2))), digits=30)
    assert found.method == f"{TRAPEZOIDAL} with closed-form tails"
    assert 30 <= found.digits <= 40
    assert found.evaluations < 700
    narrow = enclose(H(X0 | Xt), Instance(T1, ve(F(1, 50))), digits=6)
    assert narrow.method == f"{ADAPTIVE} with closed-form tails"
    again = enclose(H(Xt), Instance(T3, ve(F(1, 2))), digits=30)
    assert (again.method, again.evaluations, radius(again.value)) == (
        found.method,
        found.evaluations,
        radius(found.value),
    )


def test_lower_orders_share_the_points_of_higher_ones():
    with working(160):
        interpreter = ball_interpreter(T3, STANDING_GERM, bits=80)
        integrator = interpreter.averager.integrator
        inner = prepare(log(p))
        integrator._over_x(interpreter, inner, 1)
        count = integrator.counter.count
        integrator._over_x(interpreter, inner, 0)
        assert integrator.counter.count == count


def test_points_that_are_left_out_are_covered_by_the_error():
    """A coarse rule still contains the integral: N(0, 1) and its moments."""
    with working(120):
        peaks = Peaks([arb(1)], [arb(0.25)], [arb(1)])
        for bits in (4, 10, 40):
            bounds = [[Strip(arb(2), None, [arb(0)] * i + [arb(1)])] for i in (0, 2)]
            powers = [[Strip(arb(2), [arb(0)] * i + [arb(1)])] for i in (0, 2)]
            assert all(not b[0].bound[-1] > p_[0].bound[-1] for b, p_ in zip(bounds, powers))
            rule = make_rule(peaks, arb(2), powers, bits)

            def values(x):
                density = (-((x - 0.25) ** 2) / 2).exp() / (2 * arb.pi()).sqrt()
                return [density, x * x * density]

            for found, error, exact in zip(summed(rule, values), rule.errors, (1, 1 + 0.25**2)):
                assert error < 2.0**-bits
                assert abs(found - exact) <= error


def test_an_average_over_ends_by_the_strip_of_the_prior():
    with working(120):
        interpreter = ball_interpreter(T3, STANDING_GERM, bits=60)
        term = prepare(log(p0) * tanh(coord(X0, 1) / 4) ** 2)
        values = EndIntegrand(interpreter, ArbRing(), term, 0)((arb(0.3),))
        assert len(values) == 1
    found = enclose(E(log(p0) * tanh(coord(X0, 1) / 4) ** 2), Instance(T3, STANDING_GERM), digits=15)
    assert found.method.startswith(TRAPEZOIDAL)
    assert found.digits >= 15
