"""The rules of differentiation that a derivation shows, as rewriting of terms: one rule, one stage. Untrusted.

Each rule takes a node and gives another term that equals it, or None where it does not apply.
"""

from __future__ import annotations

from theory.kernel.index.bracket import Channel
from theory.language.definitions import UNFOLD
from theory.language.terms import Term, make, walk
from theory.typeset.sums import element_term
from theory.typeset.tidy import ZERO, negative, product, signed_sum

LOG_KERN, LOG_P = make("log", (make("kern"),)), make("log", (make("p"),))
DERIVATIVES = frozenset({"dt", "grad", "jac", "div"})
_MOVING = frozenset({"tfun", "mat", "f", "p", "q", "kern", "pz", "E", "post"})
_STILL = frozenset({"sub", "neg", "quot", "normsq", "frobsq", "div", "jac", "lap"})


def of_average(node: Term) -> Term | None:
    """dt E[w] = E[dt w + w dt log k]."""
    if node.op != "dt" or node.args[0].op != "E":
        return None
    w = node.args[0].args[0]
    return make("E", (signed_sum([(1, derivative("dt", w)), _coupled(w, make("dt", (LOG_KERN,)))]),))


def of_density(node: Term) -> Term | None:
    """d log p = E[d log k | x] and d p = p E[d log k | x], for dt and grad."""
    if node.op not in ("dt", "grad"):
        return None
    inner, slope = node.args[0], make("post", (make(node.op, (LOG_KERN,)),))
    if inner == LOG_P:
        return slope
    if inner.op == "p":
        return make("mul", (inner, slope))
    return taken_apart(node)


def of_posterior(node: Term) -> Term | None:
    """d E[w|x] = E[dw|x] + E[w dl|x] - E[w|x] E[dl|x] with l = log k, for dt, gradient, Jacobian and divergence."""
    if node.op not in DERIVATIVES:
        return None
    inner = node.args[0]
    if inner.op not in ("post", "post_mean"):
        return taken_apart(node)
    w = make("X0") if inner.op == "post_mean" else inner.args[0]
    slope = make("dt" if node.op == "dt" else "grad", (LOG_KERN,))
    change, (sign, joint) = derivative(node.op, w), _coupled(w, slope, node.op)
    average_sign, averages = _coupled(inner, make("post", (slope,)), node.op)
    parts = [] if _is_zero(change) else [(1, make("post", (change,)))]
    return signed_sum([*parts, (sign, make("post", (joint,))), (-average_sign, averages)])


def _coupled(w: Term, slope: Term, op: str = "") -> tuple[int, Term]:
    """w times the slope of log k, with its sign: a product, an outer product, or for a divergence a dot product."""
    if w.op == "neg":
        return -1, _coupled(w.args[0], slope, op)[1]
    if w.rank and slope.rank:
        if op == "div":
            return 1, make("normsq", (w,)) if w == slope else make("dot", (w, slope))
        return 1, make("outer", (w, slope))
    return 1, product([slope, w] if w.rank else [w, slope])


def of_kernel(channel: Channel) -> dict[Term, Term]:
    """grad log k and dt log k of the Gaussian kernel, written out."""
    return {
        make("grad", (LOG_KERN,)): element_term(channel.slope(1), (1,)),
        make("dt", (LOG_KERN,)): element_term(channel.kernel_rate),
    }


# -- linearity -------------------------------------------------------------------------------------------------------
def derivative(op: str, term: Term) -> Term:
    """The derivative of a term, taken apart if it is a sum; a zero term where nothing moves."""
    node = make(op, (term,))
    if op == "dt" and not moves(term):
        return ZERO
    if op != "dt" and "x" not in term.free:
        return ZERO
    apart = taken_apart(node)
    return node if apart is None else apart


def taken_apart(node: Term) -> Term | None:
    """The derivative of a sum as a sum of derivatives, of a negative as a negative; None for anything else."""
    op, inner = node.op, node.args[0]
    if inner.op == "neg":
        return negative(derivative(op, inner.args[0]))
    if inner.op == "add":
        return signed_sum([(1, derivative(op, t)) for t in inner.args])
    if inner.op == "sub":
        return signed_sum([(1, derivative(op, inner.args[0])), (-1, derivative(op, inner.args[1]))])
    return None


def moves(term: Term) -> bool:
    """Whether a term may depend on t at fixed x and X0."""
    return any(n.op in _MOVING or (n.op in UNFOLD and n.op not in _STILL) for n in walk(term))


def _is_zero(term: Term) -> bool:
    return term == ZERO or term.op == "origin"
