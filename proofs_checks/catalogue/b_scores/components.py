"""The score as an average over components: Fisher's identity, the score and its Jacobian for Gaussian mixtures."""

from numerics.path_forms import Static, Weak
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant, not_applicable
from theory.language.instances import ANY, LINEAR, MIXTURE, Setting
from theory.language.notation import (
    D,
    E,
    I,
    P,
    Sz,
    Z,
    alpha,
    div,
    dot,
    inv,
    jac,
    mz,
    normsq,
    outer,
    post,
    s,
    s_c,
    s_z,
    sigma,
    tr,
    x,
)
from theory.language.statements import Eq
from theory.language.terms import as_term

MIXTURES = Setting(law=MIXTURE, process=LINEAR)
precision = inv(alpha**2 * Sz + sigma**2 * I)
closed = -dot(precision, x - alpha * mz)

claim(
    "score.conditional_mean",
    title="Fisher's identity: the score is the posterior mean of the conditional score",
    source=cite("2504.13612", "eq. 4"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "end point": Eq(s, post(s_c)),
        "label": Eq(s, post(s_z)),
        "split": Eq(E(normsq(s_c)), E(normsq(s)) + E(normsq(s_c - s))),
        "kernel": Eq(E(normsq(s_c)), D / sigma**2),
    },
    paths=(Weak(phi=(as_term(1), x)), Static()),
    mutants={
        "one label": Eq(s, s_z),
        "doubly weighted": Eq(s, post(P(Z | x) * s_z)),
        "equal second moments": mutant("split", Eq(E(normsq(s_c)), E(normsq(s)))),
        "minus the gap": mutant("split", Eq(E(normsq(s_c)), E(normsq(s)) - E(normsq(s_c - s)))),
        "sigma for sigma^2": mutant("kernel", Eq(E(normsq(s_c)), D / sigma)),
    },
)

claim(
    "score.gm_closed",
    title="The score of a Gaussian mixture",
    source=cite("2508.19897", "in the spirit of; Gaussian mixtures in closed form"),
    setting=MIXTURES,
    statements={
        "component": Eq(s_z, closed),
        "mixture": Eq(s, post(closed)),
    },
    paths=not_applicable("a closed form; the score that moves the paths is computed by it"),
    mutants={
        "no alpha at the mean": Eq(s_z, -dot(precision, x - mz)),
        "alpha for alpha^2": Eq(s_z, -dot(inv(alpha * Sz + sigma**2 * I), x - alpha * mz)),
        "no noise": Eq(s_z, -dot(inv(alpha**2 * Sz + I), x - alpha * mz)),
        "covariance for precision": Eq(s_z, -dot(alpha**2 * Sz + sigma**2 * I, x - alpha * mz)),
        "sign": Eq(s_z, dot(precision, x - alpha * mz)),
        "one component": Eq(s, closed),
        "mean precision": Eq(s, -dot(post(precision), x - alpha * post(mz))),
    },
)

within = outer(s_z, s_z) - precision
claim(
    "score.gm_hessian",
    title="The Jacobian of the score of a Gaussian mixture",
    source=cite("2508.19897", "in the spirit of; Gaussian mixtures in closed form"),
    setting=MIXTURES,
    statements={
        "matrix": Eq(jac(s), post(within) - outer(s, s)),
        "divergence": Eq(div(s), post(normsq(s_z) - tr(precision)) - normsq(s)),
    },
    paths=not_applicable("a closed form at a point; nothing moves in it"),
    mutants={
        "no square of the mean": Eq(jac(s), post(within)),
        "plus precision": Eq(jac(s), post(outer(s_z, s_z) + precision) - outer(s, s)),
        "one component": Eq(jac(s), within - outer(s, s)),
        "within components alone": Eq(jac(s), -post(precision)),
        "divergence without the square": Eq(div(s), post(normsq(s_z) - tr(precision))),
        "precision of the noise": Eq(div(s), post(normsq(s_z)) - D / sigma**2 - normsq(s)),
    },
)
