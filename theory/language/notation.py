"""The names an author writes: ``d(H(X0 | Xt))``, ``g**2/2 * (D/sigma**2 + E(div(s)))``.

Every function returns a checked term; what it stands for is in :mod:`theory.language.definitions`.
"""

from __future__ import annotations

from fractions import Fraction

from theory.language.definitions import FAMILY, FLOW, FORWARD, REVERSE, REVERSE_GIVEN_END
from theory.language.statements import Eq, Le, Rel
from theory.language.terms import Given, Term, TermError, TermLike, Variable, as_term, make

__all__ = [
    "A", "Cov", "D", "E", "FAMILY", "FLOW", "FORWARD", "G", "H", "I", "Information", "P", "Phi", "Q", "REVERSE",
    "REVERSE_GIVEN_END", "Sz", "Var", "VarPost", "X0", "Xt", "Z", "a", "alpha", "at", "coord", "covar", "d", "div",
    "dot", "drift", "dt", "exp", "f", "field", "frobsq", "g", "grad", "h", "inv", "jac", "k", "lap", "log", "logdet",
    "m", "martingale", "mmse", "mz", "noise", "normsq", "nu", "origin", "outer", "p", "p0", "pi", "post", "pz", "q",
    "qv", "s", "s_c", "s_z", "sigma", "snr", "sqrt", "supermartingale", "symbol", "tanh", "tr", "transpose", "wz", "x",
]  # fmt: skip

Xt, Z = Variable("Xt"), Variable("Z")
x, X0, I, origin = make("x"), make("X0"), make("eye"), make("origin")
D, pi = make("dim"), make("pi")
alpha, sigma, a, g = (make("tfun", (), name) for name in ("alpha", "sigma", "a", "g"))
p, k, p0, pz, wz, mz, Sz, q = (make(op) for op in ("p", "kern", "p0", "pz", "wz", "mz", "Sz", "q"))
A, G = (make("mat", (), name) for name in ("A", "G"))
s, s_c, s_z, m, f = (make(op) for op in ("score", "score_c", "score_z", "post_mean", "f"))
snr, nu, mmse, Information = (make(op) for op in ("snr", "nu", "mmse", "information"))


def Q(numerator: int | str, denominator: int = 1) -> Fraction:
    """An exact rational: ``Q(3, 10)`` or ``Q("0.3")``."""
    return Fraction(numerator) / denominator


def symbol(name: str) -> Term:
    """A symbol of the law, constant in t and x."""
    return make("sym", (), name)


def field(name: str, rank: int = 0) -> Term:
    """An arbitrary smooth test field of x (rank 0 or 1)."""
    return make("field", (), (name, rank))


def _unary(op: str, term: TermLike) -> Term:
    return make(op, (as_term(term),))


def log(term: TermLike) -> Term:
    return _unary("log", term)


def exp(term: TermLike) -> Term:
    return _unary("exp", term)


def tanh(term: TermLike) -> Term:
    return _unary("tanh", term)


def sqrt(term: TermLike) -> Term:
    return make("pow", (as_term(term),), Fraction(1, 2))


def grad(term: Term) -> Term:
    """Gradient of a scalar in x; the Jacobian (d_j v_i) of a vector."""
    return _unary("grad", term)


def jac(term: Term) -> Term:
    return _unary("jac", term)


def div(term: Term) -> Term:
    return _unary("div", term)


def lap(term: Term) -> Term:
    return _unary("lap", term)


def dt(term: Term) -> Term:
    """Derivative in t, at fixed x and X0."""
    return _unary("dt", term)


def tr(term: Term) -> Term:
    return _unary("tr", term)


def transpose(term: Term) -> Term:
    return _unary("transpose", term)


def inv(term: Term) -> Term:
    """The inverse of a matrix."""
    return _unary("inv", term)


def logdet(term: Term) -> Term:
    """The logarithm of the determinant of a matrix."""
    return _unary("logdet", term)


def normsq(term: Term) -> Term:
    return _unary("normsq", term)


