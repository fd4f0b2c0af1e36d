"""What the score is: Tweedie's formula, Stein's identities, the Fisher information."""

from numerics.path_forms import Static, Weak
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import (
    X0,
    Cov,
    D,
    E,
    I,
    alpha,
    coord,
    div,
    dot,
    jac,
    m,
    normsq,
    outer,
    post,
    s,
    s_c,
    sigma,
    x,
)
from theory.language.statements import Eq
from theory.language.terms import as_term

ALL = Setting(law=ANY, process=LINEAR)

claim(
    "score.tweedie",
    title="Tweedie's formula",
    source=cite("2504.13612", "eq. 4"),
    setting=ALL,
    statements={
        "score": Eq(s, (alpha * m - x) / sigma**2),
        "posterior mean": Eq(m, (x + sigma**2 * s) / alpha),
        "conditional score": Eq(s, post(s_c)),
    },
    paths=Weak(phi=(as_term(1), x)),
    mutants={
        "no alpha": Eq(m, x + sigma**2 * s),
        "sign of the score": Eq(m, (x - sigma**2 * s) / alpha),
        "sigma for sigma^2": Eq(m, (x + sigma * s) / alpha),
    },
)

claim(
    "score.stein_moments",
    title="Stein's identities",
    source=cite("Stein 1981", "integration by parts against the density"),
    setting=ALL,
    statements={
        "mean": Eq(E(s), 0),
        "radial": Eq(E(dot(x, s)), -D),
        "matrix": Eq(E(outer(s, x)), -I),
        "second moment": Eq(E(outer(s, s)), -E(jac(s))),
    },
    paths=Static(),
    mutants={
        "plus D": Eq(E(dot(x, s)), D),
        "minus one": Eq(E(dot(x, s)), as_term(-1)),
        "sign of the Jacobian": Eq(E(outer(s, s)), E(jac(s))),
    },
)

claim(
    "score.norm_divergence",
    title="The Fisher information is minus the expected divergence",
    source=cite("2504.13612", "sec. 4"),
    setting=ALL,
    statements={"identity": Eq(E(normsq(s)), -E(div(s)))},
    paths=Static(),
    mutants={
        "sign": Eq(E(normsq(s)), E(div(s))),
        "half": Eq(E(normsq(s)), -E(div(s)) / 2),
        "pointwise": Eq(normsq(s), -div(s)),
        "one coordinate": Eq(E(coord(s, 1) ** 2), -E(div(s))),
        "the kernel's score": Eq(E(normsq(s_c)), -E(div(s))),
    },
)

claim(
    "score.fisher_matrix",
    title="The Fisher matrix from the posterior covariance",
    source=cite("2504.13612", "appendix G"),
    setting=ALL,
    statements={"matrix": Eq(E(outer(s, s)), I / sigma**2 - alpha**2 * E(Cov(X0 | x)) / sigma**4)},
    paths=Static(),
    mutants={
        "plus": Eq(E(outer(s, s)), I / sigma**2 + alpha**2 * E(Cov(X0 | x)) / sigma**4),
        "sigma^2 for sigma^4": Eq(E(outer(s, s)), I / sigma**2 - alpha**2 * E(Cov(X0 | x)) / sigma**2),
        "no alpha": Eq(E(outer(s, s)), I / sigma**2 - E(Cov(X0 | x)) / sigma**4),
    },
)
