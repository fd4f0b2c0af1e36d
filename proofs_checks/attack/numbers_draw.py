"""Random (mixture, quantity) pairs on the line: almost merged and far apart, rare components, all noise levels.

A pair is a function of its name (``"seed:number"``). Everything is rational, so that the engine and the oracle read the
same exact data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from numerics.line import NUMBERS
from theory.language.definitions import CLOCKS
from theory.language.instances import Component, Germ, Law, component
from theory.typeset.text import law_text

RATES = ("entropy-rate", "bandwidth", "information-rate", "class-entropy-rate")
OF_ATOMS = ("variance-phi", "variance-h")
"""Numbers that need two integrals where X0 has a density; they are asked of atoms alone."""
LAYOUTS = ("apart", "overlapping", "merged", "mixed", "plain", "plain")
KINDS = ("atoms", "shared", "unequal")
_TRIPLES = ((3, 4, 5), (4, 3, 5), (5, 12, 13), (12, 5, 13), (8, 15, 17), (20, 21, 29), (99, 20, 101), (7, 24, 25))


@dataclass(frozen=True)
class Pair:
    """A quantity of a law at a germ; ``order`` > 0: its derivatives by time, or by the clock ``by``.

    ``kind`` and ``layout`` are the family; ``clock`` belongs to rates.
    """

    name: str
    law: Law
    germ: Germ
    quantity: str
    digits: int
    order: int = 0
    clock: str | None = None
    by: str | None = None
    kind: str = ""
    layout: str = ""

    @property
    def asked(self) -> str:
        """A number or a rate, with the order of the derivative."""
        what = "rate" if self.clock else "number"
        along = "clock" if self.by else "time"
        return what + (f", derivative {self.order} by {along}" if self.order else "")

    def described(self) -> str:
        """The pair as text from which it can be made again."""
        derivative = f", order = {self.order}, by = {self.by or 'time'}" if self.order else ""
        clock = f", clock = {self.clock}" if self.clock else ""
        germ = self.germ
        rows = [", ".join(map(str, row)) for row in (germ.a, germ.g2)]
        return (
            f"[{self.name}] {self.quantity}{clock}{derivative}, digits = {self.digits}\n    {law_text(self.law)}\n"
            f"    alpha = {germ.alpha}, sigma = {germ.sigma}, a, a', a'' = {rows[0]}, g^2 and derivatives = {rows[1]}"
        )


def _plain(value: float) -> Fraction:
    """``value`` to about three significant digits."""
    if value == 0:
        return Fraction(0)
    power = math.floor(math.log10(abs(value))) - 2
    return round(value / 10.0**power) * Fraction(10) ** power


def _log_uniform(random: Random, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))


def draw(name: str) -> Pair:
    """The pair of this name."""
    random = Random(name)
    kind, layout = random.choice(KINDS), random.choice(LAYOUTS)
    K = random.choice((1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12)) if random.random() < 0.8 else random.randint(2, 12)
    germ = _germ(random)
    law = Law(tuple(_components(random, K, kind, layout, float(germ.alpha), float(germ.sigma))))  # type: ignore[arg-type]
    names = [n for n in (*NUMBERS, *RATES) if law.is_discrete or n not in OF_ATOMS]
    quantity = random.choice(names)
    clock = random.choice(CLOCKS) if quantity in RATES else None
    digits, order, by = random.randint(10, 40), 0, None
    if random.random() < 0.2:
        digits, order = random.randint(10, 20), random.choice((1, 2))
        by = random.choice(CLOCKS) if clock or (quantity != "class-gap" and random.random() < 0.3) else None
    elif random.random() < 0.5:
        digits = random.randint(10, 20)
    return Pair(name, law, germ, quantity, digits, order, clock, by, kind, layout)


def _germ(random: Random) -> Germ:
    sigma = _plain(_log_uniform(random, 1 / 50, 50))
    shape = random.random()
    zero = Fraction(0)
    if shape < 0.35:  # variance exploding
        return Germ(Fraction(1), sigma, (zero,) * 3, (_rate(random), _bend(random), _bend(random)))
    if shape < 0.6:  # variance preserving
        p, q, r = random.choice(_TRIPLES)
        beta = (_rate(random), _bend(random), _bend(random))
        return Germ(Fraction(p, r), Fraction(q, r), tuple(-b / 2 for b in beta), beta)
    alpha = _plain(_log_uniform(random, 0.02, 2))
    return Germ(
        alpha, sigma, (_bend(random), _bend(random), _bend(random)), (_rate(random), _bend(random), _bend(random))
    )


def _rate(random: Random) -> Fraction:
    return _plain(_log_uniform(random, 0.1, 10))


def _bend(random: Random) -> Fraction:
    return random.choice((-1, 1)) * _plain(_log_uniform(random, 0.05, 3))


def _components(random: Random, K: int, kind: str, layout: str, alpha: float, sigma: float) -> list[Component]:
    """Components whose gaps suit the layout, in units of their standard deviations at this noise."""
    spreads = [Fraction(0)] * K
    if kind != "atoms":
        plain = random.random() < 0.4
        unit = 1.0 if plain else (sigma / alpha) ** 2
        low, high = (1e-3, 4) if plain else (1e-2, 30)
        spreads = [_plain(_log_uniform(random, low, high) * unit) for _ in range(K)]
        if kind == "shared":
            spreads = [spreads[0]] * K
        elif K > 2 and random.random() < 0.3:
            spreads[1] = spreads[0]
    place, means = _plain(random.uniform(-2, 2)), []
    for k in range(K):
        means.append(place)
        sd = math.sqrt(float(spreads[k]) + (sigma / alpha) ** 2)
        place += _plain(_gap(random, layout, sd))
    if K > 2 and random.random() < 0.1:  # two components at one place
        means[random.randrange(1, K)] = means[0]
    middle = _plain(float(sum(means, Fraction(0)) / K))
    weights = _weights(random, K)
    return [component(w, m - middle, s) for w, m, s in zip(weights, means, spreads, strict=True)]


def _gap(random: Random, layout: str, sd: float) -> float:
    if layout == "plain":
        return random.choice((0.5, 1, 1, 2)) * random.uniform(0.2, 1.5)
    if layout == "mixed":
        layout = random.choice(("apart", "overlapping", "merged"))
    low, high = {"apart": (3, 15), "overlapping": (0.2, 3), "merged": (1e-6, 1e-1)}[layout]
    return sd * _log_uniform(random, low, high)


def _weights(random: Random, K: int) -> list[Fraction]:
    shape = random.random()
    if shape < 0.25:
        return [Fraction(1, K)] * K
    if shape < 0.6:
        parts = [random.randint(1, 20) for _ in range(K)]
    else:  # down to one in a million
        parts = [max(1, round(10**6 * 10 ** -random.uniform(0, 6))) for _ in range(K)]
        parts[random.randrange(K)] = 10**6
    return [Fraction(n, sum(parts)) for n in parts]
