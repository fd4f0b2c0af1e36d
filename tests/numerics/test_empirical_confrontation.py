from fractions import Fraction as F

import numpy as np
import pytest

from infodyn import api
from numerics.empirical import confront, law_of
from numerics.empirical.channel import Channel
from numerics.empirical.functionals import functional, nodes_between
from numerics.empirical.levels import closed, level_at
from numerics.empirical.samplers import Sampler, principal_axes
from numerics.empirical.terms import Reading, prepare
from numerics.paths.averages import NotReadableError
from numerics.paths.reading import scalars
from numerics.rings import Unsupported
from numerics.schedules import STANDING_PROCESS as PATHS
from proofs_checks.registry import load
from theory.language.definitions import unfold
from theory.language.instances import LawError, deltas
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    H,
    P,
    Phi,
    Xt,
    a,
    alpha,
    d,
    div,
    dot,
    dt,
    f,
    field,
    g,
    grad,
    h,
    jac,
    k,
    log,
    m,
    normsq,
    p,
    p0,
    post,
    s,
    s_c,
    sigma,
    snr,
    tanh,
    tr,
    x,
)
from theory.language.statements import Eq, Ge
from theory.processes import parse_at, parse_process

STANDING = parse_process("standing")
PLACES = [(F(-1), F(1, 2)), (F(2), F(0)), (F(1, 3), F(-5, 4)), (F(2), F(2))]
COUNTS = [1, 3, 2, 2]
EXACT = deltas(*((place, F(count, 8)) for place, count in zip(PLACES, COUNTS)))
LAW = law_of(np.array([[float(v) for v in place] for place, count in zip(PLACES, COUNTS) for _ in range(count)]))
CLOUD = law_of(np.random.default_rng(5).standard_normal((300, 8)) * 2 + 1)

