"""Popular sentences about the bandwidth that do not hold, and what holds instead."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import FINITE_INFORMATION, LINEAR, T1, VE, Germ, Instance, Setting
from theory.language.notation import X0, E, H, Q, Xt, d, div, g, s, sigma
from theory.language.statements import Digits, Eq, Ge, Gt, Located, maxima

B = d(H(X0 | Xt))
ONE_WITNESS = not_applicable("one rigorous witness suffices")
claim(
    "entropy.bandwidth_is_divergence",
    title="Folklore: the bandwidth is g^2/2 times minus the expected divergence of the score",
    source=cite("folklore", "the complement of the bandwidth, read as the bandwidth"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={"rate": Eq(B, -(g**2) / 2 * E(div(s)))},
    paths=ONE_WITNESS,
    mutants={},
    expected="refuted",
    correction="dH(X0|Xt)/dt = (g^2/2)(D/sigma^2 + E[div s]) (entropy.conditional_rate). Minus g^2/2 times the "
    "expected divergence is the entropy production of the marginal; under VE the two add up to D g^2/(2 sigma^2) "
    "(thermo.ve_complementarity).",
)

claim(
    "entropy.marginal_monotone",
    title="Folklore: the entropy of X_t never decreases in forward time",
    source=cite("folklore", "true under VE, false under VP"),
    setting=Setting(law=FINITE_INFORMATION, process=LINEAR),
    statements={"rate": Ge(d(H(Xt)), 0)},
    paths=ONE_WITNESS,
    mutants={},
    expected="refuted",
    correction="dH(Xt)/dt = D a + (g^2/2) E|s|^2 (entropy.marginal_rate), and a < 0 contracts space. What "
    "never decreases is the conditional entropy H(X0|Xt) (entropy.monotone_dpi).",
)

RATE = d(H(X0 | Xt), "sigma^2")
PEAK = Q("0.546467")
there = Instance(T1, Germ(Q(1), PEAK, (Q(0),), (Q(9, 10),), constant=True), name="T1 at the peak, sigma = 0.546467")
claim(
    "entropy.peak_where_divergence_positive",
    title="Folklore: the bandwidth peaks where the expected divergence of the score is positive",
    source=cite("folklore", "branching read as a positive mean divergence"),
    setting=Setting(law=T1, process=VE),
    statements={
        "peak": Located(maxima(RATE, sigma), at=Digits("0.546467"), within=(Q(1, 2), Q(3, 5))),
        "divergence at the peak": Gt(E(div(s)), 0),
    },
    instances=(there,),
    proof=not_applicable("the location is transcendental"),
    paths=ONE_WITNESS,
    mutants={},
    expected="refuted",
    correction="E[div s] = -E|s|^2 <= 0 at every noise level (score.norm_divergence): on average the flow contracts. "
    "Branching shows in the positive eigenvalues of the Jacobian at single points.",
)
