"""The family of reverse processes with the same marginals, and the density along the probability flow."""

from numerics.path_forms import Family
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import (
    FAMILY,
    FLOW,
    FORWARD,
    REVERSE,
    E,
    Q,
    coord,
    div,
    dot,
    drift,
    dt,
    f,
    field,
    g,
    grad,
    lap,
    log,
    normsq,
    p,
    s,
    symbol,
    tanh,
    x,
)
from theory.language.statements import Eq
from theory.language.terms import Term

lam, phi, x1 = symbol("lam"), field("phi"), coord(x, 1)


def continuity(pull: Term, push: Term) -> Term:
    """The Fokker-Planck right side, in generative time, of drift -f + pull g^2 s and noise with square push g^2."""
    return -div(p * (-f + pull * g**2 * s)) + push * g**2 / 2 * lap(p)


def generator(pull: Term, push: Term) -> Term:
    """The mean drift of phi in generative time, for drift -f + pull g^2 s and noise with square push g^2."""
    return E(dot(-f + pull * g**2 * s, grad(phi)) + push * g**2 / 2 * lap(phi))


half = (1 + lam**2) / 2
claim(
    "thermo.anderson_family",
    title="A family of reverse processes has the marginals of the forward process",
    source=cite("Anderson 1982", "lam = 1; the flow is lam = 0"),
    setting=Setting(law=ANY, process=LINEAR, nonnegative=(lam,)),
    statements={
        "continuity": Eq(-dt(p), continuity(half, lam**2)),
        "averages": Eq(E(drift(phi, FAMILY, lam)), -dt(E(phi))),
    },
    paths=Family(lam, (Q(0), Q(1, 2), Q(2)), Q(21, 20), Q(1, 2), phi=(x1, normsq(x), tanh(x1))),
    mutants={
        "lam for lam^2 in the pull": Eq(-dt(p), continuity((1 + lam) / 2, lam**2)),
        "lam for lam^2 in the noise": Eq(-dt(p), continuity(half, lam)),
        "sign of the drift": Eq(-dt(p), -div(p * (f + half * g**2 * s)) + lam**2 * g**2 / 2 * lap(p)),
        "Anderson's pull for all": Eq(-dt(p), continuity(lam**2, lam**2)),
        "forward time": Eq(dt(p), continuity(half, lam**2)),
        "averages forward": Eq(E(drift(phi, FAMILY, lam)), dt(E(phi))),
        "half the average": Eq(E(drift(phi, FAMILY, lam)), -dt(E(phi)) / 2),
        "lam for lam^2 in the averaged pull": Eq(generator((1 + lam) / 2, lam**2), -dt(E(phi))),
        "lam for lam^2 in the averaged noise": Eq(generator(half, lam), -dt(E(phi))),
    },
)

claim(
    "thermo.change_of_variables",
    title="The log-density along the probability flow",
    source=cite("2011.13456", "sec. 4.3"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={"rate": Eq(drift(log(p), FLOW), -div(f) + g**2 / 2 * div(s))},
    paths=not_applicable("deterministic: the flow has no noise"),
    mutants={
        "no half": Eq(drift(log(p), FLOW), -div(f) + g**2 * div(s)),
        "sign of the divergence": Eq(drift(log(p), FLOW), -div(f) - g**2 / 2 * div(s)),
        "no drift": Eq(drift(log(p), FLOW), g**2 / 2 * div(s)),
        "norm for divergence": Eq(drift(log(p), FLOW), -div(f) - g**2 / 2 * normsq(s)),
        "along the SDE": Eq(drift(log(p), FORWARD), -div(f) + g**2 / 2 * div(s)),
        "along the reverse SDE": Eq(drift(log(p), REVERSE), -div(f) + g**2 / 2 * div(s)),
    },
)
