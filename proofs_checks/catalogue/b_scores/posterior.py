"""The posterior mean and how it responds to the noisy state."""

from numerics.path_forms import Weak
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import X0, Cov, alpha, div, jac, m, sigma, tr, x
from theory.language.statements import Eq
from theory.language.terms import as_term

claim(
    "score.posterior_jacobian",
    title="The Jacobian of the denoiser is the posterior covariance",
    source=cite("2508.19897", "in the spirit of; the score as a filter"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "gain": Eq(jac(m), alpha * Cov(X0 | x) / sigma**2),
        "trace": Eq(div(m), alpha * tr(Cov(X0 | x)) / sigma**2),
    },
    paths=Weak(phi=(as_term(1), x)),
    mutants={
        "alpha^2": Eq(jac(m), alpha**2 * Cov(X0 | x) / sigma**2),
        "sigma for sigma^2": Eq(jac(m), alpha * Cov(X0 | x) / sigma),
        "sign": Eq(jac(m), -(alpha * Cov(X0 | x)) / sigma**2),
    },
)
