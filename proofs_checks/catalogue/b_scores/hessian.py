"""The Jacobian of the score and the posterior covariance."""

from numerics.path_forms import Weak
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import X0, Cov, D, I, alpha, div, jac, normsq, s, sigma, tr, x
from theory.language.statements import Eq
from theory.language.terms import as_term

claim(
    "score.hessian_cov",
    title="The Jacobian of the score is the posterior covariance",
    source=cite("2504.13612", "appendix G"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "matrix": Eq(jac(s), (alpha**2 * Cov(X0 | x) / sigma**2 - I) / sigma**2),
        "trace": Eq(div(s), (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - D) / sigma**2),
    },
    paths=Weak(phi=(as_term(1), x, normsq(x))),
    mutants={
        "no alpha^2": Eq(jac(s), (Cov(X0 | x) / sigma**2 - I) / sigma**2),
        "plus identity": Eq(jac(s), (alpha**2 * Cov(X0 | x) / sigma**2 + I) / sigma**2),
        "covariance over sigma^2": Eq(jac(s), Cov(X0 | x) / sigma**2),
        "trace without alpha^2": Eq(div(s), (tr(Cov(X0 | x)) / sigma**2 - D) / sigma**2),
        "one for D": Eq(div(s), (alpha**2 * tr(Cov(X0 | x)) / sigma**2 - 1) / sigma**2),
    },
)
