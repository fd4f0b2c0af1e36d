"""Random exact instances for the property campaign: laws, germs and points within a setting."""

from __future__ import annotations

from hypothesis import strategies as st

from proofs_checks.strategies import bare_deltas, bare_germs, bare_mixtures, points, ratios
from theory.language.instances import DISCRETE, GAUSSIAN, Instance, Law, Setting, Vector
from theory.language.terms import Term
from theory.laws import free_symbols


@st.composite
def instances(draw: st.DrawFn, setting: Setting, D: int) -> Instance:
    """An instance of the setting with one point x, and one X0 that the law can take."""
    symbols = [(str(t.data), draw(ratios(1, 16, 8))) for t in (*setting.positive, *setting.nonnegative)]
    law = setting.law if isinstance(setting.law, Law) else draw(_laws_of(setting, D))
    known = {name for name, _ in symbols}
    symbols += [(name, draw(ratios(-12, 12, 8))) for name in sorted(free_symbols(law) - known)]  # of either sign
    place = draw(st.tuples(*[ratios(-12, 12, 8)] * law.D))
    return Instance(law, draw(bare_germs(setting.process)), (place,), draw(_ends(law)), tuple(symbols))


def _laws_of(setting: Setting, D: int) -> st.SearchStrategy[Law]:
    if setting.law == GAUSSIAN:
        return bare_mixtures(D, 1)
    atoms = bare_deltas(D, (1, 3))
    return atoms if setting.law == DISCRETE else atoms | bare_mixtures(D, (1, 3))


@st.composite
def _ends(draw: st.DrawFn, law: Law) -> tuple[Vector, ...]:
    """The first atom whose place is a number, or any point if the law has a density."""
    if not law.is_discrete:
        return (draw(points(law.D)),)
    return tuple(c.mean for c in law.components if not any(isinstance(v, Term) for v in c.mean))[:1]
