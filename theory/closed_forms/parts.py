"""The parts of a formula for a Gaussian mixture, as display terms: c_k = alpha m_k, V_k = alpha^2 S_k + sigma^2 I."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from theory.closed_forms.formula import Piece, X, const, is_num, negated, product, raised, ratio, shown, sym, total
from theory.language.instances import Component, Law, Scalar
from theory.language.terms import Term, make

HALF, ONE_, TWO, PI = const(Fraction(1, 2)), const(1), const(2), make("pi")
EYE = Term("eye", (), None, 0, frozenset())


def tfun(name: str) -> Term:
    """alpha, sigma, a or g."""
    return make("tfun", (), name)


def log(term: Term) -> Term:
    """log."""
    return make("log", (term,))


class Parts:
    """Display terms for one law under one kind of process ("linear", "ve" or "vp")."""

    def __init__(self, law: Law, process: str, names: frozenset[str]) -> None:
        self.law, self.process, self.names = law, process, names
        self.D, self.K = law.D, law.K
        self.pieces: dict[str, Piece] = {}
        self.weight_names: dict[str, int] = {}
        self.sigma, self.g2 = tfun("sigma"), tfun("g") ** 2
        self.alpha = ONE_ if process == "ve" else tfun("alpha")
        self.a = const(0) if process == "ve" else tfun("a")
        if process == "vp":
            self.pieces["alpha"] = make("pow", (ONE_ - self.sigma**2,), Fraction(1, 2))
            self.pieces["a"] = -(self.g2 / 2)
        self.scalar_cov = all(self._isotropic(c) for c in law.components)

    # -- small parts ------------------------------------------------------------------------------------------------
    def named(self, stem: str, build: Callable[[], Piece]) -> Term:
        """The name of a piece, built at its first use; names of the law's symbols are avoided."""
        name = stem
        while name in self.names:
            name = f"{name}_bar"
        if name not in self.pieces:
            self.pieces[name] = build()
        return sym(name)

    def label(self, stem: str, k: int) -> str:
        """``stem_k``, or ``stem`` where there is one component."""
        return stem if self.K == 1 else f"{stem}_{k + 1}"

    @staticmethod
    def _isotropic(part: Component) -> bool:
        size = range(len(part.mean))
        return all(part.cov[i][j] == (part.cov[0][0] if i == j else 0) for i in size for j in size)

    def diagonal(self, k: int) -> bool:
        """Whether the covariance of component k is diagonal."""
        cov = self.law.components[k].cov
        return all(cov[i][j] == 0 for i in range(self.D) for j in range(self.D) if i != j)

    def weight(self, k: int) -> Term:
        """w_k: a number or symbol, or a named expression in symbols."""
        value = const(self.law.components[k].weight)
        if value.op == "num":
            return value
        term = value if value.op == "sym" else self.named(f"w_{k + 1}", lambda: value)
        self.weight_names.setdefault(str(term.data), k)
        return term

    def mean(self, k: int) -> Term:
        """m_k, a named vector from two dimensions on; 0 if it vanishes."""
        values = self.law.components[k].mean
        if all(v == 0 for v in values):
            return const(0)
        if self.D == 1:
            return const(values[0])
        return self.named(self.label("m0", k) if self.K == 1 else f"m_{k + 1}", lambda: tuple((v,) for v in values))

    def centre(self, k: int) -> Term:
        """alpha m_k."""
        return product(self.alpha, self.mean(k))

    def gap(self, k: int) -> Term:
        """x - alpha m_k."""
        return total(X, negated(self.centre(k)))

    def variance(self, k: int) -> Term:
        """v_k = alpha^2 S_k + sigma^2 of an isotropic component: a name, or sigma^2 for an atom."""
        value = self.law.components[k].cov[0][0]
        if value == 0:
            return self.sigma**2
        shared = all(c.cov[0][0] == value for c in self.law.components)
        return self.named("v" if shared else f"v_{k + 1}", lambda: self._noisy(value))

    def _noisy(self, value: Scalar) -> Term:
        alpha2 = ONE_ if is_num(self.alpha, 1) else self.alpha**2
        return total(product(alpha2, const(value)), self.sigma**2)

    def cov(self, k: int) -> Term:
        """S_k: a scalar where it is isotropic, else a named matrix."""
        part = self.law.components[k]
        if self._isotropic(part):
            return const(part.cov[0][0])
        return self.named(self.label("S0", k) if self.K == 1 else f"S_{k + 1}", lambda: part.cov)

    def noisy(self, k: int) -> Term:
        """V_k of a component that is not isotropic."""
        alpha2 = ONE_ if is_num(self.alpha, 1) else self.alpha**2
        return self.named(self.label("V", k), lambda: product(alpha2, self.cov(k)) + product(self.sigma**2, EYE))

    def isotropic(self, k: int) -> bool:
        """Whether S_k is a multiple of the identity."""
        return self._isotropic(self.law.components[k])

    def whitened(self, k: int, vector: Term) -> Term:
        """V_k^-1 times a vector or matrix."""
        if self.isotropic(k):
            return ratio(vector, self.variance(k))
        return product(self.noisy(k) ** -1, vector)

    def trace_inverse(self, k: int) -> Term:
        """tr V_k^-1."""
        if self.isotropic(k):
            return ratio(const(self.D), self.variance(k))
        return shown("tr", self.noisy(k) ** -1)

    def square(self, vector: Term) -> Term:
        """|vector|^2."""
        return vector**2 if self.D == 1 else product(shown("transpose", vector), vector)

    def determinant_root(self, k: int) -> list[Term]:
        """Factors whose product is det V_k^(1/2)."""
        if self.isotropic(k):
            return [raised(self.variance(k), Fraction(self.D, 2))]
        half = Fraction(1, 2)
        cov = self.law.components[k].cov
        if self.diagonal(k):
            noisy = [self._noisy(cov[i][i]) for i in range(self.D)]
            stems = [f"{self.label('v', k)}_{i + 1}" for i in range(self.D)]
            return [make("pow", (self.named(s, partial(_same, v)),), half) for s, v in zip(stems, noisy, strict=True)]
        return [make("pow", (self.determinant(k),), half)]

    def determinant(self, k: int) -> Term:
        """det V_k, written out."""
        cov = self.law.components[k].cov
        entries = [
            [self._noisy(v) if i == j else product(*([] if is_num(self.alpha, 1) else [self.alpha**2]), const(v))
             for j, v in enumerate(row)]
            for i, row in enumerate(cov)
        ]  # fmt: skip
        return self.named(self.label("d", k), lambda: laplace(entries))


def _same(term: Term) -> Term:
    return term


def laplace(rows: list[list[Term]]) -> Term:
    """The determinant of a matrix of at most three rows, written out."""
    if len(rows) == 1:
        return rows[0][0]
    if len(rows) == 2:
        return total(product(rows[0][0], rows[1][1]), negated(product(rows[0][1], rows[1][0])))
    parts = []
    for j, entry in enumerate(rows[0]):
        minor = laplace([[v for m, v in enumerate(row) if m != j] for row in rows[1:]])
        part = product(entry, minor)
        parts.append(part if j % 2 == 0 else negated(part))
    return total(*parts)
