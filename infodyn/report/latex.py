"""The theory as a LaTeX document: definitions, claims, derivations line by line, evidence, sources."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from infodyn import __version__
from infodyn.report.latex_notation import CONVENTIONS, RULES, Row, notation_rows
from infodyn.report.tex import breakable, escaped, formula, prose
from proofs_checks.assess import Assessment
from proofs_checks.claim import Claim
from proofs_checks.derivations import derivation_of
from proofs_checks.evidence import Evidence, Kind, Outcome
from proofs_checks.verdict import Verdict
from theory.typeset.derivation import Step
from theory.typeset.latex import setting_latex, statement_latex

TITLE = "The information dynamics of generative diffusion, claim by claim"
FIGURES = 4
LONGEST_FIGURE = 70


@dataclass(frozen=True)
class Part:
    """A formula twice: as one box, and as a paragraph that may break; with the words beside it."""

    narrow: str
    wide: str
    why: str = ""
    indent: str = "1em"


def document(claims: Sequence[Claim], assessments: Mapping[str, Assessment]) -> str:
    """The whole document; claims without an assessment are marked as not assessed."""
    environment = Environment(
        loader=PackageLoader("infodyn.report"), undefined=StrictUndefined, autoescape=False,
        block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<!--", comment_end_string="-->", trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    sources = sorted({c.source.reference for c in claims})
    return environment.get_template("document.tex.j2").render(
        title=TITLE, version=__version__, opening=_opening(claims, assessments), conventions=CONVENTIONS,
        rules=[_row(row) for row in RULES], notation=[_row(row) for row in notation_rows(claims)],
        chapters=_chapters(claims, assessments), widest="9" * len(str(len(sources))),
        sources=[{"key": _key(name), "text": _reference(name)} for name in sources],
    )  # fmt: skip


def _row(row: Row) -> Part:
    return Part(formula(row.formula), breakable(row.formula), row.words)


def _key(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def _reference(name: str) -> str:
    if re.fullmatch(r"\d{4}\.\d{4,5}", name):
        return rf"\href{{https://arxiv.org/abs/{name}}}{{arXiv:{name}}}."
    return escaped(name) + "."


def _opening(claims: Sequence[Claim], assessments: Mapping[str, Assessment]) -> str:
    text = (
        f"{len(claims)} claim{'s' if len(claims) != 1 else ''} of the theory of generative diffusion, with"
        " settings, derivations and evidence, written by the program that checked them. A derivation tells how a"
        " certificate proves its statement; the certificate, not the telling, was accepted by a small kernel. "
    )
    if not assessments:
        return text + "The claims were not assessed for this document: it gives no verdicts."
    counts = [(v, sum(a.ruling.verdict is v for a in assessments.values())) for v in Verdict]
    verdicts = ", ".join(f"{n} {v.value.lower().replace('_', ' ')}" for v, n in counts if n)
    mutants = [m for a in assessments.values() for m in a.mutants]
    refuted = sum(m.status == "refuted" for m in mutants)
    return text + f"Verdicts: {verdicts}. Of {len(mutants)} near misses of the statements, {refuted} were refuted."


# -- claims ----------------------------------------------------------------------------------------------------------
def _chapters(claims: Sequence[Claim], assessments: Mapping[str, Assessment]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    titles: list[str] = []
    rows: list[list[dict[str, object]]] = []
    for claim in claims:
        if not titles or titles[-1] != claim.chapter:
            titles.append(claim.chapter)
            rows.append([])
        rows[-1].append(_claim(claim, assessments.get(claim.id), {c.id for c in claims}))
    for title, entries in zip(titles, rows, strict=True):
        found.append({"title": _heading(title), "claims": entries})
    return found


def _claim(claim: Claim, assessed: Assessment | None, known: set[str]) -> dict[str, object]:
    evidence = assessed.evidence if assessed else ()
    return {
        "id": _breaking(escaped(claim.id)), "key": _key(claim.id), "title": _heading(claim.title),
        "verdict": _verdict(claim, assessed), "setting": setting_latex(claim.setting),
        "source": _cited(claim), "needs": _needs(claim, known),
        "statements": [_statement(claim, name, evidence, assessed) for name in claim.statements],
        "hypotheses": _hypotheses(assessed), "folklore": prose(claim.correction), "mutants": _mutants(assessed),
    }  # fmt: skip


def _heading(text: str) -> str:
    """A title, with a plain form for the outline of the PDF."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii())
    return rf"\texorpdfstring{{{prose(text)}}}{{{escaped(plain).replace('$', '')}}}"


def _breaking(text: str) -> str:
    return text.replace(".", r".\allowbreak{}")


def _cited(claim: Claim) -> str:
    place = f"[{{{prose(claim.source.place)}}}]" if claim.source.place else ""
    return rf"\cite{place}{{{_key(claim.source.reference)}}}"


