"""A simulation as a page: what was simulated, what it found, what the theory says, and the outcome in one sentence."""

from __future__ import annotations

import math
from typing import Any

from rich.markup import escape

from infodyn.report.console import Page
from numerics.estimates import digits
from numerics.sequential import Outcome
from numerics.simulated import Simulated
from numerics.simulated.door import percent

_MARKS = {
    Outcome.EQUIVALENT: ("✓", "+", "green"), Outcome.REFUTED: ("✗", "x", "red"),
    Outcome.UNDECIDED: ("?", "?", "yellow"),
}  # fmt: skip


def write_simulated(found: Simulated) -> None:
    """The page on stdout."""
    page = Page()
    law = f"{_short(found.law)} against {_short(found.against)}" if found.against else _short(found.law)
    page.line(f"[bold]{found.what}[/], {escape(found.words)}, of {escape(law)} under {escape(found.process)} "
              f"at {escape(found.at)}", 0)  # fmt: skip
    page.line()
    _part(
        page,
        "simulated",
        f"{_number(found.value, found.error)} +/- {_small(found.error)} {_unit(found)}".rstrip(),
        *_how(found),
    )
    value, radius = found.target_texts
    uses = f"; uses {', '.join(found.uses)}" if found.uses else ""
    _part(page, "theory", f"{value} +/- {radius}", f"{found.target_guarantee}; {found.target_method}{uses}")
    ratio = found.difference / found.target if found.target else math.inf
    off = f" ({_small(ratio)} of it)" if abs(ratio) < 10 else ""
    _part(page, "difference", f"{_small(found.difference)}{off}",
          f"margin {_small(found.margin)} ({_share(found)}: {found.margin_reason})")  # fmt: skip
    page.line()
    page.line(f"{_mark(page, found.outcome)}: {escape(_sentence(found))}")


def _part(page: Page, name: str, first: str, *rest: str) -> None:
    page.line(f"{name:<12}{escape(first)}")
    for text in rest:
        page.line(escape(text), 12)


def _how(found: Simulated) -> tuple[str, str]:
    """How it was simulated, and why so."""
    drift = "" if found.strength == 1 else f" with {digits(found.strength)} times its drift (wrong)"
    start = f"the reverse SDE{drift} from signal-to-noise ratio 0 to {_small(found.eta, 4)}"
    if found.route == "transfer":
        how = (f"{start}; without sampling: the law of the scheme itself, {found.scheme}, up to {found.steps} steps, "
               f"extrapolated; may be off by {_small(found.step_error)} (steps) + "
               f"{_small(found.statistical_error)} (quadrature)")  # fmt: skip
        return how, f"route: transfer operator, as {found.route_reason}"
    how = (f"{start}; {found.scheme}, {found.steps} steps on the {found.grid}, extrapolated from {found.levels} "
           f"levels, {found.paths:,} paths (seed {found.seed}); may be off by {_small(found.step_error)} (steps) + "
           f"{_small(found.statistical_error)} (sampling, error rate {found.rate:g})")  # fmt: skip
    return how, f"route: paths, as {found.route_reason}"


def _sentence(found: Simulated) -> str:
    if found.stopped:
        return f"{found.stopped}; what is written here holds for the paths that are in."
    if found.outcome is Outcome.EQUIVALENT:
        note = "" if found.strength == 1 else " (the wrong drift does not show in this quantity at this margin)"
        return f"simulation and theory agree within the margin{note}."
    if found.outcome is Outcome.REFUTED:
        whose = "this drift" if found.strength != 1 else "the simulation"
        return f"{whose} does not give the number that theory gives; they differ by more than the margin."
    return f"{found.reason}."


def _share(found: Simulated) -> str:
    """What part of what the margin is."""
    whole = " of sqrt(D/2), the spread of log p of a Gaussian" if found.what == "entropy" else ""
    return f"{percent(found.relative)}{whole}"


def _mark(page: Page, outcome: Outcome) -> str:
    sign, plain, colour = _MARKS[outcome]
    return f"[{colour}]{sign if page.unicode else plain} {outcome.name}[/]"


def _unit(found: Simulated) -> str:
    return "" if found.unit == "1" else found.unit


def _number(value: float, error: float) -> str:
    """``value`` to the second digit of its error."""
    if not value or not error or not math.isfinite(error):
        return digits(value, 10)
    places = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2
    return digits(value, max(2, min(places, 15)))


def _small(value: float, places: int = 2) -> str:
    """Two digits, or so, as 0.0041 or 6.8e-6."""
    if not value or 1e-3 <= abs(value) < 1e9 or not math.isfinite(value):
        return digits(value, places) if math.isfinite(value) else str(value)
    mantissa, _, exponent = f"{value:.{places - 1}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _short(text: str, most: int = 70) -> str:
    return text if len(text) <= most else f"{text[: most - 12]} .. {text[-8:]}"


def write_record(record: Any, place: str) -> None:
    """An experiment at ``place`` (law, process, range): how it was done, one entry a check, then the outcome."""
    page = Page()
    page.line(f"[bold]{escape(record.name)}[/], {escape(place)}")
    page.line(
        escape(f"{_walk(record.setting)}; seed {record.seed}, error rate {record.share:g} for all checks together")
    )
    page.line()
    for line in record.lines:
        part = f", {line.part}" if line.part and line.part not in line.statement else ""
        page.line(f"{_mark(page, line.outcome)} {escape(line.statement + part)}", 2)
        claimed = "theory" if line.relation == "=" else f"theory {line.relation}"
        page.line(escape(f"simulated {_small(line.value, 6)}, {claimed} {_small(line.target, 6)}; off by up to "
                         f"{_small(line.radius)} (sampling) + {_small(line.bias)} (steps), margin "
                         f"{_small(line.margin)}; {line.paths:,} paths"), 6)  # fmt: skip
        if line.reason:
            page.line(escape(line.reason), 6)
    page.line()
    page.line(f"{_mark(page, record.outcome)}: {escape(_closing(record))}")


def _walk(setting: Any) -> str:
    walk: Any = getattr(setting, "walk", None)
    scheme, grid = getattr(walk, "scheme", None), getattr(walk, "grid", None)
    if scheme is None or grid is None:
        return "exact paths of the forward process" if hasattr(walk, "etas") else "paths of the flow, or exact ones"
    return f"{scheme.name}, {grid.steps} steps, bias measured on {walk.levels} levels"


def _closing(record: Any) -> str:
    if record.stopped:
        return f"{record.stopped}; what is written here holds for the paths that are in."
    if record.outcome is Outcome.EQUIVALENT:
        return "every check agrees with the theory within its margin."
    if record.outcome is Outcome.REFUTED:
        return f"{len(record.refuted)} of {len(record.lines)} checks differ from the theory by more than their margin."
    open_ones = sum(line.outcome is Outcome.UNDECIDED for line in record.lines)
    return f"{open_ones} of {len(record.lines)} checks are undecided, the others agree with the theory."
