"""Non-negativity that can be read off: of terms with matrices, and of elements. Trusted; standard library only.

    P, Q >= 0   =>   tr P, tr(P Q), v^T P v, log det(1 + P) >= 0         M P M^T, M M^T, v v^T, P^-1, E[P] >= 0

False means that no sign can be read off, never "negative".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from theory.kernel.index.nonneg import is_nonnegative, is_positive
from theory.kernel.words.algebra import Algebra
from theory.kernel.words.elements import Element, Path, Scalars, Word, transposed
from theory.kernel.words.inverses import semidefinite
from theory.language.terms import Term, make

_EYE = make("eye")
_COVARIANCES = frozenset({"eye", "cov", "cov_post"})


@dataclass(frozen=True)
class Signs:
    """Signs of authored terms, with the symbols declared positive and non-negative."""

    positive: frozenset[str] = frozenset()
    nonnegative: frozenset[str] = frozenset()

    def scalar(self, term: Term) -> bool:
        """Whether a scalar term is non-negative by its form."""
        if term.rank:
            return False
        if is_nonnegative(term, self.positive, self.nonnegative):
            return True
        if term.op in ("add", "E", "post"):
            return all(map(self.scalar, term.args))
        if term.op == "mul":
            rest = [t for t in term.args if not self.scalar(t)]
            return all(rest.count(t) % 2 == 0 for t in rest)
        if term.op == "quot":
            return self.scalar(term.args[0]) and is_positive(term.args[1], self.positive)
        if term.op == "pow":
            exponent = Fraction(str(term.data))
            return exponent.denominator == 1 and exponent > 0 and self.scalar(term.args[0])
        if term.op == "tr":
            return self._trace(term.args[0])
        if term.op == "dot":
            return self._form(term)
        return term.op == "logdet" and self._above_identity(term.args[0])

    def _trace(self, matrix: Term) -> bool:
        if self.matrix(matrix):
            return True
        return matrix.op == "dot" and all(t.rank == 2 and self.matrix(t) for t in matrix.args)

    def _form(self, term: Term) -> bool:
        """v . (P v) or (v P) . v, with the same v on both sides."""
        left, right = term.args
        for v, product, at in ((left, right, 1), (right, left, 0)):
            if product.op == "dot" and product.args[at] == v and product.args[1 - at].rank == 2:
                return self.matrix(product.args[1 - at])
        return False

    def _above_identity(self, matrix: Term) -> bool:
        return matrix.op == "add" and matrix.args.count(_EYE) >= 1 and all(map(self.matrix, matrix.args))

    def matrix(self, term: Term) -> bool:
        """Whether a matrix term is positive semi-definite by its form."""
        if term.rank != 2:
            return False
        if term.op in _COVARIANCES or (term.op == "mat" and term.data == "G"):
            return True
        if term.op in ("add", "E", "post", "inv", "transpose"):  # inv is read of invertible matrices only
            return all(map(self.matrix, term.args))
        if term.op == "mul":
            return all(self.matrix(t) if t.rank else self.scalar(t) for t in term.args)
        if term.op == "quot":
            return self.matrix(term.args[0]) and is_positive(term.args[1], self.positive)
        if term.op == "outer":
            return term.args[0] == term.args[1]
        return term.op == "dot" and self._congruence(term)

    def _congruence(self, term: Term) -> bool:
        """M M^T, (M P) M^T or M (P M^T), where M^T is written as the transpose of M or M is semi-definite itself."""
        left, right = term.args
        if left.rank != 2 or right.rank != 2:
            return False
        if self._transposes(left, right):
            return True
        if left.op == "dot" and left.args[0].rank == 2:
            return self._transposes(left.args[0], right) and self.matrix(left.args[1])
        if right.op == "dot" and right.args[1].rank == 2:
            return self._transposes(left, right.args[1]) and self.matrix(right.args[0])
        return False

    def _transposes(self, left: Term, right: Term) -> bool:
        if right.op == "transpose" and right.args[0] == left:
            return True
        return (left.op == "transpose" and left.args[0] == right) or (left == right and self.matrix(left))


def element_is_nonnegative(element: Element, algebra: Algebra) -> bool:
    """Whether every monomial of an element is non-negative by its form."""
    return all(
        c > 0 and _scalars_nonnegative(scalars, algebra) and _paths_nonnegative(paths)
        for (scalars, paths), c in element.terms.items()
    )


def _scalars_nonnegative(scalars: Scalars, algebra: Algebra) -> bool:
    return all(algebra.is_positive(tag) or Fraction(exponent) % 2 == 0 for tag, exponent in scalars)


def _paths_nonnegative(paths: Iterable[Path]) -> bool:
    rest = [path for path in paths if not _path_nonnegative(path)]
    return all(path[0][0] != "i" and path[2][0] != "i" and rest.count(path) % 2 == 0 for path in rest)


def _path_nonnegative(path: Path) -> bool:
    a, w, b = path
    if a[0] == "tr":
        turns = [w[n:] + w[:n] for n in range(len(w))]
        return any(_semidefinite_word(t[:k]) and _semidefinite_word(t[k:]) for t in turns for k in range(len(t)))
    return a == b and a[0] != "i" and _semidefinite_word(w)


def _semidefinite_word(w: Word) -> bool:
    """u P u^T with a semi-definite letter P, or u u^T."""
    return transposed(w) == w and (len(w) % 2 == 0 or semidefinite(w[len(w) // 2]))
