"""An altered document, its checksum computed again, is refused by name, or says something that is true and proved.

Every leaf, list and object of the documents is altered in every way listed in :func:`alterations`. What the kernel then
still accepts must be true for reasons of its own: the statement of the document that was altered, for laws and
processes that it was proved for; or an equality of numbers at standing instances; or a statement that is settled
afresh. A step that is altered inside a certificate is shown to the kernel alone too, for whoever alters a step can copy
what the document says about it from a proof.

``INFODYN_ALTERATIONS`` sets how many alterations of each theorem are tried; ``all`` tries every one (minutes).
"""

import copy
import json
import os
import random
import re
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import pytest

from numerics.gap import float_gap
from numerics.rings import Unsupported
from proofs_checks import registry
from proofs_checks.certificates import prove
from proofs_checks.claim import GENERIC, STANDING_GERMS
from theory.kernel.document import checksum, document
from theory.kernel.errors import KernelError
from theory.kernel.replay import check, check_all
from theory.language.definitions import NOTATION
from theory.language.instances import GAUSSIAN, MATRIX, STANDING, STANDING_GERM, Instance, Law, Setting, gaussian
from theory.language.notation import *
from theory.language.serial import LAW_CLASSES, PROCESS_CLASSES, setting_from_data
from theory.language.statements import Chain, Eq, Rel, statement_data
from theory.language.terms import CORE, Term, TermError, make, rebuild, walk
from theory.search.matrices import settle_matrices
from theory.search.settle import settle

CLAIMS = (
    "fwd.schedule_identity", "fwd.fokker_planck", "score.tweedie", "score.hessian_cov", "entropy.conditional_rate",
    "entropy.monotone_dpi", "entropy.gaussian_closed", "path.cond_entropy_reverse", "path.var_decomposition",
    "bif.critical_sigma", "bif.fixed_point_equation", "bif.pitchfork_normal_form", "filter.noise_suppression",
    "entropy.any_drift", "entropy.class_rate", "matrices",
)  # fmt: skip
_ALL = os.environ.get("INFODYN_ALTERATIONS", "")
PER_THEOREM = 10**9 if _ALL == "all" else int(_ALL or "10")
NAMED = re.compile(
    r"theorem \d+ \(.*\): .|theorem \d+: |not a document|a document has|the checksum|no kernel reads|the name",
    re.DOTALL,
)
C = Cov(Xt)
MATRIX_SETTING = Setting(GAUSSIAN, MATRIX)
MATRICES = {
    "Lyapunov": Eq(dt(C), dot(A, C) + dot(C, transpose(A)) + G),
    "entropy rate": Eq(d(H(Xt)), tr(A) + tr(dot(G, inv(C))) / 2),
}


@lru_cache
def document_of(id):
    """The document of a claim, or of statements about Gaussian matrices (the catalogue has none)."""
    if id != "matrices":
        return prove(registry.find(id), 10).document()
    found = {n: settle_matrices(statement, MATRIX_SETTING).certificate for n, statement in MATRICES.items()}
    return document(id, {n: (data, check(data)) for n, data in found.items()})


def alone(id, number):
    """The document of one theorem: the smallest that can be altered."""
    data = copy.deepcopy(document_of(id))
    data["theorems"] = [data["theorems"][number]]
    return {**data, "checksum": checksum(data)}


# -- what can be altered -----------------------------------------------------------------------------------------------
CHOICES = (
    ("=", "<=", "<", ">=", ">"), ("assumed", "discharged"), ("maxima", "zeros", "minima"), ("E", "post", "point"),
    ("alpha", "sigma", "a", "g"), ("A", "G"), tuple(LAW_CLASSES), tuple(PROCESS_CLASSES), ("mu", "S", "S1", "S2", "r"),
    ("bracket", "component", "equivalence", "matrix", "definition"), ("Rel", "Chain", "Iff", "Located", "Limit"),
    ("forward", "reverse", "flow", "reverse-given-end"),
    ("zero", "sign", "monotone", "same sign", "unique zero", "three zeros"),
    ("square", "cauchy-schwarz", "covariance", "jensen", "relative entropy", "surprisal"),
)  # fmt: skip
TERMS = (
    ["num", [], {"q": "0"}], ["x", [], None], ["p", [], None], ["tfun", [], "sigma"], ["eye", [], None],
    ["normsq", [["score", [], None]], None], ["X0", [], None],
)  # fmt: skip


def places(data, path=()):
    """Every place of JSON data, the whole first."""
    yield path
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from places(data[key], (*path, key))


def is_term(value):
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], list)