def _needs(claim: Claim, known: set[str]) -> str:
    if not claim.needs:
        return ""
    names = ", ".join(
        rf"\texttt{{{escaped(id)}}} (\S\ref{{claim:{_key(id)}}})" if id in known else rf"\texttt{{{escaped(id)}}}"
        for id in claim.needs
    )
    return rf"\enspace\lead{{Rests on}}{names}."


def _verdict(claim: Claim, assessed: Assessment | None) -> str:
    if assessed is None:
        return r"\textcolor{quiet}{not assessed}"
    verdict = assessed.ruling.verdict
    word = verdict.value.lower().replace("_", " ")
    if claim.is_folklore and verdict is Verdict.REFUTED:
        return r"\textcolor{good}{folklore, refuted as expected}"
    colour = "good" if assessed.as_expected and verdict is Verdict.VERIFIED else "bad"
    return rf"\textcolor{{{colour}}}{{{word}}}"


def _statement(claim: Claim, name: str, evidence: Sequence[Evidence], assessed: Assessment | None) -> dict[str, object]:
    written = statement_latex(claim.statements[name])
    own = [e for e in evidence if e.statement == name]
    steps = derivation_of(claim, name, None if assessed is None else own)
    return {
        "name": escaped(name), "narrow": formula(written), "wide": breakable(written), "record": _record(own),
        "steps": [_step(s) for s in steps],
    }  # fmt: skip


def _step(step: Step) -> Part:
    written = step.math_latex or rf"\text{{{prose(step.math_text)}}}"
    return Part(formula(written), breakable(written), step.why_latex or prose(step.why), "3em" if step.aside else "1em")


_ROUTES = {
    Kind.PROOF: "Algebra", Kind.ENCLOSURE: "Enclosure", Kind.SIMULATION: "Paths", Kind.PROPERTY: "Random instances",
}  # fmt: skip
_OUTCOMES = {
    Outcome.PROVED: "proved for", Outcome.ENCLOSED: "enclosed at", Outcome.CONSISTENT: "consistent at",
    Outcome.REFUTED: "refuted at", Outcome.UNDECIDED: "undecided",
}  # fmt: skip


def _record(evidence: Sequence[Evidence]) -> str:
    said = []
    for e in evidence:
        if e.by_definition:
            said.append(r"\route{Algebra:} holds by definition")
        elif e.kind in _ROUTES and e.outcome in _OUTCOMES:
            said.append(rf"\route{{{_ROUTES[e.kind]}:}} {_about(e)}")
    return ". ".join(said) + ("." if said else "")


def _about(e: Evidence) -> str:
    word = _OUTCOMES[e.outcome]
    if e.outcome is Outcome.PROVED:
        return f"proved for {prose(e.scope.partition(',')[0])}"
    scope = prose(e.scope if len(e.scope) <= 160 else f"{e.scope.count(',') + 1} instances")
    text = word.removesuffix(" for").removesuffix(" at") if not scope else f"{word} {scope}"
    if e.kind is Kind.ENCLOSURE:
        return text + _figures(e)
    if e.outcome in (Outcome.REFUTED, Outcome.UNDECIDED) or e.kind is Kind.SIMULATION:
        return f"{text}: {prose(e.detail)}" if e.detail and len(e.detail) <= 300 else text
    return text


def _figures(e: Evidence) -> str:
    """The first few short figures of an enclosure, balls as formulas."""
    short = [(key, value) for key, value in e.figures.items() if len(value) <= LONGEST_FIGURE]
    shown = [f"{prose(key)} {prose(value)}" for key, value in short[:FIGURES]]
    more = len(e.figures) - len(shown)
    if not shown:
        return ""
    return " (" + "; ".join(shown) + (f"; and {more} more figures" if more > 0 else "") + ")"


def _hypotheses(assessed: Assessment | None) -> str:
    if assessed is None or not assessed.hypotheses:
        return ""
    said: dict[str, None] = {}
    for h in assessed.hypotheses:
        said[f"{prose(h.name)}: {h.status}" + (f", {prose(h.by)}" if h.by else "")] = None
    return "; ".join(said) + "."


def _mutants(assessed: Assessment | None) -> str:
    if assessed is None or not assessed.mutants:
        return ""
    status = [m.status for m in assessed.mutants]
    by: dict[str, int] = {}
    for m in assessed.mutants:
        if m.by:
            by[m.by[0]] = by.get(m.by[0], 0) + 1
    routes = ", ".join(f"{n} by {kind}" for kind, n in sorted(by.items(), key=lambda item: -item[1]))
    text = f"{status.count('refuted')} of {len(status)} refuted" + (f" ({routes})" if routes else "")
    for word in ("equivalent", "survived"):
        if word in status:
            text += f", {status.count(word)} {word}"
    authored = [m.name for m in assessed.mutants if m.authored]
    return text + (f"; among them: {prose(', '.join(authored))}." if authored else ".")
