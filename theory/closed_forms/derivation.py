"""Closed forms, derived and then checked: density, score, Jacobian, posterior moments, entropies and their rates.

``derive`` writes each formula in the field's natural form, with responsibilities and component scores as named pieces.
Before it is returned, the component kernel lowers the same formula and the definition of the quantity, and their
difference must vanish by an exact zero test; otherwise FormulaError is raised and nothing is printed. SymPy only
receives the result; it judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy

from theory.closed_forms.algebras import KernelAlgebra, SympyAlgebra, TermAlgebra
from theory.closed_forms.dimension import IsotropicGaussian, open_dimension
from theory.closed_forms.evaluation import Evaluation, Grid
from theory.closed_forms.formula import Formula
from theory.closed_forms.mixture import Builder
from theory.closed_forms.numbers import NUMBERS, Number
from theory.closed_forms.result import CLOSED, INTEGRAND, ClosedForm, FormulaError, NoClosedFormError
from theory.kernel.component.model import Model
from theory.kernel.component.tensors import Tensor
from theory.kernel.component.zero import is_zero
from theory.kernel.errors import BudgetError, KernelError
from theory.language import notation as n
from theory.language.instances import Law
from theory.language.terms import Term, as_term, walk
from theory.sympy_bridge import symbol_for

_RESERVED = frozenset({"x", "X0", "t", "alpha", "sigma", "a", "g", "D", "pi", "e"})
FIELDS: dict[str, tuple[str, str, Callable[[Builder], Term], Term]] = {
    "density": ("p(x)", "p_t(x)", Builder.density, n.p),
    "log-density": ("log p(x)", r"\log p_t(x)", Builder.log_density, n.log(n.p)),
    "score": ("s(x)", "s(x)", Builder.score, n.s),
    "jacobian": ("J(x)", r"\nabla s(x)", Builder.jacobian, n.jac(n.s)),
    "divergence": ("div s(x)", r"\nabla\cdot s(x)", Builder.divergence, n.div(n.s)),
    "posterior-mean": ("E[X0|x]", r"\mathbb{E}[X_0 \mid x]", Builder.posterior_mean, n.m),
    "posterior-covariance": ("Cov(X0|x)", r"\operatorname{Cov}(X_0 \mid x)", Builder.posterior_cov, n.Cov(n.X0 | n.x)),
}
QUANTITIES = (*FIELDS, *NUMBERS)


def process_kind(process: Any) -> str:
    """ "ve" (alpha = 1), "vp" (alpha^2 + sigma^2 = 1) or "linear", of a process, a process class or such a name."""
    if isinstance(process, str) and process in ("linear", "ve", "vp"):
        return process
    alpha = getattr(process, "alpha", None)
    if alpha is not None:
        line = getattr(process, "line", None)
        one = as_term(1)
        return "ve" if alpha == one else "vp" if line == (one, one) else "linear"
    name = getattr(process, "name", None)
    if name in ("linear", "ve", "vp"):
        return str(name)
    raise NoClosedFormError(f"{process!r} is no linear process: give ve, vp or linear")


def derive(quantity: str, law: Any, process: Any = "linear", *, assume: Mapping[str, str] | None = None) -> ClosedForm:
    """The closed form (or exact integrand) of ``quantity`` for ``law``, checked by the component kernel.

    ``law``: a :class:`Law` in 1 to 3 dimensions with numbers or symbols, or an :class:`IsotropicGaussian` with D left
    open. ``process``: a process, or "linear" (alpha and sigma stay symbols), "ve" or "vp". ``assume`` maps symbols to
    "positive" or "nonnegative"; a symbol that stands alone as a variance is positive unless said otherwise.

    Raises NoClosedFormError (a ValueError) with the reason and the remedy; FormulaError if the kernel does not confirm
    a formula.
    """
    if quantity not in QUANTITIES:
        raise NoClosedFormError(f"unknown quantity {quantity!r}; known: {', '.join(QUANTITIES)}")
    signs = dict(assume or {})
    unknown = sorted(set(signs.values()) - {"positive", "nonnegative"})
    if unknown:
        raise NoClosedFormError(f"an assumption is positive or nonnegative, not {unknown[0]}")
    kind = process_kind(process)
    if isinstance(law, IsotropicGaussian):
        return open_dimension(quantity, law, kind, signs)
    if not isinstance(law, Law):
        raise NoClosedFormError(f"{law!r} is no law")
    if law.D > 3:
        raise NoClosedFormError(f"formulas are written for 1 to 3 dimensions, not {law.D}")
    names = _symbols(law)
    clash = sorted(names & _RESERVED)
    if clash:
        raise NoClosedFormError(f"the symbol {clash[0]} means something else in the formula; rename it")
    assumed = {name: "positive" for name in _variances(law) if name not in signs}
    try:
        return _derive(quantity, law, kind, assumed | signs, names, tuple(assumed))
    except BudgetError as error:
        raise NoClosedFormError(f"{quantity}: the check grows too large ({error})") from error
    except KernelError as error:
        hint = f"; declare the signs of {', '.join(sorted(names))}, as in 'mu>0'" if names - set(signs) else ""
        raise NoClosedFormError(f"{quantity} cannot be certified: {error}{hint}") from error


def _symbols(law: Law) -> frozenset[str]:
    scalars = [v for c in law.components for v in (c.weight, *c.mean, *(u for row in c.cov for u in row))]
    return frozenset(str(node.data) for v in scalars if isinstance(v, Term) for node in walk(v) if node.op == "sym")


def _variances(law: Law) -> list[str]:
    """Symbols that stand alone as variances; a law with a density has them positive."""
    diagonal = [c.cov[i][i] for c in law.components for i in range(law.D)]
    return sorted({str(v.data) for v in diagonal if isinstance(v, Term) and v.op == "sym"})


def _model(law: Law, kind: str, signs: Mapping[str, str]) -> Model:
    """The model in which formulas are checked: with alpha = 1 for ve, else for every linear process (vp is one)."""
    chosen = [tuple(name for name, sign in signs.items() if sign == wanted) for wanted in ("positive", "nonnegative")]
    return Model(law, "ve" if kind == "ve" else "linear", *chosen)


def _derive(
    quantity: str, law: Law, kind: str, signs: Mapping[str, str], names: frozenset[str], assumed: tuple[str, ...]
) -> ClosedForm:
    model, builder = _model(law, kind, signs), Builder(law, kind, names)
    check = _Check(model, builder)
    if quantity in FIELDS:
        text_name, latex_name, build, definition = FIELDS[quantity]
        main, integrand = build(builder), None
        check.equal(main, definition, quantity)
        said = f"{check.count} exact zero test(s) of formula minus definition in the component kernel"
    else:
        text_name, latex_name, make_number = NUMBERS[quantity]
        number = make_number(builder)
        main, integrand = number.main, number.integrand
        said = _check_number(check, number, quantity)
    if assumed:
        said += f"; for {', '.join(f'{name} > 0' for name in assumed)}"
    formula = builder.formula(text_name, latex_name, main, integrand)
    return ClosedForm(
        quantity, law, kind, CLOSED if integrand is None else INTEGRAND,
        _sympy(formula, builder, signs, check.shape), check.term(main) if integrand is None else None, formula, said,
    )  # fmt: skip


def _check_number(check: _Check, number: Number, quantity: str) -> str:
    if number.against is not None:
        check.equal(number.main, number.against, quantity)
    for display, definition in number.inside:
        check.equal(display, definition, quantity)
    for display, definition in number.at_end:
        check.equal(display, definition, quantity, point="X0")
    tests = f"{check.count} exact zero test(s) in the component kernel"
    if number.integrand is None:
        return f"{tests}: formula minus definition, by exact Gaussian moments"
    moved = "; d/dt is taken under the integral" if quantity in ("entropy-rate", "bandwidth") else ""
    return f"{tests}: the integrand against the definition, E[w] = integral of p w dx{moved}"


class _Check:
    """Exact comparison of display terms with definitions in one model."""

    def __init__(self, model: Model, builder: Builder) -> None:
        self.model, self.builder, self.count = model, builder, 0
        self.shape = (1, 1)

    def _pieces(self) -> dict[str, Any]:
        return {name: piece for name, piece in self.builder.pieces.items() if name not in ("alpha", "a")}

    def equal(self, display: Term, definition: Term, quantity: str, point: str = "x") -> None:
        """Raises FormulaError unless every entry of the difference vanishes."""
        algebra = KernelAlgebra(self.model, point, self.builder.weight_names)
        grid = Evaluation(algebra, self._pieces(), self.model.D).grid(display)
        expected = _rows(self.model.lower(definition))
        shape = self.shape = (len(expected), len(expected[0]))
        if (len(grid), len(grid[0])) != shape and len(grid) == 1 and not grid[0][0].terms:
            grid = tuple((grid[0][0],) * shape[1] for _ in range(shape[0]))
        if (len(grid), len(grid[0])) != shape:
            raise FormulaError(f"{quantity}: the formula has another shape than its definition")
        for ours, theirs in zip(grid, expected, strict=True):
            for left, right in zip(ours, theirs, strict=True):
                self.count += 1
                if not is_zero(left - right):
                    raise FormulaError(f"{quantity}: the kernel does not confirm the formula")

    def term(self, display: Term) -> Term | None:
        """The formula as a term, itself compared with the formula; None for vectors and large cases."""
        if self.model.D > 1 and self.model.law.K > 1:
            return None
        grid = Evaluation(TermAlgebra(), self._pieces(), self.model.D).grid(display)
        if len(grid) != 1 or len(grid[0]) != 1:
            return None
        term: Term = grid[0][0]
        value = Evaluation(
            KernelAlgebra(self.model, "x", self.builder.weight_names), self._pieces(), self.model.D
        ).scalar(display)
        try:
            gap = self.model.scalar(term) - value
        except KernelError:  # a symbol that is positive only because the law is one: the term alone cannot say so
            return None
        if not is_zero(gap):
            raise FormulaError("the term differs from the formula")
        return term


def _rows(value: Tensor) -> Grid:
    if not isinstance(value, tuple):
        return ((value,),)
    return tuple(tuple(v) if isinstance(v, tuple) else (v,) for v in value)


def _sympy(formula: Formula, builder: Builder, signs: Mapping[str, str], shape: tuple[int, int]) -> Any:
    evaluation: Evaluation[Any] = Evaluation(SympyAlgebra(builder.D, signs), builder.pieces, builder.D)
    grid = evaluation.grid(formula.main)
    if formula.integrand is None:
        if shape == (1, 1):
            return grid[0][0]
        zero = len(grid) == 1 and grid[0][0] == 0  # a vanishing matrix is written 0
        return sympy.ImmutableMatrix(sympy.zeros(*shape) if zero else grid)
    names = ["x"] if builder.D == 1 else [f"x_{i + 1}" for i in range(builder.D)]
    limits = [(symbol_for(name), -sympy.oo, sympy.oo) for name in names]
    return grid[0][0] + sympy.Integral(evaluation.scalar(formula.integrand), *limits)
