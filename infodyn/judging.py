"""Your own statement before the judges: ``infodyn.judge``. Nothing is registered and nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from theory.language.instances import ANY, LINEAR, Instance, Setting
from theory.language.statements import Statement
from theory.language.terms import Term

if TYPE_CHECKING:
    from proofs_checks.evidence import Evidence

ANYTHING = Setting(law=ANY, process=LINEAR)
BY_DEFINITION = "BY DEFINITION"
_WHO = {"proof": "algebra", "enclosure": "balls", "property": "random instances"}


@dataclass(frozen=True)
class Judgement:
    """What the judges say of a statement.

    ``verdict`` is that of a claim (VERIFIED, REFUTED, CONFLICT, UNDECIDED), or BY DEFINITION where both sides agree
    after unfolding; ``reason`` says why, ``evidence`` holds every judge's word. It prints as a short report.
    """

    text: str
    latex: str
    verdict: str
    reason: str
    evidence: tuple[Evidence, ...]

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.text}", f"  {self.reason}"]
        for e in self.evidence:
            if not e.by_definition and e.outcome.value != "NOT_APPLICABLE" and e.detail not in self.reason:
                lines.append(f"  {_WHO[e.kind.value]}: {e.outcome.value.lower()}, {e.detail}")
        return "\n".join(lines)


def judge(
    statement: Statement,
    setting: Setting = ANYTHING,
    *,
    square: Term | None = None,
    instances: Sequence[Instance] = (),
    digits: int = 12,
    seed: int = 0,
) -> Judgement:
    """Prove, enclose and attack a statement with random instances, as claims are (paths and mutants left out).

    ``setting`` says for which laws and processes it is meant: by default any law and any linear process. ``square``,
    for an inequality, is the non-negative term that its sides differ by. ``instances`` are those at which balls judge
    (default: the standing ones); a statement about one law needs its own. Raises ClaimError if they are missing.
    """
    from numerics.path_forms import NotApplicable
    from proofs_checks import campaign_property, judge_algebra, judge_balls
    from proofs_checks.claim import Claim, Source
    from proofs_checks.verdict import rule_statement
    from theory.typeset import latex, text

    if not isinstance(statement, get_args(Statement)):
        raise ValueError("judge takes a statement: write Eq(A, B), Le(A, B), .. from infodyn.statements; == compares")
    name = "statement"
    claim = Claim(
        name, "a statement of your own", Source("you"), setting, {name: statement}, "A", "",
        (NotApplicable("not asked"),), squares={} if square is None else {name: square}, instances=tuple(instances),
    )  # fmt: skip
    claim.judged_at()
    evidence = (
        *judge_algebra.judge(claim), *judge_balls.judge(claim, digits=digits), *campaign_property.run(claim, seed=seed)
    )  # fmt: skip
    ruling = rule_statement(name, evidence, beyond=claim.beyond)
    verdict, reason = (BY_DEFINITION, "both sides agree after unfolding") if ruling is None else (
        ruling.verdict.value, ruling.reason.removeprefix(f"{name}: "))  # fmt: skip
    return Judgement(text.statement_text(statement), latex.statement_latex(statement), verdict, reason, evidence)
