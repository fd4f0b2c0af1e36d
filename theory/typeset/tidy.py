"""Core terms in the author's spelling: differences, quotients and named averages instead of powers and factors -1.

Untrusted, and harmless: ``tidy(t)`` says the same as ``t`` by definition, which the tests check.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from theory.language.definitions import MEAN, p, p0, pz, wz
from theory.language.terms import Term, make, rebuild

KERN = make("kern")


def number(value: int | Fraction) -> Term:
    """An exact rational."""
    return make("num", (), Fraction(value))


ONE, ZERO = number(1), number(0)


def product(factors: Sequence[Term]) -> Term:
    """A product, numbers first; the empty one is 1. At most one factor is a vector or matrix, and it comes last."""
    kept = sorted((f for f in factors if f != ONE), key=lambda f: (f.rank > 0, f.op != "num"))
    if not kept:
        return ONE
    flat = [part for f in kept for part in (f.args if f.op == "mul" else (f,))]
    return flat[0] if len(flat) == 1 else make("mul", tuple(flat))


def quotient(above: Term, below: Term) -> Term:
    """above / below."""
    return above if below == ONE else make("quot", (above, below))


def negative(term: Term) -> Term:
    """-term, without a double sign."""
    return term.args[0] if term.op == "neg" else make("neg", (term,))


def signed_sum(parts: Iterable[tuple[int, Term]]) -> Term:
    """A sum of signed terms, a positive one first where there is one."""
    found = [(s, t) for s, t in parts if t != ZERO]
    if not found:
        return ZERO
    first = next((n for n, (s, _) in enumerate(found) if s > 0), 0)
    found = [found[first], *found[:first], *found[first + 1 :]]
    total = found[0][1] if found[0][0] > 0 else negative(found[0][1])
    for s, t in found[1:]:
        if s < 0:
            total = make("sub", (total, t))
        else:
            total = make("add", ((*total.args, t) if total.op == "add" else (total, t)))
    return total


def summands(term: Term, sign: int = 1) -> list[tuple[int, Term]]:
    """The signed parts of a sum, sums inside it opened."""
    if term.op == "add":
        return [part for t in term.args for part in summands(t, sign)]
    if term.op == "sub":
        return summands(term.args[0], sign) + summands(term.args[1], -sign)
    if term.op == "neg":
        return summands(term.args[0], -sign)
    return [(sign, term)]


def tidy(term: Term, keep: frozenset[Term] = frozenset()) -> Term:
    """``term`` as an author would write it; subterms in ``keep`` stay as they are."""
    sign, made = _signed(term, keep)
    return negative(made) if sign < 0 else made


def _signed(term: Term, keep: frozenset[Term]) -> tuple[int, Term]:
    if term in keep:
        return 1, term
    if term.op == "num":
        assert isinstance(term.data, Fraction)
        return (-1, number(-term.data)) if term.data < 0 else (1, term)
    if term.op == "neg":
        sign, inner = _signed(term.args[0], keep)
        return -sign, inner
    if term.op in ("add", "sub"):
        return _sum(term, keep)
    if term.op in ("mul", "quot") or (term.op == "pow" and _exponent(term) < 0):
        return _product(term, keep)
    if term == MEAN:
        return 1, make("post_mean")
    if term.op in ("E", "post", "grad", "tr", "dt", "div", "jac"):
        sign, inner = _signed(term.args[0], keep)
        return _linear(term, sign, inner)
    made = rebuild(term, tuple(tidy(t, keep) for t in term.args))
    if made.op == "dot" and made.args[0] == made.args[1] and made.args[0].rank == 1:
        return 1, make("normsq", made.args[:1])
    if made.op == "post" and made.args[0].op == "X0":
        return 1, make("post_mean")
    return 1, made


def _linear(term: Term, sign: int, inner: Term) -> tuple[int, Term]:
    if term.op == "tr" and inner.op == "grad" and inner.args[0].op == "grad":
        return sign, make("lap", inner.args[0].args)
    if term.op == "tr" and inner.op == "grad":
        return sign, make("div", inner.args)
    if term.op == "E" and sign < 0:  # E[-log p] is the author's form of an entropy
        return 1, make("E", (negative(inner),))
    if term.op == "post" and sign < 0:
        return 1, make("post", (negative(inner),))
    return sign, rebuild(term, (inner,))


def _exponent(term: Term) -> Fraction:
    assert isinstance(term.data, Fraction)
    return term.data


def _sum(term: Term, keep: frozenset[Term]) -> tuple[int, Term]:
    parts: list[tuple[int, Term]] = []

    def gather(t: Term, sign: int) -> None:
        if t not in keep and t.op == "add":
            for part in t.args:
                gather(part, sign)
        elif t not in keep and t.op == "sub":
            gather(t.args[0], sign)
            gather(t.args[1], -sign)
        else:
            s, made = _signed(t, keep)
            parts.append((s * sign, made))

    gather(term, 1)
    made = signed_sum(parts)
    return (-1, made.args[0]) if made.op == "neg" else (1, made)


def _product(term: Term, keep: frozenset[Term]) -> tuple[int, Term]:
    above: list[Term] = []
    below: list[Term] = []
    sign, scale = 1, Fraction(1)

    def gather(t: Term, up: bool) -> None:
        nonlocal sign, scale
        if t not in keep and t.op == "mul":
            for part in t.args:
                gather(part, up)
        elif t not in keep and t.op == "quot":
            gather(t.args[0], up)
            gather(t.args[1], not up)
        elif t not in keep and t.op == "pow" and _exponent(t) < 0:
            size = -_exponent(t)
            gather(t.args[0] if size == 1 else make("pow", t.args, size), not up)
        else:
            s, made = _signed(t, keep)
            sign *= s
            if made.op == "num" and t not in keep:
                assert isinstance(made.data, Fraction)
                scale = scale * made.data if up else scale / made.data
            elif made.op in ("mul", "quot"):
                gather_made(made, up)
            else:
                (above if up else below).append(made)

    def gather_made(made: Term, up: bool) -> None:
        upper, lower = (made.args[0], made.args[1]) if made.op == "quot" else (made, ONE)
        (above if up else below).extend(upper.args if upper.op == "mul" else (upper,))
        if lower != ONE:
            (below if up else above).extend(lower.args if lower.op == "mul" else (lower,))

    gather(term, True)
    if scale < 0:
        sign, scale = -sign, -scale
    for name, pair in (("posterior", (p0, KERN)), ("posterior_z", (wz, pz))):
        if all(t in above for t in pair) and p in below:
            above = [make(name), *(t for t in above if t not in pair)]
            below.remove(p)
    if scale == 0:
        return 1, ZERO if not term.rank else term
    tensors = [t for t in above if t.rank]
    scalars = [t for t in above if not t.rank and t != ONE]
    top = [*([number(scale.numerator)] if scale.numerator != 1 else []), *scalars]
    bottom = [*([number(scale.denominator)] if scale.denominator != 1 else []), *(t for t in below if t != ONE)]
    if bottom and tensors and top:
        plain = [t for t in top if t.op in ("num", "tfun", "sym", "dim") or (t.op == "pow" and t.args[0].op == "tfun")]
        rest = [t for t in top if t not in plain]
        return sign, make("mul", (quotient(product(plain), product(bottom)), *rest, *tensors))
    if bottom:
        return sign, quotient(product([*top, *tensors]), product(bottom))
    return sign, product([*top, *tensors])
