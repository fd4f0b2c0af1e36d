"""The critical noise level of a symmetric pair."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, mutant, not_applicable
from theory.language.instances import LINEAR, Germ, Instance, Setting, two_modes
from theory.language.notation import Q, alpha, at, coord, div, s, sigma, symbol, x
from theory.language.statements import Ge, Gt, Iff, Located, Lt, Series, zeros
from theory.language.terms import Term, as_term

mu, S = symbol("mu"), symbol("S")
pair = two_modes(mu, S)
v = alpha**2 * S + sigma**2
stable = Gt(at(div(s), x=0), 0)


def near(level: str, mean: str = "1.3", variance: str = "1/4") -> Instance:
    """The pair at noise ``level``; for the first pair the critical level is sigma = 21/25."""
    germ = Germ(Q("7/10"), Q(level), (Q(-7, 20), Q(1, 5)), (Q(9, 10), Q(-1, 3)))
    return Instance(
        pair, germ, symbols=(("mu", Q(mean)), ("S", Q(variance))), name=f"mu={mean}, S={variance}, sigma={level}"
    )


def one(rhs: Term) -> Located:
    return Located(zeros(s, x), 1, when=Ge(v, rhs))


def three(rhs: Term) -> Located:
    return Located(zeros(s, x), 3, when=Lt(v, rhs))


claim(
    "bif.critical_sigma",
    title="The critical noise level of a symmetric pair",
    source=cite("2305.19693", "two-delta example, with a common variance"),
    setting=Setting(law=pair, process=LINEAR, D=1, positive=(mu,), nonnegative=(S,)),
    statements={
        "stability": Iff(stable, Lt(v, alpha**2 * mu**2)),
        "above": one(alpha**2 * mu**2),
        "below": three(alpha**2 * mu**2),
    },
    paths=not_applicable("zeros of a closed form"),
    instances=(near("4/5"), near("9/10"), near("1/2"), near("3/2"), near("9/10", "2", "1"), near("7/5", "3", "1/10")),
    mutants={
        "mu for mu^2": mutant("stability", Iff(stable, Lt(v, alpha**2 * mu))),
        "sigma^2 = alpha mu": mutant("stability", Iff(stable, Lt(sigma**2, alpha * mu))),
        "plus S": mutant("stability", Iff(stable, Lt(sigma**2, alpha**2 * (mu**2 + S)))),
        "no alpha": mutant("stability", Iff(stable, Lt(S + sigma**2, mu**2))),
        "stable below": mutant("stability", Iff(Lt(at(div(s), x=0), 0), Lt(v, alpha**2 * mu**2))),
        "one zero above alpha^2 mu": mutant("above", one(alpha**2 * mu)),
        "one zero below": mutant("above", Located(zeros(s, x), 1, when=Lt(v, alpha**2 * mu**2))),
        "two zeros above": mutant("above", Located(zeros(s, x), 2, when=Ge(v, alpha**2 * mu**2))),
        "three zeros below mu^2": mutant("below", three(mu**2)),
        "five zeros": mutant("below", Located(zeros(s, x), 5, when=Lt(v, alpha**2 * mu**2))),
    },
)

field = coord(s, 1)
slope = (alpha**2 * mu**2 / v - 1) / v
cubic = alpha**4 * mu**4 / (3 * v**4)
claim(
    "bif.pitchfork_normal_form",
    title="The score of a symmetric pair is a supercritical pitchfork",
    source=cite("2310.17467", "two deltas; with a common variance"),
    setting=Setting(law=pair, process=LINEAR, D=1, positive=(mu,), nonnegative=(S,)),
    statements={
        "normal form": Series(
            field, x, (as_term(0), slope, as_term(0), -cubic, as_term(0), 2 * alpha**6 * mu**6 / (15 * v**6))
        )
    },
    paths=not_applicable("a Taylor expansion of a closed form"),
    instances=(near("4/5"), near("9/10"), near("9/10", "2", "1")),
    mutants={
        "subcritical": Series(field, x, (as_term(0), slope, as_term(0), cubic)),
        "no third": Series(field, x, (as_term(0), slope, as_term(0), -3 * cubic)),
        "v^3 for v^4": Series(field, x, (as_term(0), slope, as_term(0), -(alpha**4) * mu**4 / (3 * v**3))),
        "quadratic": Series(field, x, (as_term(0), slope, slope)),
    },
)
