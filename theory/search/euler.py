"""The Euler operator: does a flux exist at all? For averages along a diffusion with any drift. Untrusted.

For one atom the averages are integrals of A(l, d l, .., x) e^l over x, with l = log p free. Such an integral is
constant under every variation of p that keeps the integral of p, and may be 0 for every process, only if the operator

    sum over J of (-1)^|J| (d + grad l)_J dA/d(d_J l)   +   A

does not depend on x. A fixed A - B that fails this has no flux and is false for some density. The same holds for the
variation of the drift, where the operator must vanish. This ends a search early; it refutes nothing by itself.
"""

from __future__ import annotations

from fractions import Fraction

from theory.kernel.errors import KernelError, UnsupportedError
from theory.kernel.index.bracket import Channel
from theory.kernel.index.lower import Lowering
from theory.kernel.index.monomials import Element, Factor, Monomial, indices_of, monomial, open_up, total
from theory.kernel.index.zero import cleared

_LOG = ("lk",)
_ONE_ATOM = {("lp",): _LOG, ("lpz",): _LOG, ("p",): ("k",), ("pz",): ("k",)}
_TRIVIAL = frozenset({("lwz",), ("lp0",)})
_UNIT = frozenset({("wz",), ("p0",)})


def has_no_flux(residual: Element, lowering: Lowering) -> bool:
    """Whether the Euler operator shows that no flux proves ``residual`` = 0; False if that cannot be said."""
    if lowering.channel.is_linear:
        return False
    try:
        body = _body(cleared(residual))
        if body is None:
            return False
        own = total((body, euler(body, "lk", lowering.channel)))
        moved = lowering.channel.gradient(own, 1)
        return bool(moved) or bool(euler(body, "f", lowering.channel))
    except KernelError:
        return False


def euler(body: Element, name: str, channel: Channel) -> Element:
    """sum_J (-1)^|J| (d + grad l)_J d body/d(d_J name); for the drift its component keeps the index 1."""
    pieces = []
    for m, coefficient in body.terms.items():
        scalars, factors = open_up(m, 1)
        if name == "lk":
            density = sum((Fraction(e) for t, e in scalars if t == ("k",)), Fraction(0))
            if density:
                pieces.append(monomial(scalars, factors).scaled(coefficient * density))
            power = sum((Fraction(e) for t, e in scalars if t == _LOG), Fraction(0))
            if power:
                pieces.append(monomial((*scalars, (_LOG, -1)), factors).scaled(coefficient * power))
        for place, (kind, data, slots) in enumerate(factors):
            if kind != "jet" or data[0] != name:
                continue
            if data[2]:
                raise UnsupportedError("a time derivative of the drift")
            rest = monomial(scalars, factors[:place] + factors[place + 1 :])
            taken = slots[data[1] :]
            sign = -1 if len(taken) % 2 else 1
            changed = _weighted_derivatives(rest, taken, channel)
            if data[1]:  # the component of the drift becomes the free index 1
                changed = changed * monomial((), (("delta", "", (slots[0], 1)),))
            pieces.append(changed.scaled(sign * coefficient))
    return total(pieces)


def _weighted_derivatives(element: Element, directions: tuple[int, ...], channel: Channel) -> Element:
    """(d_i + d_i l) .. (d_j + d_j l) element, contracted with the open indices ``directions`` of the element."""
    fresh = max((i for m in element.terms for i in indices_of(m[1])), default=0)
    fresh = max(fresh, *directions, 1) if directions else fresh
    for direction in directions:
        fresh += 1
        moved = channel.gradient(element, fresh) + element * channel.slope(fresh)
        element = moved * monomial((), (("delta", "", (direction, fresh)),))
    return element


def _body(residual: Element) -> Element | None:
    """A with residual = integral of A e^l, for one atom at the origin; None unless it is linear in the averages."""
    pieces = []
    for m, coefficient in residual.terms.items():
        scalars, factors = open_up(m)
        averages = [f for f in factors if f[0] == "E"]
        if len(averages) > 1 or any(f[0] not in ("E", "delta") for f in factors):
            return None
        outside = monomial(scalars, tuple(f for f in factors if f[0] == "delta")).scaled(coefficient)
        pieces.append(outside * (_flat(averages[0][1]) if averages else monomial()))
    return total(pieces)


def _flat(body: Monomial) -> Element:
    """The body of an average for one atom at the origin: every posterior average is its integrand."""
    scalars, factors = body
    if any(t in _TRIVIAL for t, _ in scalars) or any(f[0] == "X" for f in factors):
        return Element()
    kept = tuple((_ONE_ATOM.get(t, t), e) for t, e in scalars if t not in _UNIT)
    out = monomial(kept)
    for factor in factors:
        out = out * (_flat(factor[1]) if factor[0] in ("post", "zpost") else _single(factor))
    return out


def _single(factor: Factor) -> Element:
    if factor[0] in ("mz", "Sz", "vinv", "E"):
        raise UnsupportedError(f"{factor[0]} has no value for one atom here")
    return monomial((), (factor,))