def others(value):
    """What may stand in the place of ``value``."""
    if isinstance(value, bool):
        return [not value, int(value), None]
    if isinstance(value, int):
        return [value + 1, value - 1, -value - 1, str(value), value == 1, float(value), None]
    if value is None:
        return [0, False, "", [], {}, ["num", [], {"q": "0"}], ["x", [], None], {"kind": "Rel"}, 1, 2]
    if isinstance(value, str):
        return _strings(value)
    if isinstance(value, dict):
        found = [{k: v for k, v in value.items() if k != key} for key in value]
        return [*found, {**value, "extra": None}, None, [], *({**value, k: None} for k in value)]
    found = [value[:i] + value[i + 1 :] for i in range(len(value))]
    found += [value[: i + 1] + value[i:] for i in range(len(value))]
    found += [[*value[:i], value[i + 1], value[i], *value[i + 2 :]] for i in range(len(value) - 1)]
    if is_term(value):
        found += [*value[1], *TERMS, ["neg", [value], None], ["mul", [["num", [], {"q": "2"}], value], None]]
        found += [["add", [value, ["num", [], {"q": "1"}]], None], ["dt", [value], None]]
    return [*found, [], None]


def _strings(value):
    found = ["", value + "x", value.swapcase(), None, 0]
    for options in CHOICES:
        found += [o for o in options if value in options]
    if value in CORE or value in NOTATION:
        found += [op for op in (*CORE, *NOTATION) if similar(op, value)]
    if re.fullmatch(r"-?\d+(/\d+)?", value):
        q = Fraction(value)
        found += [str(v) for v in (-q, q + 1, 2 * q, q / 2, 1 / q if q else q, q - 1, Fraction(0))] + ["1/0", "0.5"]
    return found


def similar(op, other):
    """Whether an operator takes arguments as the other does: both none, or both one of the same rank."""
    for table in (CORE, NOTATION):
        for arguments in ((), (as_term_of(0),), (as_term_of(1),), (as_term_of(0),) * 2, (as_term_of(1),) * 2):
            if op in table and builds(op, arguments) and builds(other, arguments):
                return True
    return False


def as_term_of(rank):
    return (sigma, x)[rank]


def builds(op, arguments):
    try:
        return bool(make(op, arguments).op)
    except TermError:
        return False


def alterations(data):
    """(path, what stands there instead) for every place, each of which changes the data."""
    for path in places(data):
        value = at_path(data, path)
        seen = {json.dumps(value)}
        for other in others(value):
            if json.dumps(other) not in seen:
                seen.add(json.dumps(other))
                yield path, other


def at_path(data, path):
    for key in path:
        data = data[key]
    return data


def altered(data, path, other):
    if not path:
        return copy.deepcopy(other)
    found = copy.deepcopy(data)
    at_path(found, path[:-1])[path[-1]] = copy.deepcopy(other)
    return found


def everywhere(certificate):
    """Certificates in which one word is another one throughout: statement, setting and proof agree with each other."""
    words = {at_path(certificate, path) for path in places(certificate) if isinstance(at_path(certificate, path), str)}
    for word in sorted(words):
        for other in others(word):
            if isinstance(other, str) and other != word:
                yield (word, other), _renamed(certificate, word, other)


def _renamed(data, word, other):
    if isinstance(data, dict):
        return {key: _renamed(value, word, other) for key, value in data.items()}
    if isinstance(data, list):
        return [_renamed(value, word, other) for value in data]
    return other if data == word else data


# -- what is true ------------------------------------------------------------------------------------------------------
def is_true(theorem, original):
    """Why the theorem is true, in a word; "" if nothing says so."""
    setting = getattr(theorem, "setting", None)
    before = setting_of(original)
    same = statement_data(theorem.statement) == original["statement"]
    if same and (setting == before or (before and before.covers(setting))):
        return "the same"
    if setting is None:
        setting = Setting(LAW_CLASSES["any"], PROCESS_CLASSES["linear"])
    relations = theorem.statement.links if isinstance(theorem.statement, Chain) else (theorem.statement,)
    if all(isinstance(r, Rel) for r in relations):
        gaps = [gap for r in relations for gap in gaps_of(r, setting)]
        if any(gap > 1e-5 for gap in gaps):
            return ""
        if gaps:
            return "numbers"
    found = settle(theorem.statement, setting, budget_seconds=5)
    if found.status not in ("proved", "by-definition"):
        found = settle_matrices(theorem.statement, setting, budget_seconds=5)
    return "settled" if found.status in ("proved", "by-definition") else ""


def setting_of(certificate):
    return setting_from_data(certificate["setting"]) if "setting" in certificate else None


def gaps_of(relation, setting):
    """How far a relation is from true at standing instances of the setting, where floats can read it."""
    relation = Rel(relation.relation, isotropic(relation.lhs), isotropic(relation.rhs))
    for instance in instances_of(setting):
        try:
            yield float_gap(relation, instance)
        except (Unsupported, NotImplementedError):
            continue


