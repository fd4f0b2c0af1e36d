"""Fixed points: zeros of the score, and when they are modes."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant, not_applicable
from theory.language.instances import ANY, LINEAR, Setting
from theory.language.notation import X0, Cov, alpha, dot, field, jac, m, normsq, s, sigma, x
from theory.language.statements import Eq, Iff, Lt
from theory.language.terms import Term

u = field("u", 1)
down = Lt(dot(u, dot(jac(s), u)), 0)


def gain(power: int = 2) -> Term:
    """u . (alpha^2 Cov / sigma^2) u: the gain of the denoiser alpha m in the direction u."""
    return alpha**2 * dot(u, dot(Cov(X0 | x), u)) / sigma**power


claim(
    "bif.fixed_point_equation",
    title="Zeros of the score are fixed points of the denoiser, and modes where it contracts",
    source=cite("2310.17467", "fixed points and their stability"),
    setting=Setting(law=ANY, process=LINEAR),
    statements={
        "fixed points": Iff(Eq(s, 0), Eq(x, alpha * m)),
        "modes": Iff(down, Lt(gain(), normsq(u))),
    },
    paths=not_applicable("a closed form of a field"),
    mutants={
        "no alpha": mutant("fixed points", Iff(Eq(s, 0), Eq(x, m))),
        "sigma for sigma^2": mutant("modes", Iff(down, Lt(gain(1), normsq(u)))),
        "expanding": mutant("modes", Iff(down, Lt(normsq(u), gain()))),
        "uphill": mutant("modes", Iff(Lt(0, dot(u, dot(jac(s), u))), Lt(gain(), normsq(u)))),
        "no alpha in the gain": mutant("modes", Iff(down, Lt(gain() / alpha**2, normsq(u)))),
    },
)
