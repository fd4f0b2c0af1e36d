"""The fraction of the injected noise entropy that the score removes."""

from numerics.path_forms import Integrated, Static
from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant
from theory.language.instances import FINITE_INFORMATION, LINEAR, Setting
from theory.language.notation import X0, D, E, H, Q, Xt, alpha, d, div, g, mmse, normsq, s, s_c, sigma, snr
from theory.language.statements import Eq, Ge, Le

B = d(H(X0 | Xt))
rho = sigma**2 * E(normsq(s)) / D
noise = D * g**2 / (2 * sigma**2)
claim(
    "filter.noise_suppression",
    title="The score removes a fraction of the injected noise entropy",
    source=cite("2508.19897", "in the spirit of; the score as a nonlinear filter"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "rate": Eq(B, noise * (1 - rho)),
        "mmse": Eq(rho, 1 - snr * mmse / D),
        "at most all": Le(rho, 1),
        "at least nothing": Ge(rho, 0),
    },
    squares={"at most all": sigma**2 / D * E(normsq(s_c - s)), "at least nothing": rho},
    paths=(Integrated(Q(3, 10), Q(1, 2)), Static()),
    mutants={
        "added, not removed": Eq(B, noise * (1 + rho)),
        "what is removed": Eq(B, noise * rho),
        "no half": Eq(B, 2 * noise * (1 - rho)),
        "sigma for sigma^2": Eq(B, noise * (1 - sigma * E(normsq(s)) / D)),
        "not per dimension": Eq(B, noise * (1 - sigma**2 * E(normsq(s)))),
        "plus the mmse": Eq(rho, 1 + snr * mmse / D),
        "mmse not per dimension": Eq(rho, 1 - snr * mmse),
        "alpha for alpha^2": Eq(rho, 1 - alpha * mmse / (D * sigma**2)),
        "at most half": mutant("at most all", Le(rho, Q(1, 2))),
        "more than all": mutant("at most all", Ge(rho, 1)),
        "at least a fifth more": mutant("at least nothing", Ge(rho, Q(6, 5))),
        "the divergence": Eq(B, noise * (1 - sigma**2 * E(div(s)) / D)),
    },
)
