"""The score of a pair of modes in closed form."""

from proofs_checks.claim import cite
from proofs_checks.registry import claim, not_applicable
from theory.language.instances import LINEAR, Germ, Instance, Setting, mixture
from theory.language.notation import Q, alpha, coord, log, m, s, sigma, symbol, tanh, x
from theory.language.statements import Eq
from theory.language.terms import Term, TermLike

mu, S, r = symbol("mu"), symbol("S"), symbol("r")
pair = mixture((r / (1 + r), mu, S), (1 / (1 + r), -mu, S), name="a pair of modes with odds r")
v = alpha**2 * S + sigma**2
y, score, mean = coord(x, 1), coord(s, 1), coord(m, 1)
gain = S * alpha / v
tilt = log(r) / 2


def tanh_form(argument: Term, amplitude: TermLike = alpha * mu) -> Term:
    return (amplitude * tanh(argument) - y) / v


def near(odds: str, mean: str, variance: str, level: str) -> Instance:
    germ = Germ(Q("7/10"), Q(level), (Q(-7, 20), Q(1, 5)), (Q(9, 10), Q(-1, 3)))
    symbols = (("mu", Q(mean)), ("S", Q(variance)), ("r", Q(odds)))
    name = f"r={odds}, mu={mean}, S={variance}, sigma={level}"
    return Instance(pair, germ, ((Q(1, 3),), (Q(-5, 4),), (Q(2),)), (), symbols, name)


claim(
    "score.two_delta_tanh",
    title="The score of a pair of modes is a tilted hyperbolic tangent",
    source=cite("2305.19693", "two-delta example; with a common variance and any odds"),
    setting=Setting(law=pair, process=LINEAR, D=1, positive=(mu, r), nonnegative=(S,)),
    statements={
        "score": Eq(score, tanh_form(alpha * mu * y / v + tilt)),
        "posterior mean": Eq(mean, gain * y + (1 - alpha * gain) * mu * tanh(alpha * mu * y / v + tilt)),
    },
    paths=not_applicable("a closed form of a field"),
    instances=(
        near("1/4", "1.3", "1/4", "4/5"),
        near("3", "2", "1/9", "1/2"),
        near("1", "2/3", "3", "9/10"),
        near("2", "3/2", "0", "3/4"),
    ),
    mutants={
        "the whole log-odds": Eq(score, tanh_form(alpha * mu * y / v + log(r))),
        "no tilt": Eq(score, tanh_form(alpha * mu * y / v)),
        "twice the argument": Eq(score, tanh_form(2 * alpha * mu * y / v + tilt)),
        "sigma^2 for v": Eq(score, (alpha * mu * tanh(alpha * mu * y / sigma**2 + tilt) - y) / sigma**2),
        "no alpha": Eq(score, tanh_form(mu * y / v + tilt)),
        "amplitude mu": Eq(score, tanh_form(alpha * mu * y / v + tilt, mu)),
        "mean of atoms": Eq(mean, mu * tanh(alpha * mu * y / v + tilt)),
    },
)
