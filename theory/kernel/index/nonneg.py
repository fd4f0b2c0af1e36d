"""Non-negativity that can be read off the authored form of a term. Trusted; standard library only.

Squares, norms and covariances are recognised before they are unfolded. "Unknown" is never "negative": False means that
no sign can be read off.
"""

from __future__ import annotations

from fractions import Fraction

from theory.language.terms import Term

_POSITIVE = frozenset({"p", "q", "kern", "p0", "pz", "wz", "posterior", "posterior_z", "dim", "pi", "exp", "snr", "nu"})
_SQUARES = frozenset({"normsq", "frobsq", "var", "var_post", "mmse", "qv"})
_LABEL_ENTROPIES = ("Z", "Z|Xt", "Z|x")
_COVARIANCES = frozenset({"cov", "cov_post", "Sz", "eye"})


def is_positive(term: Term, positive: frozenset[str]) -> bool:
    """Whether ``term`` > 0 can be read off; ``positive`` names the symbols declared positive."""
    if term.op in _POSITIVE:
        return True
    if term.op == "tfun":
        return term.data in ("alpha", "sigma", "g")
    if term.op == "num":
        return isinstance(term.data, Fraction) and term.data > 0
    if term.op == "sym":
        return term.data in positive
    return term.op in ("add", "mul", "quot", "pow") and all(is_positive(t, positive) for t in term.args)


def is_nonnegative(
    term: Term, positive: frozenset[str] = frozenset(), nonnegative: frozenset[str] = frozenset()
) -> bool:
    """Whether ``term`` >= 0 can be read off: sums and products of squares, norms, variances, and their averages.

    Also traces and quadratic forms of covariances, entropies of the label, which is discrete, and I(X0; Xt), which is
    a relative entropy.
    """

    def sign(t: Term) -> bool:
        return is_nonnegative(t, positive, nonnegative)

    if term.rank:
        return False
    if term.op in _SQUARES or term.op == "information" or is_positive(term, positive):
        return True
    if term.op == "entropy":
        return term.data in _LABEL_ENTROPIES
    if term.op == "neg":  # -log P(Z | x) and -log w_Z, of probabilities
        inner = term.args[0]
        return inner.op == "log" and inner.args[0].op in ("posterior_z", "wz")
    if term.op == "num":
        return isinstance(term.data, Fraction) and term.data >= 0
    if term.op == "sym":
        return term.data in nonnegative
    if term.op in ("E", "post", "add", "at"):
        return all(sign(t) for t in term.args if not t.rank)
    if term.op == "mul":
        rest = [t for t in term.args if not sign(t)]
        return all(rest.count(t) % 2 == 0 for t in rest)
    if term.op == "quot":  # where a quotient is defined, what it divides by is not 0
        return all(sign(t) for t in term.args)
    if term.op == "pow":
        exponent = Fraction(str(term.data))
        if exponent < 0:
            return sign(term.args[0])
        return exponent % 2 == 0 or sign(term.args[0])
    if term.op == "dot":
        return _is_form(term.args[0], term.args[1], positive, nonnegative)
    return term.op == "tr" and _has_nonnegative_trace(term.args[0], positive, nonnegative)


def is_semidefinite(
    matrix: Term, positive: frozenset[str] = frozenset(), nonnegative: frozenset[str] = frozenset()
) -> bool:
    """Whether a matrix is read off to be symmetric positive semi-definite.

    Covariances, u u^T, G = B B^T, A A^T and the identity; their averages, sums, non-negative multiples and inverses.
    """
    if matrix.rank != 2:
        return False
    if matrix.op in _COVARIANCES or (matrix.op == "mat" and matrix.data == "G"):
        return True
    if matrix.op == "outer":
        return matrix.args[0] == matrix.args[1]
    if matrix.op == "dot":
        left, right = matrix.args
        return left.rank == 2 and transposes(left, right)
    if matrix.op in ("add", "E", "post", "inv", "transpose"):
        return all(is_semidefinite(t, positive, nonnegative) for t in matrix.args)
    if matrix.op == "mul":
        scalars = [t for t in matrix.args if not t.rank]
        rest = [t for t in scalars if not is_nonnegative(t, positive, nonnegative)]
        even = all(rest.count(t) % 2 == 0 for t in rest)
        return even and all(is_semidefinite(t, positive, nonnegative) for t in matrix.args if t.rank)
    if matrix.op == "quot":
        return is_semidefinite(matrix.args[0], positive, nonnegative) and is_nonnegative(
            matrix.args[1], positive, nonnegative
        )
    return False


def transposes(left: Term, right: Term) -> bool:
    """Whether two matrices are each other's transposes as they are written."""
    return (right.op == "transpose" and right.args[0] == left) or (left.op == "transpose" and left.args[0] == right)


def _is_form(left: Term, right: Term, positive: frozenset[str], nonnegative: frozenset[str]) -> bool:
    """u . u, u . (C u) or (C u) . u with a positive semi-definite C."""
    if left.rank != 1 or right.rank != 1:
        return False
    if left == right:
        return True
    for vector, image in ((left, right), (right, left)):
        if image.op == "dot" and vector in image.args:
            matrix = image.args[0] if image.args[1] == vector else image.args[1]
            if is_semidefinite(matrix, positive, nonnegative):
                return True
    return False


def _has_nonnegative_trace(matrix: Term, positive: frozenset[str], nonnegative: frozenset[str]) -> bool:
    """tr C, tr A A^T and tr C C' with positive semi-definite C and C'."""
    if is_semidefinite(matrix, positive, nonnegative):
        return True
    if matrix.op != "dot":
        return False
    return all(t.rank == 2 and is_semidefinite(t, positive, nonnegative) for t in matrix.args)
