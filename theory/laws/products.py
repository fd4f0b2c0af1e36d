"""Products of laws: the joint law of independent blocks; and how large a law may be. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product as every_choice
from math import lcm

from theory.calculus import as_scalar_term, fold_constants, mul
from theory.language.instances import Component, Law, LawError, Matrix, Scalar, Vector

MAX_WORK = 300_000
"""Largest K D^2 of atoms and K D^3 of densities: the steps in which a law is checked."""
MAX_EFFORT = 10**12
"""Largest D^3 b^2 of a covariance: its elimination takes D^3 steps with fractions of about b bits."""


def check_size(components: int, dimension: int, atoms: bool) -> None:
    """Raises LawError if a law of so many components and dimensions is too large to be carried exactly."""
    if components * dimension ** (2 if atoms else 3) > MAX_WORK:
        bound = f"{'K D^2' if atoms else 'K D^3'} is at most {MAX_WORK}"
        raise LawError(
            f"{components} components in D = {dimension} are too many to carry exactly ({bound}); give fewer "
            "components or dimensions"
        )


def check_entries(cov: Matrix) -> None:
    """Raises LawError if the fractions of a covariance would grow too long when its sign is determined."""
    size, numbers = len(cov), [v for row in cov for v in row if isinstance(v, Fraction)]
    if all(cov[i][j] == 0 for i in range(size) for j in range(i)):
        return
    total = sum(v.numerator.bit_length() + v.denominator.bit_length() for v in numbers)
    common, longest = 1, max((v.numerator.bit_length() for v in numbers), default=0)
    for v in numbers:
        common = lcm(common, v.denominator)
        if common.bit_length() > total:  # the fractions share little
            break
    bits = min(total, size * (longest + common.bit_length()))
    if size**3 * bits**2 > MAX_EFFORT:
        raise LawError(
            f"the entries of a {size} x {size} covariance are too long to tell its sign exactly; round them to fewer "
            "digits"
        )


def product(laws: Sequence[Law]) -> Law:
    """The law of (X_1, .., X_n), X_i independent from ``laws``: weights multiply, means join, covariances by blocks.

    Raises LawError: no law, atoms beside densities (such a law has neither a mass function nor a density), or too many
    components.
    """
    if not laws:
        raise LawError("a product needs at least one law, as in product(T1, T1)")
    dimension, components = 0, 1
    for law in laws:
        dimension, components = dimension + law.D, components * law.K
        check_size(components, dimension, law.is_discrete)
    if len({law.is_discrete for law in laws}) > 1:
        raise LawError(
            "a product of atoms and densities has neither a mass function nor a density, so its entropies do not "
            "exist; make all factors discrete or none"
        )
    if len(laws) == 1:
        return laws[0]
    return Law(tuple(_joined(choice, dimension) for choice in every_choice(*(law.components for law in laws))))


def _joined(parts: Sequence[Component], dimension: int) -> Component:
    weights = [c.weight for c in parts]
    exact = [w for w in weights if isinstance(w, Fraction)]
    weight: Scalar = Fraction(1)
    if len(exact) == len(weights):
        for factor in exact:
            weight *= factor
    else:
        weight = fold_constants(mul(*(as_scalar_term(w) for w in weights)))
    rows, before = [], 0
    for part in parts:
        after = dimension - before - len(part.mean)
        rows += [(*(Fraction(0),) * before, *row, *(Fraction(0),) * after) for row in part.cov]
        before += len(part.mean)
    return Component(weight, tuple(v for part in parts for v in part.mean), tuple(rows))


def factors(law: Law) -> tuple[tuple[tuple[int, ...], Law], ...]:
    """(axes, law of those axes) of independent blocks that ``law`` is a product of; itself if none are found.

    Exact, and only for laws of numbers: the components must be all choices of one component a block, with weights that
    multiply and covariances that do not couple the blocks. Blocks are sought as runs of axes and where covariances
    couple axes; others are not found.
    """
    rest, found = tuple(range(law.D)), []
    if not law.is_numeric or len(_masses(law, rest)) < law.K:  # equal components carry labels of their own
        return ((rest, law),)
    while rest:
        block = next(b for b in _blocks(law, rest) if len(b) == len(rest) or _splits(law, b, rest))
        found.append((block, marginal(law, block)))
        rest = tuple(axis for axis in rest if axis not in block)
    return tuple(found)


def _blocks(law: Law, rest: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Candidates that hold the first axis: the axes that covariances couple to it, then runs of axes, then the rest."""
    block, grown = {rest[0]}, True
    while grown:
        more = {j for c in law.components for i in block for j in rest if c.cov[i][j] != 0} - block
        block, grown = block | more, bool(more)
    runs = [rest[:size] for size in range(1, len(rest) + 1)]
    return [tuple(sorted(block)), *(run for run in runs if block <= set(run) and set(run) != block)]


def _splits(law: Law, block: tuple[int, ...], rest: tuple[int, ...]) -> bool:
    """Whether the marginal law on ``rest`` is the product of ``block`` and the other axes."""
    others = tuple(axis for axis in rest if axis not in block)
    if any(c.cov[i][j] != 0 for c in law.components for i in block for j in others):
        return False
    whole, left, right = _masses(law, rest), _masses(law, block), _masses(law, others)
    if len(whole) != len(left) * len(right):
        return False
    places = [rest.index(axis) for axis in block], [rest.index(axis) for axis in others]
    for (mean, cov), weight in whole.items():
        parts = [(tuple(mean[i] for i in p), tuple(tuple(cov[i][j] for j in p) for i in p)) for p in places]
        if weight != left[parts[0]] * right[parts[1]]:
            return False
    return True


def _masses(law: Law, axes: tuple[int, ...]) -> dict[tuple[Vector, Matrix], Fraction]:
    """The weight of every distinct (mean, covariance) on the axes."""
    masses: dict[tuple[Vector, Matrix], Fraction] = {}
    for c in law.components:
        key = tuple(c.mean[i] for i in axes), tuple(tuple(c.cov[i][j] for j in axes) for i in axes)
        assert isinstance(c.weight, Fraction)
        masses[key] = masses.get(key, Fraction(0)) + c.weight
    return masses


def marginal(law: Law, axes: tuple[int, ...]) -> Law:
    """The law of the given coordinates of X0; components that become equal are joined (weights must be numbers)."""
    if axes == tuple(range(law.D)):
        return law
    parts = [Component(w, mean, cov) for (mean, cov), w in _masses(law, axes).items()]
    return Law(tuple(parts))