def isotropic(term):
    """The term for A = a I and G = g^2 I, members of every setting of matrices that floats can read."""
    if term.op == "mat":
        return a * I if term.data == "A" else g**2 * I
    return rebuild(term, tuple(map(isotropic, term.args)))


def instances_of(setting):
    symbols = (*setting.positive, *setting.nonnegative)
    values = tuple((str(t.data), GENERIC[n % len(GENERIC)]) for n, t in enumerate(symbols))
    germ = STANDING_GERMS.get(setting.process, STANDING_GERM)
    if isinstance(setting.law, Law):
        values += tuple((n, Fraction(7, 5)) for n in sorted(symbols_of(setting.law) - {name for name, _ in values}))
        where = next(i for i in STANDING if i.law.D == setting.law.D)
        return (replace(where, law=setting.law, germ=germ, symbols=values),)
    if setting.law == GAUSSIAN:
        laws = [Instance(gaussian(Fraction(1, 3), Fraction(2, 5)), germ, STANDING[0].x, STANDING[0].X0, values)]
    else:
        laws = [replace(i, germ=germ, symbols=values) for i in STANDING]
        laws = [i for i in laws if setting.law.name != "discrete" or i.law.is_discrete]
    return [i for i in laws if setting.D in (None, i.law.D)]


def symbols_of(law):
    scalars = [v for c in law.components for v in (c.weight, *c.mean, *sum(c.cov, ())) if isinstance(v, Term)]
    return {str(node.data) for v in scalars for node in walk(v) if node.op == "sym"}


# -- the tests ---------------------------------------------------------------------------------------------------------
def refusal(call, data):
    """The refusal of altered data as text, or the theorems."""
    try:
        return call(data)
    except KernelError as error:
        return str(error)


def judge(id, number, path, other):
    """What became of an alteration: "refused", or why what was accepted is true. Fails on anything else."""
    data = alone(id, number)
    original = data["theorems"][0]["certificate"]
    changed = altered(data, path, other)
    if isinstance(changed, dict) and "checksum" in changed and path[:1] != ("checksum",):
        assert isinstance(refusal(check_all, changed), str), "accepted without its checksum"
        changed["checksum"] = checksum(changed)
    said = refusal(check_all, changed)
    if isinstance(said, str):
        assert NAMED.match(said), (path, other, said)
        word = "refused"
    else:
        word = is_true(said[0][1], original)
        assert word, f"accepted: {path} -> {other!r}: {said[0][1].statement}"
    if path[:3] == ("theorems", 0, "certificate"):
        theorem = refusal(check, changed["theorems"][0]["certificate"])
        if not isinstance(theorem, str):
            word = is_true(theorem, original)
            assert word, f"accepted by the kernel: {path} -> {other!r}: {theorem.statement}"
    return word


@pytest.mark.parametrize("id", CLAIMS)
def test_what_is_altered_is_refused_or_true(id):
    for number in range(len(document_of(id)["theorems"])):
        every = list(alterations(alone(id, number)))
        chosen = random.Random(f"{id} {number}").sample(every, min(PER_THEOREM, len(every)))
        words = [judge(id, number, path, other) for path, other in chosen]
        assert words.count("refused") > len(words) // 2


@pytest.mark.parametrize("id", CLAIMS)
def test_what_is_renamed_throughout_is_refused_or_true(id):
    for entry in document_of(id)["theorems"]:
        every = list(everywhere(entry["certificate"]))
        for what, data in random.Random(id).sample(every, min(PER_THEOREM, len(every))):
            assert renamed(entry["certificate"], data), what


def renamed(original, data):
    """Whether a renamed certificate is refused, or proves what is true and still so when it is told as a document."""
    theorem = refusal(check, data)
    if isinstance(theorem, str):
        return True
    told = check_all(document("told", {"told": (data, theorem)}))
    return told[0][1] == theorem and is_true(theorem, original)


FIELDS = {"scope": "every dimension D", "hypotheses": [], "steps": ["trivial"]}


@pytest.mark.parametrize("id", CLAIMS)
def test_what_a_document_says_beside_the_proof_is_refused_by_field(id):
    data = document_of(id)
    for number, entry in enumerate(data["theorems"], 1):
        for field, value in FIELDS.items():
            if entry[field] == value:
                continue
            changed = copy.deepcopy(data)
            changed["theorems"][number - 1][field] = value
            changed["checksum"] = checksum(changed)
            with pytest.raises(
                KernelError, match=rf"theorem {number} \({re.escape(entry['name'])}\): the {field} stated"
            ):
                check_all(changed)


def test_a_flux_is_named_with_its_link():
    changed = copy.deepcopy(document_of("entropy.conditional_rate"))
    changed["theorems"][1]["certificate"]["links"][0]["fluxes"] = []
    changed["checksum"] = checksum(changed)
    assert refusal(check_all, changed).startswith("theorem 2 (norm): link 1: the residual does not vanish")
