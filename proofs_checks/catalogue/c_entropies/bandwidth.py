"""The generative bandwidth: the rate of conditional entropy production."""

from numerics.path_forms import Integrated
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import FINITE_INFORMATION, LINEAR, Setting
from theory.language.notation import X0, D, E, H, Q, Xt, d, div, g, normsq, s, s_c, sigma
from theory.language.statements import Eq, Ge

B = d(H(X0 | Xt))
claim(
    "entropy.conditional_rate",
    title="The generative bandwidth",
    source=cite("2504.13612", "sec. 4"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={
        "divergence": Eq(B, g**2 / 2 * (D / sigma**2 + E(div(s)))),
        "norm": Eq(B, g**2 / 2 * (D / sigma**2 - E(normsq(s)))),
        "sign": Ge(B, 0),
    },
    squares={"sign": g**2 / 2 * E(normsq(s_c - s))},
    paths=Integrated(Q(3, 10), Q(1, 2), margin=Q(1, 100)),
    mutants={
        "bare divergence": Eq(B, g**2 / 2 * E(div(s))),
        "its complement": Eq(B, -(g**2) / 2 * E(div(s))),
        "no half": Eq(B, g**2 * (D / sigma**2 + E(div(s)))),
        "sigma": Eq(B, g**2 / 2 * (D / sigma + E(div(s)))),
        "sign inside": Eq(B, g**2 / 2 * (D / sigma**2 - E(div(s)))),
        "at least one": Ge(B, 1),
    },
)
