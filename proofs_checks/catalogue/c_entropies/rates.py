"""Rates of the entropy of the kernel and of the marginal."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import X0, D, E, H, Q, Xt, a, d, div, f, g, normsq, s, sigma
from theory.language.statements import Eq

K = d(H(Xt | X0))
claim(
    "entropy.kernel_rate",
    title="The entropy rate of the transition kernel",
    source=cite("2504.13612", "sec. 4"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={"rate": Eq(K, D * a + D * g**2 / (2 * sigma**2))},
    paths=not_applicable("the kernel is Gaussian and the same for every path: nothing is random"),
    mutants={
        "no half": Eq(K, D * a + D * g**2 / sigma**2),
        "no drift": Eq(K, D * g**2 / (2 * sigma**2)),
        "sign of the drift": Eq(K, -(D * a) + D * g**2 / (2 * sigma**2)),
        "sigma for sigma^2": Eq(K, D * a + D * g**2 / (2 * sigma)),
    },
)

M = d(H(Xt))
claim(
    "entropy.marginal_rate",
    title="The entropy rate of the marginal",
    source=cite("2504.13612", "eq. 9"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "norm": Eq(M, E(div(f)) + g**2 / 2 * E(normsq(s))),
        "divergence": Eq(M, E(div(f)) - g**2 / 2 * E(div(s))),
        "linear": Eq(M, D * a + g**2 / 2 * E(normsq(s))),
    },
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "no half": Eq(M, E(div(f)) + g**2 * E(normsq(s))),
        "sign of the Fisher information": Eq(M, E(div(f)) - g**2 / 2 * E(normsq(s))),
        "no drift": Eq(M, g**2 / 2 * E(normsq(s))),
        "g for g^2": Eq(M, E(div(f)) + g / 2 * E(normsq(s))),
        "plus divergence": Eq(M, E(div(f)) + g**2 / 2 * E(div(s))),
    },
)
