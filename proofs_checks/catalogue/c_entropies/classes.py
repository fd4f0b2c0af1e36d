"""The class entropy H(Z | Xt): how fast the noisy state forgets the label."""

from numerics.path_forms import Integrated, Static
from proofs_checks.claim import cite
from proofs_checks.registry import claim
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import D, E, H, Q, Xt, Z, d, g, normsq, p, post, pz, s, s_z, sigma, x
from theory.language.statements import Eq, Ge

rate = d(E(H(Z | x)))
norms = E(post(normsq(s_z))) - E(normsq(s))
gap = normsq(s_z - s)
claim(
    "entropy.class_rate",
    title="The class entropy rate",
    source=cite("2506.10433", "in the spirit of; there in bits"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "average": Eq(H(Z | Xt), E(H(Z | x))),
        "norms": Eq(rate, g**2 / 2 * norms),
        "gap": Eq(rate, g**2 / 2 * E(post(gap))),
        "sign": Ge(rate, 0),
    },
    squares={"sign": g**2 / 2 * E(gap)},
    paths=(Integrated(Q(3, 10), Q(1, 2)), Static()),
    mutants={
        "no half": Eq(rate, g**2 * norms),
        "the kernel's rate": Eq(rate, g**2 / 2 * (D / sigma**2 - E(normsq(s)))),
        "sum of norms": Eq(rate, g**2 / 2 * (E(post(normsq(s_z))) + E(normsq(s)))),
        "g for g^2": Eq(rate, g / 2 * norms),
        "prior weights": Eq(rate, g**2 / 2 * E(post(p / pz * gap))),
        "sign of the gap": Eq(rate, -(g**2) / 2 * E(post(gap))),
        "at least one": Ge(rate, 1),
    },
)