def frobsq(term: Term) -> Term:
    return _unary("frobsq", term)


def dot(left: Term, right: Term) -> Term:
    return make("dot", (left, right))


def outer(left: Term, right: Term) -> Term:
    return make("outer", (left, right))


def coord(vector: Term, number: int) -> Term:
    """Component ``number`` (from 1) of a vector."""
    return make("coord", (vector,), number)


def post(term: Term) -> Term:
    """Posterior average at x."""
    return _unary("post", term)


def E(term: TermLike) -> Term:
    """Average over the joint law of X0, Z and X_t."""
    return _unary("E", term)


def Var(term: Term) -> Term:
    return _unary("var", term)


def VarPost(term: Term) -> Term:
    """Var(F | x): the posterior variance of a scalar."""
    return _unary("var_post", term)


def covar(left: Term, right: Term) -> Term:
    return make("covar", (left, right))


def at(term: Term, *, x: Term | int) -> Term:
    """The value of a field at a constant point; ``x=0`` is the origin."""
    if isinstance(x, int):
        if x:
            raise TermError("at: only x=0 may be given as a number; give a constant vector otherwise")
        x = origin
    return make("at", (term, x))


def _event(event: Given | Variable | Term) -> str:
    def name(side: Variable | Term) -> str:
        if isinstance(side, Variable):
            return side.name
        if side.op in ("X0", "x"):
            return side.op
        raise TermError(f"{side!r} is no random variable: use X0, Xt, Z or the point x")

    return f"{name(event.left)}|{name(event.right)}" if isinstance(event, Given) else name(event)


def H(event: Given | Variable | Term) -> Term:
    """Entropy in nats: H(Xt), H(X0), H(X0 | Xt), H(Xt | X0), H(Z | Xt); the fields H(X0 | x) and H(Z | x)."""
    return make("entropy", (), _event(event))


def P(event: Given) -> Term:
    """Posterior density P(X0 | x) (against the law's base measure) or probability P(Z | x)."""
    which = {"X0|x": "posterior", "Z|x": "posterior_z"}.get(_event(event))
    if which is None:
        raise TermError(f"P({_event(event)}): only P(X0 | x) and P(Z | x) are defined")
    return make(which)


def Cov(event: Given | Variable | Term) -> Term:
    """Posterior covariance Cov(X0 | x); the covariances Cov(X0) and Cov(Xt)."""
    which = {"X0|x": ("cov_post", X0), "X0": ("cov", X0), "Xt": ("cov", x)}.get(_event(event))
    if which is None:
        raise TermError(f"Cov({_event(event)}): only Cov(X0 | x), Cov(X0) and Cov(Xt) are defined")
    return make(which[0], (which[1],))


def d(term: Term, clock: str = "t") -> Term:
    """The rate of a number along the process in a clock: t, sigma, sigma^2, log-sigma, snr or nu."""
    return make("rate", (term,), clock)


def drift(term: Term, along: str, lam: TermLike | None = None) -> Term:
    """Ito drift of a scalar field along FORWARD, REVERSE, REVERSE_GIVEN_END, FLOW or FAMILY (with ``lam``)."""
    return make("drift", (term,) if lam is None else (term, as_term(lam)), along)


def noise(term: Term, along: str) -> Term:
    """The row R with dF = .. + R . dW along the process."""
    return make("noise", (term,), along)


def qv(term: Term, along: str) -> Term:
    """The rate d[F]/dt of the quadratic variation of a scalar field along the process."""
    return make("qv", (term,), along)


def martingale(term: Term, along: str) -> Rel:
    """F is a local martingale along the process: its drift is 0."""
    return Eq(drift(term, along), 0)


def supermartingale(term: Term, along: str) -> Rel:
    """F is a local supermartingale along the process: its drift is at most 0."""
    return Le(drift(term, along), 0)


Phi = -log(P(X0 | x))
"""Pathwise conditional entropy with the path's own end point, Phi = -log P(X0 | X_t)."""
h = H(X0 | x)
"""Posterior entropy at the current state, h = H(X0 | X_t = x)."""
