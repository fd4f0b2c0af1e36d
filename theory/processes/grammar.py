"""The safe grammar of processes. Standard library only.

process = "ve" | "edm" | "standing" | "flow" | "flow-matching"
        | ("vp" | "subvp") [ "(" ["beta" "="] scalar [ "," scalar ] ")" ]
        | "cosine" [ "(" ["s" "="] scalar ")" ]
        | "ou" "(" ["theta" "="] scalar "," ["g" "="] scalar ")"
        | "linear" "(" "alpha" "=" scalar "," "sigma" "=" scalar ")"          scalars in t
"""

from __future__ import annotations

from collections.abc import Callable

from theory.calculus import symbols_of
from theory.grammar import Reader, as_number
from theory.language.instances import LawError, Scalar
from theory.language.terms import Term
from theory.processes import schedules
from theory.processes.process import Process

FORMS = (
    "ve, edm, vp, vp(beta=2), vp(1/10, 20), subvp, subvp(1/10, 20), cosine, flow, ou(theta, g), "
    "linear(alpha=.., sigma=..)"
)


def _argument(reader: Reader, name: str) -> Scalar:
    """``name=value`` or ``value``, free of t."""
    if reader.next.kind == "name" and reader.next.text == name and reader.ahead(1).text == "=":
        reader.take()
        reader.take()
    start = reader.next
    term = reader.scalar()
    value = as_number(term)
    reserved = sorted(symbols_of(term) & {"t", "A", "V", "u"})
    if "t" in reserved:
        reader.fail(f"{name} is a constant; for functions of t write linear(alpha=.., sigma=..)", start)
    if reserved:
        reader.fail(f"{reserved[0]} has a meaning of its own in a process; choose another name", start)
    return term if value is None else value


def _named(reader: Reader, name: str) -> Term:
    token = reader.name(f"{name}=")
    if token.text != name:
        reader.fail(f"expected {name}=.., found {token.text!r}", token)
    reader.expect("=", f"after {name}")
    return reader.scalar()


def parse_process(text: str) -> Process:
    """The process that ``text`` spells. Raises LawError with the column and the remedy, never anything else."""
    reader = Reader(text)
    head = reader.name(f"a process: {FORMS}")
    form = _FORMS.get(head.text)
    if form is None:
        reader.fail(f"unknown process {head.text!r}; known: {FORMS}", head)
    try:
        process = form(reader)
    except LawError as error:
        if hasattr(error, "column"):
            raise
        reader.fail(str(error), head)
    reader.end()
    return process


def _rates(reader: Reader, name: str) -> list[Scalar]:
    """No, one or two rates in brackets."""
    if not reader.accept("("):
        return []
    rates = [_argument(reader, "beta")]
    if reader.accept(","):
        rates.append(_argument(reader, "beta"))
    reader.expect(")", f"to close {name}(..)")
    return rates


def _vp(reader: Reader) -> Process:
    rates = _rates(reader, "vp")
    return schedules.vp_linear(*rates) if len(rates) == 2 else schedules.vp(*rates)


def _subvp(reader: Reader) -> Process:
    return schedules.subvp(*_rates(reader, "subvp"))


def _cosine(reader: Reader) -> Process:
    if not reader.accept("("):
        return schedules.cosine()
    offset = _argument(reader, "s")
    reader.expect(")", "to close cosine(..)")
    return schedules.cosine(offset)


def _flow(reader: Reader) -> Process:
    if reader.at("-") and reader.ahead(1).text == "matching":
        reader.take()
        reader.take()
    return schedules.flow()


def _ou(reader: Reader) -> Process:
    reader.expect("(", "after ou, as in ou(1, 2)")
    theta = _argument(reader, "theta")
    reader.expect(",", "between theta and g")
    noise = _argument(reader, "g")
    reader.expect(")", "to close ou(..)")
    return schedules.ou(theta, noise)


def _linear(reader: Reader) -> Process:
    reader.expect("(", "after linear, as in linear(alpha=exp(-t), sigma=sqrt(1-exp(-2*t)))")
    alpha = _named(reader, "alpha")
    reader.expect(",", "between alpha and sigma")
    sigma = _named(reader, "sigma")
    reader.expect(")", "to close linear(..)")
    return schedules.linear(alpha, sigma)


_FORMS: dict[str, Callable[[Reader], Process]] = {
    "ve": lambda reader: schedules.ve(), "edm": lambda reader: schedules.edm(),
    "standing": lambda reader: schedules.STANDING_PROCESS, "vp": _vp, "subvp": _subvp, "cosine": _cosine,
    "flow": _flow, "ou": _ou, "linear": _linear,
}  # fmt: skip
NAMES = tuple(_FORMS)

__all__ = ["FORMS", "NAMES", "parse_process"]
