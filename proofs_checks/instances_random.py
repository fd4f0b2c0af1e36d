"""Random exact instances for the property campaign: laws, germs and points within a setting."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from theory.language.instances import (
    DISCRETE,
    GAUSSIAN,
    VE,
    VP,
    Germ,
    Instance,
    Law,
    Setting,
    deltas,
    mixture,
)
from theory.language.terms import Term


def _ratios(low: int, high: int, denominator: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda n: Fraction(n, denominator))


@st.composite
def _weights(draw: st.DrawFn, count: int) -> list[Fraction]:
    parts = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    return [Fraction(part, sum(parts)) for part in parts]


@st.composite
def _covariances(draw: st.DrawFn, D: int) -> tuple[tuple[Fraction, ...], ...]:
    """L L^T for a lower triangular L with a positive diagonal: always positive definite, never a coincidence."""
    rows = [
        [draw(_ratios(1, 8, 8)) if i == j else draw(_ratios(-3, 3, 8)) if j < i else Fraction(0) for j in range(D)]
        for i in range(D)
    ]
    return tuple(
        tuple(sum((rows[i][k] * rows[j][k] for k in range(D)), Fraction(0)) for j in range(D)) for i in range(D)
    )


@st.composite
def laws(draw: st.DrawFn, D: int = 1, *, discrete: bool | None = None, gaussian: bool = False) -> Law:
    """A law in D dimensions: up to three atoms or Gaussian components, with exact small parameters."""
    count = 1 if gaussian else draw(st.integers(1, 3))
    atoms = draw(st.booleans()) if discrete is None and not gaussian else bool(discrete)
    places = st.tuples(*[_ratios(-8, 8, 4)] * D)
    means = draw(st.lists(places, min_size=count, max_size=count, unique=True))
    weights = draw(_weights(count))
    if atoms:
        return deltas(*zip(means, weights, strict=True))
    return mixture(*((w, m, draw(_covariances(D))) for w, m in zip(weights, means, strict=True)))


@st.composite
def germs(draw: st.DrawFn, setting: Setting) -> Germ:
    """A germ of the setting's process at one time, derivatives included."""
    sigma, g2, change = draw(_ratios(2, 12, 8)), draw(_ratios(1, 12, 8)), draw(_ratios(-4, 4, 8))
    if setting.process == VE:
        return Germ(Fraction(1), sigma, (Fraction(0), Fraction(0)), (g2, change))
    if setting.process == VP:
        u = draw(_ratios(1, 7, 8))  # a rational point of the circle alpha^2 + sigma^2 = 1
        alpha, sigma = (1 - u * u) / (1 + u * u), 2 * u / (1 + u * u)
        return Germ(alpha, sigma, (-g2 / 2, -change / 2), (g2, change))
    alpha, a, a1 = draw(_ratios(2, 12, 8)), draw(_ratios(-6, 6, 8)), draw(_ratios(-4, 4, 8))
    return Germ(alpha, sigma, (a, a1), (g2, change))


@st.composite
def instances(draw: st.DrawFn, setting: Setting, D: int) -> Instance:
    """An instance of the setting with one point x, and one X0 that the law can take."""
    symbols: list[tuple[str, Fraction]] = []
    if isinstance(setting.law, Law):
        law = setting.law
        for symbol in (*setting.positive, *setting.nonnegative):
            symbols.append((str(symbol.data), draw(_ratios(1, 16, 8))))
    else:
        law = draw(laws(D, discrete=True if setting.law == DISCRETE else None, gaussian=setting.law == GAUSSIAN))
    x = draw(st.tuples(*[_ratios(-12, 12, 8)] * law.D))
    if law.is_discrete:
        ends = tuple(c.mean for c in law.components if not any(isinstance(v, Term) for v in c.mean))[:1]
    else:
        ends = (draw(st.tuples(*[_ratios(-8, 8, 4)] * law.D)),)
    return Instance(law, draw(germs(setting)), (x,), ends, tuple(symbols))
