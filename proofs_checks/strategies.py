"""Hypothesis strategies for exact data: laws, germs, processes, times, points, polynomial test fields.

Everything drawn is exact (rationals with small denominators) and shrinks to what a person would write first: fewer
components, fewer dimensions, equal weights, integers before fractions. Of a failing example Hypothesis prints the law
and the process as they are written on the command line (``--law '..'``, ``--process '..'``).
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import Phase, note, settings
from hypothesis import strategies as st

from theory.language.instances import (
    LINEAR,
    VE,
    VP,
    Germ,
    Law,
    Matrix,
    ProcessClass,
    Vector,
    deltas,
    gaussian,
    mixture,
)
from theory.language.notation import Q, coord, x
from theory.language.terms import Term, as_term
from theory.laws import law_text
from theory.laws.products import product
from theory.processes import Process, parse_process

__all__ = [
    "covariances", "delta_laws", "gaussian_laws", "germs", "laws", "mixture_laws", "points", "processes",
    "product_laws", "ratios", "polynomial_fields", "times", "use_ci_profile", "weights",
]  # fmt: skip

Range = int | tuple[int, int]
MOST_COMPONENTS = 81
"""Of a product: further factors have one component each."""


def use_ci_profile() -> None:
    """Register and load the Hypothesis profile "ci": the same examples in every run, no database, no deadline.

    A loaded machine is then no failure, and a failure is shrunk but not explained line by line, which takes longest.
    Call it in ``conftest.py``; ``pytest --hypothesis-profile=..`` still wins.
    """
    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile("ci", derandomize=True, database=None, deadline=None, print_blob=False, phases=phases)
    settings.load_profile("ci")


def _most(size: Range) -> int:
    return size if isinstance(size, int) else size[1]


def _between(size: Range) -> st.SearchStrategy[int]:
    low, high = (size, size) if isinstance(size, int) else size
    if not 1 <= low <= high:
        raise ValueError(f"sizes must be positive and in order, got {size}; write 2 or (1, 3)")
    return st.integers(low, high)


def ratios(low: int, high: int, denominator: int) -> st.SearchStrategy[Fraction]:
    """n/denominator with n from low to high; shrinks to the simplest: integers first, then small denominators."""
    values = {Fraction(n, denominator) for n in range(low, high + 1)}
    return st.sampled_from(sorted(values, key=lambda q: (q.denominator, abs(q.numerator), q < 0)))


@st.composite
def weights(draw: st.DrawFn, count: int) -> list[Fraction]:
    """``count`` positive rationals that sum to 1; shrinks to equal weights."""
    parts = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    return [Fraction(part, sum(parts)) for part in parts]


@st.composite
def covariances(draw: st.DrawFn, D: int) -> Matrix:
    """L L^T for a lower triangular L with a positive diagonal: always positive definite, never a coincidence."""
    rows = [
        [draw(ratios(1, 8, 8)) if i == j else draw(ratios(-3, 3, 8)) if j < i else Fraction(0) for j in range(D)]
        for i in range(D)
    ]
    return tuple(
        tuple(sum((rows[i][k] * rows[j][k] for k in range(D)), Fraction(0)) for j in range(D)) for i in range(D)
    )


# -- laws --------------------------------------------------------------------------------------------------------------
def points(D: int = 1, *, reach: int = 2) -> st.SearchStrategy[Vector]:
    """A point of R^D, each coordinate a quarter within [-reach, reach]; shrinks to the origin."""
    return st.tuples(*[ratios(-4 * reach, 4 * reach, 4)] * D)


def _places(D: int, count: int) -> st.SearchStrategy[list[Vector]]:
    return st.lists(points(D), min_size=count, max_size=count, unique=True)


def _noted(law: Law) -> Law:
    note(f"--law '{law_text(law)}'")
    return law


@st.composite
def bare_deltas(draw: st.DrawFn, D: Range, K: Range) -> Law:
    """As :func:`delta_laws`, without a note of what was drawn."""
    size, count = draw(_between(D)), draw(_between(K))
    return deltas(*zip(draw(_places(size, count)), draw(weights(count)), strict=True))


@st.composite
def _gaussian(draw: st.DrawFn, D: Range) -> Law:
    size = draw(_between(D))
    return gaussian(draw(points(size)), draw(covariances(size)))


@st.composite
def bare_mixtures(draw: st.DrawFn, D: Range, K: Range) -> Law:
    """As :func:`mixture_laws`, without a note of what was drawn."""
    size, count = draw(_between(D)), draw(_between(K))
    parts = zip(draw(weights(count)), draw(_places(size, count)), strict=True)
    return mixture(*((w, mean, draw(covariances(size))) for w, mean in parts))


@st.composite
def _product(draw: st.DrawFn, D: Range, K: Range) -> Law:
    size, discrete = draw(_between(D)), draw(st.booleans())
    factors: list[Law] = []
    work = 1
    for _ in range(size):
        most = K if work <= MOST_COMPONENTS // _most(K) else 1
        factors.append(draw(bare_deltas(1, most) if discrete else bare_mixtures(1, most)))
        work *= factors[-1].K
    return product(factors)


def delta_laws(D: Range = (1, 2), K: Range = (1, 3)) -> st.SearchStrategy[Law]:
    """K distinct atoms in R^D. ``D`` and ``K``: a number, or (lowest, highest)."""
    return bare_deltas(D, K).map(_noted)


def gaussian_laws(D: Range = (1, 2)) -> st.SearchStrategy[Law]:
    """One Gaussian with a positive definite covariance."""
    return _gaussian(D).map(_noted)


def mixture_laws(D: Range = (1, 2), K: Range = (1, 3)) -> st.SearchStrategy[Law]:
    """K Gaussians with distinct means and positive definite covariances."""
    return bare_mixtures(D, K).map(_noted)


def product_laws(D: Range = (1, 2), K: Range = (1, 3)) -> st.SearchStrategy[Law]:
    """Independent coordinates, each of up to K atoms or Gaussians: up to K^D components, at most 81."""
    return _product(D, K).map(_noted)


def laws(D: Range = (1, 2), K: Range = (1, 3), *, discrete: bool | None = None) -> st.SearchStrategy[Law]:
    """Any of them; ``discrete`` True: atoms only, False: densities only."""
    atoms, densities = bare_deltas(D, K), bare_mixtures(D, K)
    return (atoms | densities if discrete is None else atoms if discrete else densities).map(_noted)


# -- processes ---------------------------------------------------------------------------------------------------------
@st.composite
def germs(draw: st.DrawFn, process: ProcessClass = LINEAR, *, generic: bool = False) -> Germ:
    """A linear process at one time: alpha, sigma, and a, g^2 with their first derivatives. Shrinks to ones and zeros.

    ``process``: LINEAR, VE (alpha = 1, a = 0) or VP (alpha^2 + sigma^2 = 1, a = -g^2/2). ``generic``: no value is 0
    or 1 and no two agree, so that a wrong power of one of them shows.
    """
    drawn = bare_germs(process)
    found = draw(drawn.filter(lambda germ: _is_generic(germ, process)) if generic else drawn)
    note(f"alpha = {found.alpha}, sigma = {found.sigma}, a = {found.a[0]}, g^2 = {found.g2[0]}")
    return found


@st.composite
def bare_germs(draw: st.DrawFn, process: ProcessClass) -> Germ:
    """As :func:`germs`, without a note of what was drawn."""
    sigma, g2, change = draw(ratios(2, 12, 8)), draw(ratios(1, 12, 8)), draw(ratios(-4, 4, 8))
    if process == VE:
        return Germ(Fraction(1), sigma, (Fraction(0), Fraction(0)), (g2, change))
    if process == VP:
        u = draw(ratios(1, 7, 8))  # a rational point of the circle alpha^2 + sigma^2 = 1
        return Germ((1 - u * u) / (1 + u * u), 2 * u / (1 + u * u), (-g2 / 2, -change / 2), (g2, change))
    alpha, a, a1 = draw(ratios(2, 12, 8)), draw(ratios(-6, 6, 8)), draw(ratios(-4, 4, 8))
    return Germ(alpha, sigma, (a, a1), (g2, change))


def _is_generic(germ: Germ, process: ProcessClass) -> bool:
    free = [germ.sigma, *germ.g2] + ([] if process == VE else [germ.alpha, *germ.a])
    return not {Fraction(0), Fraction(1)} & set(free) and len(set(free)) == len(free)


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """A whole process with rational parameters: ve, edm, vp, ou, or linear in t. It runs at least until t = 3/4."""
    low, high, g = (str(draw(ratios(1, 16, 8))) for _ in range(3))
    forms = ("ve", "edm", "vp", f"vp(beta={low})", f"vp({low}, {high})", f"ou({low}, {g})", "flow",
             f"linear(alpha=exp(-{low}*t), sigma={g}*t)")  # fmt: skip
    text = draw(st.sampled_from(forms))
    note(f"--process '{text}'")
    return parse_process(text)


def times(most: int = 6) -> st.SearchStrategy[Fraction]:
    """A time in (0, 3/4], in eighths of 1: every process of :func:`processes` is alive then. Shrinks to 1/2."""
    return ratios(1, most, 8)


# -- fields ------------------------------------------------------------------------------------------------------------
@st.composite
def polynomial_fields(draw: st.DrawFn, D: int = 1, *, degree: int = 3, terms: int = 3) -> Term:
    """A polynomial in x with small integer coefficients, as a term of rank 0. Shrinks to a constant, then to 0."""
    total: Term = as_term(draw(st.integers(-3, 3)))
    for _ in range(draw(st.integers(0, terms))):
        powers = draw(st.lists(st.integers(1, D), min_size=1, max_size=degree))
        monomial: Term | None = None
        for number in range(1, D + 1):
            exponent = powers.count(number)
            if exponent:
                factor = coord(x, number) ** exponent if exponent > 1 else coord(x, number)
                monomial = factor if monomial is None else monomial * factor
        assert monomial is not None
        total = total + Q(draw(st.integers(1, 3)) * draw(st.sampled_from((1, -1)))) * monomial
    return total
