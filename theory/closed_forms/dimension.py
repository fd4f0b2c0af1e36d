"""The isotropic Gaussian with the dimension D left open: numbers that add up over independent coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.closed_forms.formula import Formula, const
from theory.closed_forms.result import CLOSED, ClosedForm, FormulaError, NoClosedFormError
from theory.kernel.component.model import Model
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import KernelError
from theory.language import notation as n
from theory.language.instances import LawError, Scalar, gaussian
from theory.language.terms import Term, as_term, make
from theory.sympy_bridge import to_sympy

_SIZES = (1, 2, 3)


@dataclass(frozen=True)
class IsotropicGaussian:
    """N(m, variance I) in D dimensions, D a symbol; its numbers do not depend on the mean m.

    Raises LawError for a variance that is a number <= 0.
    """

    variance: Scalar | int

    def __post_init__(self) -> None:
        value = as_term(self.variance)
        if value.op == "num" and isinstance(value.data, Fraction) and value.data <= 0:
            raise LawError(f"the variance {value.data} is not positive")


def _formulas(S: Term, process: str) -> dict[str, tuple[str, str, Term, Term]]:
    """Name in text and LaTeX, one coordinate's share, and the defining term."""
    alpha2 = as_term(1) if process == "ve" else n.alpha**2
    noisy = S + n.sigma**2 if process == "ve" else alpha2 * S + n.sigma**2
    v = make("sym", (), "v")
    signal = S if process == "ve" else alpha2 * S
    growth = n.g**2 / (2 * v)
    spread = {"ve": growth, "vp": growth - n.g**2 / 2}.get(process, n.a + growth)
    half = const(Fraction(1, 2))
    return {
        "v": ("", "", noisy, noisy),
        "entropy": ("H(Xt)", "H(X_t)", (1 + n.log(2 * n.pi * v)) / 2, n.H(n.Xt)),
        "entropy-rate": ("dH(Xt)/dt", r"\frac{d}{dt} H(X_t)", spread, n.dt(n.H(n.Xt))),
        "conditional-entropy": (
            "H(X0|Xt)", r"H(X_0 \mid X_t)", half * (1 + n.log(2 * n.pi * n.sigma**2 * S / v)), n.H(n.X0 | n.Xt)
        ),
        "bandwidth": (
            "dH(X0|Xt)/dt", r"\frac{d}{dt} H(X_0 \mid X_t)", n.g**2 * signal / (2 * n.sigma**2 * v),
            n.dt(n.H(n.X0 | n.Xt)),
        ),
        "mmse": ("mmse", r"\mathrm{mmse}", n.sigma**2 * S / v, n.mmse),
        "fisher-information": ("E|s|^2", r"\mathbb{E}\left\|s\right\|^2", 1 / v, n.E(n.normsq(n.s))),
        "expected-divergence": ("E div s", r"\mathbb{E} \nabla\cdot s", -(1 / v), n.E(n.div(n.s))),
        "divergence": ("div s(x)", r"\nabla\cdot s(x)", -(1 / v), n.div(n.s)),
    }  # fmt: skip


def replaced(term: Term, name: str, by: Term) -> Term:
    """``term`` with a symbol replaced."""
    if term.op == "sym" and term.data == name:
        return by
    return make(term.op, tuple(replaced(t, name, by) for t in term.args), term.data)


def open_dimension(quantity: str, law: IsotropicGaussian, process: str, signs: Mapping[str, str]) -> ClosedForm:
    """The formula, linear in D, compared with the definition in 1, 2 and 3 dimensions."""
    S = as_term(law.variance)
    formulas = _formulas(S, process)
    if quantity not in formulas or quantity == "v":
        raise NoClosedFormError(f"{quantity} depends on coordinates: give a law in a definite dimension")
    noisy = formulas["v"][2]
    text_name, latex_name, share, definition = formulas[quantity]
    main = -(n.D * share.args[0]) if share.op == "neg" else n.D * share
    whole = replaced(main, "v", noisy)
    chosen = [tuple(name for name, sign in signs.items() if sign == wanted) for wanted in ("positive", "nonnegative")]
    for size in _SIZES:
        try:
            model = Model(gaussian((0,) * size, law.variance), process, *chosen)
            gap = model.scalar(whole) - model.scalar(definition)
        except KernelError as error:
            raise NoClosedFormError(
                f"{quantity} cannot be certified: {error}; declare the sign of the variance"
            ) from error
        if not is_zero(gap):
            raise FormulaError(f"{quantity}: the kernel does not confirm the formula in {size} dimension(s)")
    formula = Formula(text_name, latex_name, main, None, None, {"v": noisy})
    said = (
        "exact zero tests in 1, 2 and 3 dimensions; the coordinates are independent, so the quantity is D times one's"
    )
    return ClosedForm(quantity, law, process, CLOSED, to_sympy(whole, signs=signs), whole, formula, said)
