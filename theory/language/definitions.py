"""What every notation stands for: one table, from notation to core operators. Trusted; standard library only.

Densities are taken against the law's own base measure (counting measure for atoms, Lebesgue otherwise), so discrete
and continuous laws share every definition. Entropies are in nats. Theorems (Tweedie, E|s|^2 = -E div s, ..) have no
place here: a claim that is judged from these definitions cannot check itself.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from theory.language.terms import (
    LATENT,
    NOTATION,
    X0_VAR,
    Z_VAR,
    Data,
    Rule,
    Term,
    TermError,
    X,
    fixed,
    make,
    rebuild,
)

Unfold = Callable[[tuple[Term, ...], Data], Term]
UNFOLD: dict[str, Unfold] = {}

FORWARD, REVERSE, REVERSE_GIVEN_END, FLOW, FAMILY = "forward", "reverse", "reverse-given-end", "flow", "family"
"""Along what a drift is taken. Forward and flow in forward time t, the others in generative time T - t."""

CLOCKS = ("t", "sigma", "sigma^2", "log-sigma", "snr", "nu")
ENTROPIES = ("Xt", "X0", "Xt|X0", "X0|Xt", "X0|x", "Z", "Z|Xt", "Z|x", "Xt|Z")


# -- small constructors: every definition below is written with these ----------------------------------------------
def num(value: int | Fraction) -> Term:
    return make("num", (), Fraction(value))


def plus(*terms: Term) -> Term:
    return make("add", terms)


def times(*terms: Term) -> Term:
    return make("mul", terms)


def minus(term: Term) -> Term:
    return times(num(-1), term)


def power(term: Term, exponent: int | Fraction) -> Term:
    return make("pow", (term,), Fraction(exponent))


def log(term: Term) -> Term:
    return make("log", (term,))


def grad(term: Term) -> Term:
    return make("grad", (term,))


def dt(term: Term) -> Term:
    return make("dt", (term,))


def dot(left: Term, right: Term) -> Term:
    return make("dot", (left, right))


def tr(term: Term) -> Term:
    return make("tr", (term,))


def post(term: Term) -> Term:
    return make("post", (term,))


def mean(term: Term) -> Term:
    return make("E", (term,))


def tfun(name: str) -> Term:
    return make("tfun", (), name)


p, kern, p0, pz, wz, q = (make(op) for op in ("p", "kern", "p0", "pz", "wz", "q"))
x, X0, eye = make("x"), make("X0"), make("eye")
alpha, sigma, a, g = (tfun(name) for name in ("alpha", "sigma", "a", "g"))
SCORE, SCORE_C, SCORE_Z = grad(log(p)), grad(log(kern)), grad(log(pz))
MEAN = post(X0)
POSTERIOR = times(p0, kern, power(p, -1))
POSTERIOR_Z = times(wz, pz, power(p, -1))
DRIFT = make("f")
LINEAR_DRIFT = times(a, x)
SNR = times(power(alpha, 2), power(sigma, -2))
NU = times(power(sigma, 2), power(alpha, -2))


def _define(op: str, rule: Rule, unfold_rule: Unfold) -> None:
    NOTATION[op], UNFOLD[op] = rule, unfold_rule


def _constant(term: Term) -> tuple[Rule, Unfold]:
    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        if args:
            raise TermError("a name takes no arguments")
        return term.rank, term.free

    return rule, lambda args, data: term


def _choice(options: tuple[str, ...], of: str, base: Rule) -> Rule:
    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        if data not in options:
            raise TermError(f"{data!r} is no {of}; known: {', '.join(options)}")
        return base(args, data)

    return rule


# -- arithmetic as authored ------------------------------------------------------------
def _same_rank(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != 2 or args[0].rank != args[1].rank:
        raise TermError(f"subtracts terms of one rank, got ranks {[t.rank for t in args]}")
    return args[0].rank, args[0].free | args[1].free


def _any_rank(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != 1:
        raise TermError("takes one term")
    return args[0].rank, args[0].free


def _quotient(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != 2 or args[1].rank:
        raise TermError("divides by one scalar")
    return args[0].rank, args[0].free | args[1].free


_define("sub", _same_rank, lambda t, _: plus(t[0], minus(t[1])))
_define("neg", _any_rank, lambda t, _: minus(t[0]))
_define("quot", _quotient, lambda t, _: times(t[0], power(t[1], -1)))

# -- names ------------------------------------------------------------
for _op, _term in {
    "score": SCORE, "score_c": SCORE_C, "score_z": SCORE_Z, "post_mean": MEAN, "posterior": POSTERIOR,
    "posterior_z": POSTERIOR_Z, "snr": SNR, "nu": NU,
    "mmse": mean(dot(plus(X0, minus(MEAN)), plus(X0, minus(MEAN)))),
    "information": mean(plus(log(kern), minus(log(p)))),
}.items():  # fmt: skip
    _define(_op, *_constant(_term))

# -- vector calculus ------------------------------------------------------------
_define("div", fixed(1, result=0), lambda t, _: tr(grad(t[0])))
_define("jac", fixed(1, result=2), lambda t, _: grad(t[0]))
_define("lap", fixed(0), lambda t, _: tr(grad(grad(t[0]))))
_define("normsq", fixed(1, result=0), lambda t, _: dot(t[0], t[0]))
_define("frobsq", fixed(2, result=0), lambda t, _: tr(dot(t[0], make("transpose", (t[0],)))))


# -- averages ------------------------------------------------------------
def _post_rule(rank_in: int, rank_out: int) -> Rule:
    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        if len(args) != 1 or args[0].rank != rank_in:
            raise TermError(f"takes one term of rank {rank_in}")
        return rank_out, (args[0].free - LATENT) | {X}

    return rule


def _number(arity: int) -> Rule:
    def rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
        if len(args) != arity or any(t.rank for t in args):
            raise TermError(f"takes {arity} scalar(s)")
        return 0, frozenset()

    return rule


def _cov_rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != 1 or args[0].rank != 1:
        raise TermError("takes one vector")
    return 2, frozenset()


def _centred(term: Term, average: Callable[[Term], Term]) -> Term:
    return plus(term, minus(average(term)))


def _cov_post(t: tuple[Term, ...], _: Data) -> Term:
    deviation = _centred(t[0], post)
    return post(make("outer", (deviation, deviation)))


_define("cov_post", _post_rule(1, 2), _cov_post)
_define("var_post", _post_rule(0, 0), lambda t, _: post(power(_centred(t[0], post), 2)))
_define("var", _number(1), lambda t, _: mean(power(_centred(t[0], mean), 2)))
_define("cov", _cov_rule, lambda t, _: mean(make("outer", (_centred(t[0], mean),) * 2)))
_define("covar", _number(2), lambda t, _: mean(times(_centred(t[0], mean), _centred(t[1], mean))))

# -- entropies ------------------------------------------------------------
_ENTROPY: dict[str, Term] = {
    "Xt": mean(minus(log(p))), "X0": mean(minus(log(p0))), "Xt|X0": mean(minus(log(kern))),
    "X0|Xt": mean(minus(log(POSTERIOR))), "X0|x": post(minus(log(POSTERIOR))), "Z": mean(minus(log(wz))),
    "Z|Xt": mean(minus(log(POSTERIOR_Z))), "Z|x": post(minus(log(POSTERIOR_Z))), "Xt|Z": mean(minus(log(pz))),
}  # fmt: skip


def _entropy_rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if args:
        raise TermError("takes no arguments")
    return 0, _ENTROPY[str(data)].free


_define("entropy", _choice(ENTROPIES, "entropy", _entropy_rule), lambda t, data: _ENTROPY[str(data)])

# -- rates, drifts and noises ------------------------------------------------------------
CLOCK_TERM: dict[str, Term] = {
    "sigma": sigma, "sigma^2": power(sigma, 2), "log-sigma": log(sigma), "snr": SNR, "nu": NU,
}  # fmt: skip


def _rate(t: tuple[Term, ...], clock: Data) -> Term:
    """d(A, clock) = (dA/dt) / (d clock/dt) along the process."""
    return dt(t[0]) if clock == "t" else times(dt(t[0]), power(dt(CLOCK_TERM[str(clock)]), -1))


def _drift_rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != (2 if data == FAMILY else 1) or any(t.rank for t in args):
        raise TermError("takes one scalar field (and the parameter lambda for the family)")
    return 0, args[0].free | ({X, X0_VAR} if data == REVERSE_GIVEN_END else {X})


def _drift(t: tuple[Term, ...], along: Data) -> Term:
    """The Ito drift of F(X, t) in the stated time direction.

    Reverse SDE (Anderson 1982): dX = (-f + g^2 s) dtau + g dW. Given the end X0 the process is the linear SDE started
    at X0, whose marginal is the kernel k(.|X0): its reverse has the kernel's score. Flow: dx/dt = f - g^2 s/2.
    The family with parameter lambda: dX = (-f + (1 + lambda^2)/2 g^2 s) dtau + lambda g dW.
    """
    field, g2 = t[0], power(g, 2)
    slope = grad(field)
    curvature = times(num(Fraction(1, 2)), g2, tr(grad(slope)))
    if along == FORWARD:
        return plus(dt(field), dot(DRIFT, slope), curvature)
    if along == FLOW:
        return plus(dt(field), dot(plus(DRIFT, times(num(Fraction(-1, 2)), g2, SCORE)), slope))
    if along == FAMILY:
        lam2 = power(t[1], 2)
        pull = times(num(Fraction(1, 2)), plus(num(1), lam2), g2, SCORE)
        return plus(minus(dt(field)), dot(plus(minus(DRIFT), pull), slope), times(lam2, curvature))
    pull = times(g2, SCORE_C if along == REVERSE_GIVEN_END else SCORE)
    return plus(minus(dt(field)), dot(plus(minus(DRIFT), pull), slope), curvature)


def _noise_rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    if len(args) != 1 or args[0].rank:
        raise TermError("takes one scalar field")
    return 1, args[0].free


def _noise(t: tuple[Term, ...], along: Data) -> Term:
    """The row vector R with dF = .. + R . dW along the process."""
    return make("origin") if along == FLOW else times(g, grad(t[0]))


def _quadratic_variation(t: tuple[Term, ...], along: Data) -> Term:
    """d[F]/dt = |R|^2 with dF = .. + R . dW."""
    slope = _noise(t, along)
    return dot(slope, slope)


def _qv_rule(args: tuple[Term, ...], data: Data) -> tuple[int, frozenset[str]]:
    return 0, _noise_rule(args, data)[1]


_define("rate", _choice(CLOCKS, "clock", fixed(0)), _rate)
_ALONG = (FORWARD, REVERSE, REVERSE_GIVEN_END, FLOW)
_define("drift", _choice((*_ALONG, FAMILY), "process direction", _drift_rule), _drift)
_define("noise", _choice(_ALONG, "process direction", _noise_rule), _noise)
_define("qv", _choice(_ALONG, "process direction", _qv_rule), _quadratic_variation)


@lru_cache(maxsize=65536)
def unfold(term: Term) -> Term:
    """``term`` in core operators only."""
    args = tuple(unfold(t) for t in term.args)
    rule = UNFOLD.get(term.op)
    return rebuild(term, args) if rule is None else unfold(rule(args, term.data))


@lru_cache(maxsize=65536)
def unfold_linear(term: Term) -> Term:
    """``term`` in core operators about a linear process, whose drift f is a x."""
    return _with_linear_drift(unfold(term))


@lru_cache(maxsize=65536)
def _with_linear_drift(term: Term) -> Term:
    return LINEAR_DRIFT if term == DRIFT else rebuild(term, tuple(map(_with_linear_drift, term.args)))


def split_log(term: Term) -> Term:
    """log of a product of powers as a sum, everywhere in a core ``term``.

    Allowed in evidence beside the definitions; all densities, weights, alpha, sigma and g are positive, and a literal
    factor must be (otherwise the logarithm is left as it stands).
    """
    args = tuple(split_log(t) for t in term.args)
    term = rebuild(term, args)
    if term.op != "log":
        return term
    inner = args[0]
    if inner.op == "mul" and all(_positive(f) for f in inner.args):
        return plus(*(split_log(log(f)) for f in inner.args))
    if inner.op == "pow" and _positive(inner.args[0]):
        return times(num(Fraction(str(inner.data))), split_log(log(inner.args[0])))
    if inner.op == "exp":
        return inner.args[0]
    return term


def _positive(term: Term) -> bool:
    if term.op in ("p", "q", "kern", "p0", "pz", "wz", "exp", "pi", "dim"):
        return True
    if term.op == "tfun":
        return term.data in ("alpha", "sigma", "g")
    if term.op == "num":
        return isinstance(term.data, Fraction) and term.data > 0
    return term.op in ("mul", "pow", "add") and all(_positive(t) for t in term.args)


def latents(term: Term) -> frozenset[str]:
    """Which of X0 and Z occur free in ``term``."""
    return term.free & frozenset({X0_VAR, Z_VAR})