TERMS = {
    "log p": log(p), "log kernel": log(k), "log p0": log(p0), "surprise": Phi, "posterior": P(X0 | x) ** 2,
    "posterior entropy": h, "|s|^2": normsq(s), "div s": div(s), "|m|^2": normsq(m), "gap": normsq(s_c - s),
    "trace of Cov": tr(Cov(X0 | x)), "error": normsq(X0 - m), "posterior score": normsq(grad(log(P(X0 | x)))),
    "squared trace": tr(Cov(X0 | x)) ** 2, "drift": div(f), "x.s": dot(x, s), "trace of jac": tr(jac(s)) * tanh(log(p)),
    "grad p": dot(grad(p), x), "post of a density": post(log(k) + 2 * log(p0)),
    "post of x.X0": post(dot(x, X0) * log(p)),
    "div of a multiple": div(log(p) * s + x), "X0.s": dot(X0, s) / sigma, "grad of a power": normsq(grad(log(p) ** 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", TERMS)
def test_terms_on_points_are_what_the_interpreter_says(name):
    """Another reading of the same definitions, by jets, on atoms in the plane."""
    term = prepare(TERMS[name])
    level = level_at(STANDING, parse_at("t=0"))
    found = Channel(LAW, level.alpha, level.sigma).draw(60, np.random.default_rng(1))
    ours = Reading(LAW, level, found).values(term)
    at, end = found.x + level.alpha * LAW.centre, found.X0 + LAW.centre
    (theirs,) = scalars(EXACT, PATHS, 0.0, [term], at, np.round(end * 12) / 12)
    assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "term",
    [
        normsq(field("v", 1)), dt(log(p)), div(m), normsq(grad(h)), post(normsq(X0 - m) ** 2), post(P(X0 | x)),
        tr(jac(s) * normsq(X0)) * 0 + div(grad(div(s))),
    ],
)  # fmt: skip
def test_terms_beyond_the_reading_are_refused(term):
    level = level_at(STANDING, parse_at("t=0"))
    found = Channel(LAW, level.alpha, level.sigma).draw(8, np.random.default_rng(1))
    with pytest.raises(Unsupported, match="read on points"):
        Reading(LAW, level, found).values(prepare(term))


def test_rates_of_schedule_functions_are_those_of_the_process():
    process, step = parse_process("vp(1/10, 20)"), 1e-6
    levels = [level_at(process, parse_at(f"t={t}")) for t in ("0.3", "0.300001")]
    for term in (alpha, sigma, snr, log(sigma) * alpha**2, sigma**-2):
        core = unfold(term)
        slope = closed(unfold(dt(term)), levels[0], 3)
        assert slope == pytest.approx((closed(core, levels[1], 3) - closed(core, levels[0], 3)) / step, rel=1e-4)
    with pytest.raises(Unsupported, match="derivatives of a and g"):
        closed(unfold(dt(a)), levels[0], 1)
    with pytest.raises(Unsupported, match="no value"):
        closed(unfold(log(as_zero())), levels[0], 1)


def as_zero():
    return a - a


def test_nodes_integrate_over_time():
    nodes = nodes_between(parse_process("ve"), F(1, 2), F(2))
    assert sum(nodes.fine) == pytest.approx(4 - 0.25, rel=1e-6)  # t = sigma^2
    assert sum(w * level.sigma**2 for w, level in zip(nodes.fine, nodes.levels)) == pytest.approx(8 - 1 / 32, rel=1e-4)
    for lower, upper in ((2, 1), (0, 1)):
        with pytest.raises(LawError, match="lower < upper"):
            nodes_between(STANDING, F(lower), F(upper))
    with pytest.raises(LawError, match="sigma"):
        nodes_between(parse_process("vp"), F(1, 2), F(2))


def test_controls_have_mean_zero_by_construction():
    law = law_of(np.random.default_rng(2).standard_normal((5, 3)) * [3, 1, 0.1])
    nodes = nodes_between(STANDING, F(9, 10), F(11, 10))
    sampler = Sampler(law, nodes, (), "claim", 0, 8, principal_axes(law))
    cloud = np.random.default_rng(0).standard_normal((20000, 3))
    index = np.arange(20000) % law.N
    cloud = np.concatenate([cloud, -cloud])  # odd controls cancel exactly
    rows = sampler._controls(np.concatenate([index, index]), cloud)
    assert len(rows) == 9
    assert np.all(np.abs(rows.mean(axis=1)) <= 5 * rows.std(axis=1) / 100)
    assert np.allclose(rows[[1, 4, 7]].mean(axis=1), 0, atol=1e-12)
    assert np.allclose(rows[[2, 5, 8]].mean(axis=1), 0, atol=1e-12)


def test_what_has_no_integrated_form_is_said():
    nodes = nodes_between(STANDING, F(9, 10), F(11, 10))
    for statement in (Eq(s, s_c), Eq(H(Xt), D), Eq(d(H(Xt)) * E(normsq(s)), 1), Eq(d(H(Xt)), E(normsq(s)) ** 2)):
        with pytest.raises(NotReadableError):
            functional(statement, nodes, 8)


def _named(claim_id):
    claim = load()[claim_id]
    return dict(claim.statements), {f"mutant: {m.name}": m.statement for m in claim.mutants}


@pytest.mark.parametrize("claim_id", ["entropy.conditional_rate", "entropy.rate_covariance", "entropy.gap_form"])
def test_claims_stand_and_their_mutants_fall_on_data(claim_id):
    true, false = _named(claim_id)
    found = confront(true | false, CLOUD, STANDING, lower=F(1), upper=F(11, 10), name=claim_id, samples=1 << 16)
    assert {key: found[key].outcome for key in true} == dict.fromkeys(true, "consistent")
    fallen = {key for key in false if found[key].outcome == "refuted"}
    unread = {key for key in false if found[key].outcome == "not-applicable"}
    assert fallen | unread == set(false)
    assert unread <= {"mutant: square of the mean"}
    for outcome in found.values():
        if outcome.figures:
            assert float(outcome.figures["quadrature"]) <= 0.01 * float(outcome.figures["scale"])


def test_a_wrong_factor_of_ten_percent_falls():
    rate = d(H(X0 | Xt))
    right = g**2 / 2 * (D / sigma**2 + E(div(s)))
    found = confront(
        {"right": Eq(rate, right), "wrong": Eq(rate, right * F(11, 10)), "below": Ge(right * F(9, 10), rate)},
        CLOUD, STANDING, lower=F(9, 10), upper=F(11, 10), name="test", samples=1 << 15,
    )  # fmt: skip
    assert [o.outcome for o in found.values()] == ["consistent", "refuted", "refuted"]


def test_clocks_are_read_on_data():
    found = confront(
        {"sigma^2": Eq(d(H(Xt), "sigma^2"), E(normsq(s)) / 2), "sigma": Eq(d(H(Xt), "sigma"), E(normsq(s)) / 2)},
        CLOUD, parse_process("ve"), lower=F(1), upper=F(2), name="test", samples=1 << 16,
    )  # fmt: skip
    assert [o.outcome for o in found.values()] == ["consistent", "refuted"]


def test_rare_events_decide_nothing():
    """Far points: every sample agrees on zero, and nothing may be concluded from it."""
    far = law_of(np.array([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]]))
    true, false = _named("entropy.conditional_rate")
    found = confront(true | false, far, STANDING, lower=F(9, 10), upper=F(11, 10), name="test", samples=1 << 13)
    assert {o.outcome for o in found.values()} == {"undecided"}
    assert all("rare event" in o.detail for o in found.values())


def test_a_single_place_has_no_scale():
    statement = {"rate": Eq(d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 + E(div(s))))}
    one = law_of(np.ones((3, 2)))
    found = confront(statement, one, STANDING, lower=F(9, 10), upper=F(11, 10), name="test", samples=1 << 12)
    assert found["rate"].outcome == "undecided"
    assert "vanish" in found["rate"].detail


