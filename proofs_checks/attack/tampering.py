"""Certificates for false statements: honest ones, those of a true parent, and forged ones. Untrusted.

``honest`` is the one place that builds certificates of the index kernel. Everything else changes inert data: fluxes
that grow or divide by a density, coefficients, squares that are none, lemmas that assume what is to be proved or that
hold elsewhere, fields of the wrong kind. The statement stays false throughout, so none may be accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields
from random import Random
from typing import Any

from proofs_checks.attack.rules import Draw
from theory.kernel import definition
from theory.kernel.component import certificate as component
from theory.kernel.index import certificate as index
from theory.kernel.index.links import Link
from theory.language.instances import ANY, DIFFUSION, DISCRETE, LINEAR, VE, VP, Law, Setting
from theory.language.notation import X0, E, alpha, coord, g, k, m, normsq, p, p0, s, s_c, sigma, x
from theory.language.statements import Eq, Rel
from theory.language.terms import Term, as_term, to_data

Certificate = dict[str, Any]


def honest(statement: Rel, setting: Setting, links: tuple[dict[str, Any], ...] = ()) -> list[Certificate]:
    """What a search could hand in for ``statement``: a zero test; integration by parts; the links of a true parent."""
    if isinstance(setting.law, Law):
        return [component.certificate(statement, setting, (component.Step("zero", {}),))]
    options: dict[str, Any] = {"parts": True} if "parts" in {f.name for f in fields(Link)} else {}
    plain = index.certificate(statement, setting, (Link(**options),))
    found = [plain]
    if links:
        found.append({**plain, "links": [*links]})
        if not links[0].get("parts", True):
            found.append({**plain, "links": [{**link, "parts": True} for link in links]})
    return found


def by_definition(statement: Rel) -> Certificate:
    """The certificate that a statement holds by definition."""
    return definition.certificate(statement)


def forged(
    statement: Rel, setting: Setting, links: tuple[dict[str, Any], ...], true: Rel, random: Random
) -> tuple[str, Certificate]:
    """A forged certificate of the false ``statement``; ``true`` is the true statement that it was made from."""
    whole = deepcopy(honest(statement, setting, links)[-1])
    if isinstance(setting.law, Law):
        name, forge = random.choice(_SHAPES)
        return name, forge(whole, random)
    if statement.relation == "=" and random.random() < 0.85:
        name, forge_link = random.choice(_LINKS)
        forge_link(whole["links"][0], Forgery(statement, setting, true, random))
        return name, whole
    name, forge = random.choice(_SHAPES)
    return name, forge(whole, random)


class Forgery:
    """What a forged link may use: the false statement, its setting, the true one, and a stream of draws."""

    def __init__(self, statement: Rel, setting: Setting, true: Rel, random: Random) -> None:
        self.statement, self.setting, self.true, self.random = statement, setting, true, random
        self.draw = Draw(random, diffusion=setting.process.name == "diffusion")
        self.rank = statement.lhs.rank

    def flux(self, field: Term, coefficient: Term | None = None) -> dict[str, Any]:
        weight = as_term(self.draw.number()) if coefficient is None else coefficient
        return {"coefficient": to_data(weight), "flux": to_data(field), "along": 0}


def _random_fluxes(link: dict[str, Any], o: Forgery) -> None:
    for _ in range(o.random.randint(1, 3)):
        field = o.draw.vector() if o.random.random() < 0.6 or o.draw.diffusion else o.draw.end_vector()
        if o.rank == 0:
            link["fluxes"].append(o.flux(field))
        elif o.rank == 1:
            link["fluxes"].append({**o.flux(o.draw.field()), "along": 1})
        else:
            link["fluxes"].append({**o.flux(field), "along": o.random.choice((1, 2))})


def _scaled_fluxes(link: dict[str, Any], o: Forgery) -> None:
    if not link["fluxes"]:
        return _random_fluxes(link, o)
    flux = o.random.choice(link["fluxes"])
    flux["coefficient"] = ["mul", [to_data(as_term(o.draw.number())), flux["coefficient"]], None]
    flux["along"] = o.random.choice((flux["along"], flux["along"], 1, 2, -1))
    return None


def _growing_flux(link: dict[str, Any], o: Forgery) -> None:
    """int div F dx = 0 with an F that does not decay: F = V p, V = F/p."""
    density = o.random.choice((p, p**2) if o.draw.diffusion else (p, k, p0, p**2, p * k))
    field = o.random.choice((s / density, x / density, o.draw.vector() / density))
    link["fluxes"].append(o.flux(field))


def _weighted_flux(link: dict[str, Any], o: Forgery) -> None:
    """A coefficient that is no number."""
    link["fluxes"].append(o.flux(o.draw.vector(), o.random.choice((normsq(x), coord(s, 1), p, normsq(s)))))


def _circular(link: dict[str, Any], o: Forgery) -> None:
    """The statement as its own lemma."""
    inner = honest(o.statement, o.setting)[0]
    for _ in range(o.random.randint(0, 2)):
        outer = honest(o.statement, o.setting)[0]
        outer["links"][0]["lemmas"] = [_lemma(inner, as_term(1))]
        inner = outer
    link["lemmas"] = [_lemma(inner, as_term(o.random.choice((1, 1, 2))))]


def _lemma(certificate: Certificate, coefficient: Term, rates: Any = 0) -> dict[str, Any]:
    return {"coefficient": to_data(coefficient), "rates": rates, "certificate": certificate}


def _elsewhere(link: dict[str, Any], o: Forgery) -> None:
    """The false statement, or one that differs, proved for other processes, laws or dimensions."""
    special: tuple[tuple[Rel, Setting], ...] = (
        (Eq(alpha, 1), Setting(ANY, VE)), (Eq(alpha**2 + sigma**2, 1), Setting(ANY, VP)),
        (Eq(E(x), E(X0)), Setting(ANY, VE)), (Eq(E(s), 0), Setting(DISCRETE, LINEAR, 1)),
        (Eq(s, alpha * m / sigma**2 - x / sigma**2), Setting(ANY, LINEAR, 2)), (Eq(E(s), 0), Setting(ANY, DIFFUSION)),
    )  # fmt: skip
    lemma, setting = o.random.choice(special)
    if o.random.random() < 0.4:
        lemma, setting = o.true, Setting(ANY, o.random.choice((VE, VP)), o.random.choice((1, 2)))
    link["lemmas"] = [_lemma(honest(lemma, setting)[0], o.random.choice((as_term(1), normsq(s), alpha)))]


def _true_lemma(link: dict[str, Any], o: Forgery) -> None:
    """The true parent as a lemma with a coefficient of 1 (or another one), or differentiated."""
    coefficient = o.random.choice((as_term(1), as_term(2), as_term(-1), alpha, g**2))
    link["lemmas"] = [_lemma(honest(o.true, o.setting)[0], coefficient, o.random.choice((0, 0, 0, 1)))]


def _squared(link: dict[str, Any], o: Forgery) -> None:
    link["square"] = to_data(o.random.choice((normsq(s), as_term(0), normsq(s_c))))


_LINKS: tuple[tuple[str, Callable[[dict[str, Any], Forgery], None]], ...] = (
    ("random fluxes", _random_fluxes), ("scaled fluxes", _scaled_fluxes), ("scaled fluxes", _scaled_fluxes),
    ("a flux that does not decay", _growing_flux), ("a coefficient that depends on x", _weighted_flux),
    ("its own lemma", _circular), ("a lemma from elsewhere", _elsewhere), ("the true parent as a lemma", _true_lemma),
    ("random fluxes", _random_fluxes), ("the true parent as a lemma", _true_lemma), ("a square for =", _squared),
)  # fmt: skip


def _other_kind(whole: Certificate, random: Random) -> Certificate:
    return {**whole, "kind": random.choice(("component", "bracket", "equivalence", "definition", "words", None, 1))}


def _other_version(whole: Certificate, random: Random) -> Certificate:
    return {**whole, "version": random.choice((0, 1, 3, True, "2", None, 2.0))}


def _more_fields(whole: Certificate, random: Random) -> Certificate:
    name = random.choice(("hypotheses", "checksum", "status", "proved", "scope", "steps"))
    return {**whole, name: random.choice(("proved", [], True, {"name": "decay", "status": "discharged"}))}


def _fewer_fields(whole: Certificate, random: Random) -> Certificate:
    name = random.choice(sorted(whole))
    return {key: value for key, value in whole.items() if key != name}


def _no_links(whole: Certificate, random: Random) -> Certificate:
    name = "links" if "links" in whole else "steps"
    return {**whole, name: random.choice(([], whole[name] * 2, None, {}, [None], [[]], [{}]))}


def _empty_chain(whole: Certificate, random: Random) -> Certificate:
    name = "links" if "links" in whole else "steps"
    return {**whole, "statement": {"kind": "Chain", "links": random.choice(([], [whole["statement"]]))}, name: []}


def _nonsense(whole: Certificate, random: Random) -> Certificate:
    """One random node of the data (not of the statement or the setting) exchanged for nonsense."""
    name = "links" if "links" in whole else "steps"
    spots = list(_spots(whole[name]))
    if not spots:
        return _no_links(whole, random)
    holder, key = random.choice(spots)
    holder[key] = random.choice((None, True, -1, 10**30, 0.5, "0", "", [], {}, [[]], {"q": "1/0"}, {"q": "9" * 50}))
    return whole


def _spots(value: Any) -> list[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [spot for key in keys for spot in ((value, key), *_spots(value[key]))]


_SHAPES: tuple[tuple[str, Callable[[Certificate, Random], Certificate]], ...] = (
    ("another kind", _other_kind), ("another version", _other_version), ("more fields", _more_fields),
    ("fewer fields", _fewer_fields), ("no links", _no_links), ("an empty chain", _empty_chain), ("nonsense", _nonsense),
)  # fmt: skip


__all__ = ["Certificate", "by_definition", "forged", "honest"]
