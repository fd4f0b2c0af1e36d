"""Numbers from Python: ``value``, ``sweep``, ``fixed_points``, ``critical``, ``bifurcation_diagram``, ``peaks``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from theory.calculus import fold_constants, symbols_of
from theory.grammar import Reader, parse_scalar
from theory.language.instances import Law, LawError, Scalar, Vector
from theory.language.terms import Term
from theory.laws import PointsFile, SphereLaw, parse_data_law, parse_law, read_vector
from theory.places import parse_at
from theory.processes import Process, parse_process

if TYPE_CHECKING:
    from numerics.empirical import EmpiricalLaw, Estimate
    from numerics.landscape import Criticals, Diagram, FixedPoints
    from numerics.peaks import Peaks
    from numerics.quantities import Value
    from numerics.sweeps import Sweep
    from numerics.sweeps.noise import Level


def value(
    quantity: str | Term,
    law: str | Law | PointsFile | SphereLaw | EmpiricalLaw,
    process: str | Process = "ve",
    *,
    at: str,
    clock: str | None = None,
    digits: int | None = None,
    seed: int = 0,
    by: str | None = None,
    order: int = 1,
) -> Value | Estimate:
    """A quantity in nats; rates are per unit of ``clock``.

    With guaranteed relative digits (15 by default; 0: float64 with an error estimate and no guarantee), or, from a file
    of points or an ``EmpiricalLaw``, an :class:`numerics.empirical.Estimate` with a 99 % interval on samples that
    ``seed`` names; so too for mixtures with more effective dimensions than integrals reach. ``quantity``, ``law``,
    ``process`` and ``at`` are written as on the command line. ``by``: the ``order``-th derivative (1 or 2) instead,
    along the process by a clock, or by a symbol of the law. A term of the statement language in place of a name (as
    ``E(normsq(s))``) is read from the definitions alone. Raises ValueError (LawError, GrammarError) with the place
    and the remedy.
    """
    law = parse_data_law(law) if isinstance(law, str) else law
    if not isinstance(quantity, str):
        from numerics.quantities import term_value

        if not isinstance(law, Law) or clock is not None or by is not None or digits == 0:
            raise LawError("a term takes a law in closed form and digits, no clock and no by; write d(.., clock) in it")
        return term_value(quantity, law, as_process(process), parse_at(at), digits=15 if digits is None else digits)
    if isinstance(law, SphereLaw):
        from numerics.space.sphere_values import value as on_sphere

        if by is not None or digits == 0:
            raise LawError("derivatives and float64 are of mixtures, not of spheres; ask for digits")
        return on_sphere(quantity, law, as_process(process), at, clock=clock, digits=15 if digits is None else digits)
    if not isinstance(law, Law):
        from numerics.empirical import load_points
        from numerics.empirical import value as estimate

        if by is not None:
            raise LawError("derivatives are of laws in closed form, not of points")
        data = load_points(law) if isinstance(law, PointsFile) else law
        return estimate(quantity, data, as_process(process), parse_at(at), clock=clock, digits=digits, seed=seed)
    from numerics.quantities import value as compute
    from numerics.rings import Unsupported

    if digits == 0:
        if by is not None:
            raise LawError("derivatives have guaranteed digits; give digits from 1 to 1000")
        return sweep(quantity, law, process, None, at=at, clock=clock).single()
    wanted, place = 15 if digits is None else digits, parse_at(at)
    try:
        return compute(quantity, law, as_process(process), place, clock=clock, digits=wanted, by=by, order=order)
    except Unsupported as error:
        if by is not None or law.D == 1:
            raise
        from numerics.space.estimates import value as on_samples

        try:
            return on_samples(quantity, law, as_process(process), place, clock=clock, digits=digits, seed=seed)
        except Unsupported:
            raise error from None


def sweep(
    quantity: str,
    law: str | Law,
    process: str | Process,
    levels: Iterable[Level] | None,
    *,
    by: str = "sigma",
    at: str | None = None,
    clock: str | None = None,
) -> Sweep:
    """A quantity at many noise levels in float64, with error estimates and no guarantee: for plots.

    ``levels`` are numbers, or exact texts, of ``by``: t, sigma, alpha, snr, nu or log-sigma; None: the one in ``at``,
    which else holds points and symbols only. Nats; rates are per unit of ``clock``. How good the estimates are is
    measured in :func:`numerics.sweeps.sweep`. Raises ValueError (LawError, GrammarError, Unsupported) with the remedy.
    """
    from numerics.sweeps import sweep as work

    return work(quantity, as_law(law), as_process(process), levels, by=by, at=at, clock=clock)


def fixed_points(
    law: str | Law,
    process: str | Process = "ve",
    *,
    at: str,
    line: str | None = None,
    digits: int = 20,
) -> FixedPoints:
    """All zeros of the score of X_t (x = alpha m(x)) at the noise level ``at``, counted with certainty.

    Each has ``digits`` relative digits and its stability. ``line``: "x0, d", as "(0, 0), (1, 1)"; then the
    zeros of d . s along x0 + u d. ``count`` is None where a zero is degenerate or a box stayed open. Raises ValueError
    (LawError, GrammarError) with the place and the remedy.
    """
    from numerics.landscape import fixed_points as work

    along = None if line is None else _line(line)
    return work(as_law(law), as_process(process), parse_at(at), line=along, digits=digits)


def critical(
    law: str | Law,
    process: str | Process = "ve",
    *,
    parameter: str | None = None,
    within: str | None = None,
    at: str | None = None,
    drift: str = "density",
    digits: int = 20,
) -> Criticals:
    """All bifurcation points of the fixed points for a noise level (sigma by default) or a symbol of the law.

    ``within``: "LO..HI", by default all noise levels. ``at`` binds the other symbols, and the noise level where the
    parameter is a symbol. ``drift``: density (zeros of the score), reverse (of the reverse SDE) or flow (of the
    probability flow). Raises ValueError (LawError, GrammarError) with the place and the remedy.
    """
    from numerics.landscape import critical as work

    return work(
        as_law(law), as_process(process), at=None if at is None else parse_at(at), parameter=parameter,
        within=None if within is None else _range(within), drift=drift, digits=digits,
    )  # fmt: skip


def bifurcation_diagram(
    law: str | Law,
    process: str | Process = "ve",
    *,
    parameter: str | None = None,
    within: str | None = None,
    at: str | None = None,
    drift: str = "density",
    digits: int = 15,
    samples: int = 9,
) -> Diagram:
    """The branches of fixed points between certified bifurcation points; arguments as for :func:`critical`."""
    from numerics.landscape import bifurcation_diagram as work

    return work(
        as_law(law), as_process(process), at=None if at is None else parse_at(at), parameter=parameter,
        within=None if within is None else _range(within), drift=drift, digits=digits, samples=samples,
    )  # fmt: skip


def peaks(
    quantity: str,
    law: str | Law,
    process: str | Process = "ve",
    *,
    within: str | None = None,
    clock: str | None = None,
    digits: int = 15,
) -> Peaks:
    """All local extrema of a number, or of a rate per unit of ``clock``, over a range of noise levels, with proof.

    ``within``: as in ``"sigma=1/10..5"``. Nats. Raises ValueError (LawError) with the remedy.
    """
    from numerics.peaks import peaks as work

    return work(quantity, as_law(law), as_process(process), within=within, clock=clock, digits=digits)


def as_law(law: str | Law) -> Law:
    """A law, read if it is a text."""
    return parse_law(law) if isinstance(law, str) else law


def as_process(process: str | Process) -> Process:
    """A process, read if it is a text."""
    return parse_process(process) if isinstance(process, str) else process


def _line(text: str) -> tuple[Vector, Vector]:
    """``(0, 0), (1, 1)``: a point and a direction."""
    reader = Reader(text, names=())
    point = read_vector(reader)
    reader.expect(",", "between the point and the direction, as in '(0, 0), (1, 1)'")
    direction = read_vector(reader)
    reader.end()
    return point, direction


def _range(text: str) -> tuple[Scalar, Scalar]:
    low, dots, high = text.partition("..")
    if not dots:
        raise LawError(f"{text!r} is no range; write LO..HI, as in 1/10..3")
    ends = [fold_constants(parse_scalar(end)) for end in (low, high)]
    for end in ends:
        if isinstance(end, Term) and symbols_of(end):
            raise LawError(f"{text!r} depends on {min(symbols_of(end))}; give numbers")
    return ends[0], ends[1]