def test_the_same_seed_gives_the_same_figures():
    statement = {"rate": Eq(d(H(X0 | Xt)), g**2 / 2 * (D / sigma**2 + E(div(s))))}
    runs = [
        confront(statement, CLOUD, STANDING, lower=F(1), upper=F(11, 10), name="test", samples=1 << 13, seed=seed)
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_from_python_by_the_name_of_the_claim(tmp_path):
    path = tmp_path / "cloud.npy"
    np.save(path, CLOUD.places + CLOUD.centre)
    found = api.confront("entropy.conditional_rate", f"points({path})", samples=1 << 14)
    assert found["divergence"].outcome in ("consistent", "undecided")
    assert found["mutant: no half"].outcome == "refuted"
    with pytest.raises(LawError, match="only data"):
        api.confront("entropy.conditional_rate", "T1")
    with pytest.raises(LawError, match="rational"):
        api.confront("entropy.conditional_rate", f"points({path})", between=("sqrt(2)", "2"))


@pytest.mark.parametrize("spread", [1e-4, 1e-5])
def test_noise_of_the_pilot_is_no_scale(spread):
    """Far below the noise, H(X0|Xt) hardly changes but every sample of it varies: no margin may come of that."""
    true, false = _named("entropy.conditional_rate")
    faint = law_of(np.array([[-spread], [spread]]))
    found = confront(true | false, faint, STANDING, lower=F(9, 10), upper=F(11, 10), name="test", samples=1 << 13)
    assert not [key for key in true if found[key].outcome == "refuted"]
    assert not [key for key in false if found[key].outcome == "consistent"]


@pytest.mark.parametrize("rows", [np.ones((3, 2)), np.array([[1e-12], [0.0]])])
def test_rounding_noise_refutes_nothing(rows):
    """The gap |s_c - s|^2 of one place is nothing but rounding, about 1e-33, on both of its sides."""
    true, false = _named("entropy.gap_form")
    for process, ends in (("standing", (F(1, 2), F(3, 5))), ("cosine", (F(1, 4), F(1, 2)))):
        found = confront(
            true | false, law_of(rows), parse_process(process), lower=ends[0], upper=ends[1], name="entropy.gap_form",
            samples=1 << 13,
        )  # fmt: skip
        assert {o.outcome for o in found.values()} <= {"undecided", "not-applicable"}
