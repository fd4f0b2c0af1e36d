"""SymPy derives closed forms; the component kernel checks each against its definition before it is handed out."""

from theory.closed_forms.derivation import QUANTITIES, derive, process_kind
from theory.closed_forms.result import ClosedForm

__all__ = ["QUANTITIES", "ClosedForm", "derive", "process_kind"]
