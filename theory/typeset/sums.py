"""Elements of the bracket kernel as readable sums: averages joined in one E, common factors in front, logarithms once.

Untrusted: what it writes lowers back to the element it came from, which the tests check line by line.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from theory.kernel.index.monomials import Element, Monomial, Scalars
from theory.language.terms import Term, make
from theory.typeset.contractions import (
    DENSITIES,
    LOGARITHMS,
    POSTERIORS,
    T_FUNCTIONS,
    merged,
    monomial_term,
    opened,
    scalars_term,
    scaled,
)
from theory.typeset.tidy import ONE, number, signed_sum


def element_term(element: Element, free: tuple[int, ...] = ()) -> Term:
    """``element`` as a sum, common factors in front and averages joined in one E. Raises NoVectorFormError."""
    if not element:
        return _zero(len(free))
    single = {m: c for m, c in element.terms.items() if _averages(m) == 1}
    rest = {m: c for m, c in element.terms.items() if m not in single}
    parts: list[tuple[int, Term]] = []
    if single:
        parts.append(_one_average(single, free))
    if rest:
        parts.append(_collected({(m[0], m[1]): c for m, c in rest.items()}, free))
    return signed_sum(parts)


def _zero(rank: int) -> Term:
    if rank == 0:
        return number(0)
    return make("origin") if rank == 1 else make("mul", (number(0), make("eye")))


def _averages(m: Monomial) -> int:
    return sum(f[0] == "E" for f in m[1])


def _one_average(terms: dict[Monomial, Fraction], free: tuple[int, ...]) -> tuple[int, Term]:
    """sum_n c_n E[w_n] as c E[sum ..], where a lone posterior average inside E is opened (the tower property)."""
    inner: dict[Monomial, Fraction] = {}
    common = _common([m[0] for m in terms])
    for (scalars, factors), c in terms.items():
        (average,) = (f for f in factors if f[0] == "E")
        others = tuple(f for f in factors if f[0] != "E")
        body = _without_tower(average[1])
        key = (_divided((*scalars, *body[0]), common), (*others, *body[1]))
        inner[key] = inner.get(key, Fraction(0)) + c
    content = _content(inner.values()) if _rates(inner) < 2 else Fraction(1)
    sign = 1 if sum(c > 0 for c in inner.values()) * 2 >= len(inner) else -1
    inside_sign, inside = _collected({m: sign * c / content for m, c in inner.items()}, free, factor_out=False)
    scalar = scalars_term(common, content)
    average_term = make("E", (inside,))
    return sign * inside_sign, average_term if scalar == ONE else scaled(scalar, average_term)


def _without_tower(body: Monomial) -> Monomial:
    return opened(opened(body, "post"), "zpost")


def _common(many: list[Scalars]) -> Scalars:
    """The powers that all have in common, functions of t alone."""
    first = {t: e for t, e in many[0] if t[0] in T_FUNCTIONS}
    for scalars in many[1:]:
        powers = dict(scalars)
        shared = {}
        for tag, exponent in first.items():
            other = powers.get(tag, 0)
            if (exponent > 0) == (other > 0) and other:
                shared[tag] = min(exponent, other) if exponent > 0 else max(exponent, other)
        first = shared
    return tuple(first.items())


def _divided(scalars: Scalars, common: Scalars) -> Scalars:
    return tuple(sorted(merged(scalars, tuple((t, -e) for t, e in common)), key=repr))


def _content(values: Iterable[Fraction]) -> Fraction:
    found = list(values)
    top, bottom = gcd(*(abs(v.numerator) for v in found)), lcm(*(v.denominator for v in found))
    return Fraction(top, bottom)


def _collected(terms: dict[Monomial, Fraction], free: tuple[int, ...], factor_out: bool = True) -> tuple[int, Term]:
    """A sum as sign times term: common factor, then one bracket for each combination of logarithms."""
    if not terms:
        return 1, _zero(len(free))
    common = _common([m[0] for m in terms]) if factor_out else ()
    densities = _densities([m[0] for m in terms])
    content = _content(terms.values()) if factor_out and _rates(terms) < 2 else Fraction(1)
    groups: dict[Scalars, dict[Monomial, Fraction]] = {}
    for (scalars, factors), c in terms.items():
        rest = _divided(_divided(scalars, common), densities)
        logs = tuple(s for s in rest if s[0][0] in LOGARITHMS)
        key = (tuple(s for s in rest if s[0][0] not in LOGARITHMS), factors)
        groups.setdefault(logs, {})[key] = c / content
    parts: list[tuple[int, Term]] = []
    for members, body in _joined_logs(groups):
        parts.extend(_bracket(members, body, free))
    scalar = scalars_term(merged(common, densities), content)
    if scalar == ONE:
        sign, inside = 1, signed_sum(parts)
    elif len(parts) == 1:
        sign, inside = parts[0]
    else:
        sign, inside = (-1, signed_sum([(-s, t) for s, t in parts])) if parts[0][0] < 0 else (1, signed_sum(parts))
    if inside.op == "neg":
        sign, inside = -sign, inside.args[0]
    return sign, inside if scalar == ONE else scalar if inside == ONE else scaled(scalar, inside)


def _densities(many: list[Scalars]) -> Scalars:
    """Powers of p, k and p0 that every monomial carries."""
    found = [{t: e for t, e in scalars if t[0] in DENSITIES} for scalars in many]
    return tuple(found[0].items()) if all(f == found[0] for f in found) else ()


Group = tuple[list[tuple[int, Scalars]], dict[Monomial, Fraction]]


def _joined_logs(groups: dict[Scalars, dict[Monomial, Fraction]]) -> list[Group]:
    """Logarithms with the same cofactor up to sign are joined: (log p0 + log k - log p) times one bracket."""
    joined: list[Group] = []
    for logs, body in groups.items():
        for members, known in joined:
            sign = 1 if known == body else -1 if known == {m: -c for m, c in body.items()} else 0
            if sign and logs and members[0][1]:
                members.append((sign, logs))
                break
        else:
            joined.append(([(1, logs)], body))
    return joined


def _rate(scalars: Scalars) -> Scalars:
    return tuple(s for s in scalars if s[0][0] in ("a", "g", "g2"))


def _rates(terms: Iterable[Monomial]) -> int:
    """How many different powers of a, g and g^2 drive a sum."""
    return len({_rate(m[0]) for m in terms})


def _by_rate(body: dict[Monomial, Fraction], free: tuple[int, ...]) -> list[tuple[int, Term]]:
    """The sum by what drives it: terms in a, terms in g^2, .., each with its common factor; [] if one drives all."""
    driven: dict[Scalars, dict[Monomial, Fraction]] = {}
    for (scalars, factors), c in body.items():
        driven.setdefault(_rate(scalars), {})[scalars, factors] = c
    if len(driven) < 2:
        return []
    return [_collected(part, free) for _, part in sorted(driven.items(), key=repr)]


def _bracket(logs: list[tuple[int, Scalars]], body: dict[Monomial, Fraction], free: tuple[int, ...]) -> list[
    tuple[int, Term]
]:  # fmt: skip
    pieces = [(1 if c > 0 else -1, monomial_term(m, abs(c), free)) for m, c in sorted(body.items(), key=_reading)]
    if len(pieces) > 3:
        pieces = _by_rate(body, free) or pieces
    if logs == [(1, ())]:
        return pieces
    sign, factor = _log_factor(logs)
    if len(pieces) == 1:
        (inner_sign, inner) = pieces[0]
        return [(sign * inner_sign, factor if inner == ONE else scaled(factor, inner))]
    return [(sign, scaled(factor, signed_sum(pieces)))]


def _log_factor(logs: list[tuple[int, Scalars]]) -> tuple[int, Term]:
    simple = {s[0]: sign for sign, s in logs if len(s) == 1}
    for op, names in POSTERIORS.items():
        tags = [(f"l{name}",) for name in names]
        if len(simple) == len(logs) == 3 and set(simple) == {(tag, 1) for tag in tags}:
            signs = [simple[tag, 1] for tag in tags]
            if signs in ([1, 1, -1], [-1, -1, 1]):
                return signs[0], make("log", (make(op),))
    parts = [(sign, scalars_term(s)) for sign, s in sorted(logs, key=lambda item: -item[0])]
    return (parts[0][0], parts[0][1]) if len(parts) == 1 else (1, signed_sum(parts))


def _reading(item: tuple[Monomial, Fraction]) -> tuple[bool, int, str]:
    (scalars, factors), c = item
    return (c < 0, -len(factors), repr((factors, scalars)))
