"""The bandwidth and the entropy production of the marginal share the noise between them."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import FINITE_INFORMATION, VE, Setting
from theory.language.notation import X0, D, E, H, Q, Xt, d, div, g, normsq, s, sigma
from theory.language.statements import Eq

B, M, K = d(H(X0 | Xt)), d(H(Xt)), d(H(Xt | X0))
noise = D * g**2 / (2 * sigma**2)
claim(
    "thermo.ve_complementarity",
    title="Bandwidth and entropy production add up to the entropy rate of the noise",
    source=cite("2508.19897", "in the spirit of; thermodynamic reading of the bandwidth"),
    setting=Setting(law=FINITE_INFORMATION, process=VE),
    statements={
        "production": Eq(M, g**2 / 2 * E(normsq(s))),
        "sum": Eq(B, noise - M),
        "kernel": Eq(B, K - M),
    },
    paths=Integrated(Q(3, 10), Q(1, 2)),
    mutants={
        "difference": Eq(B, noise + M),
        "the bandwidth is the production": Eq(B, g**2 / 2 * E(normsq(s))),
        "no half": Eq(B, D * g**2 / sigma**2 - M),
        "sigma for sigma^2": Eq(B, D * g**2 / (2 * sigma) - M),
        "no D": Eq(B, g**2 / (2 * sigma**2) - M),
        "production without half": Eq(M, g**2 * E(normsq(s))),
        "plus divergence": Eq(M, g**2 / 2 * E(div(s))),
    },
)
