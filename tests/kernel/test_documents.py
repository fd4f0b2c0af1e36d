"""Documents of certificates: their schema, and the command that replays them without any search."""

import copy
import importlib.resources
import json
import re
import subprocess
import sys
import time

import pytest

from proofs_checks import registry
from proofs_checks.certificates import prove
from theory.kernel import definition, document, replay
from theory.kernel.component.rules import RULES
from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import Flux, Lemma, Link, Piece, certificate
from theory.kernel.index.pieces import OVER
from theory.kernel.index.pieces import RULES as PIECES
from theory.kernel.replay import check, check_all, load
from theory.language.instances import ANY, GAUSSIAN, LINEAR, MATRIX, Setting
from theory.language.notation import *
from theory.language.serial import LAW_CLASSES, PROCESS_CLASSES
from theory.language.statements import Eq, Ge
from theory.language.terms import CORE, as_term
from theory.search.matrices import settle_matrices

SCHEMA = json.loads((importlib.resources.files("theory.kernel") / "certificate.schema.json").read_text("utf-8"))
CLAIMS = (
    "fwd.schedule_identity", "fwd.fokker_planck", "score.tweedie", "score.two_delta_tanh", "entropy.conditional_rate",
    "entropy.gaussian_closed", "entropy.any_drift", "path.cond_entropy_reverse", "path.var_decomposition",
    "bif.critical_sigma", "bif.fixed_point_equation", "bif.pitchfork_normal_form", "thermo.anderson_family",
)  # fmt: skip
TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool, "integer": int}


# -- a validator for the keywords that the schema uses -----------------------------------------------------------------
def errors(data, schema, path="$"):
    """Where ``data`` is not as JSON Schema 2020-12 asks: one line for each place."""
    for keyword, value in schema.items():
        yield from KEYWORDS[keyword](data, value, schema, path)


def _type(data, name, schema, path):
    if not isinstance(data, TYPES[name]) or (name == "integer" and isinstance(data, bool)):
        yield f"{path} is no {name}"


def _const(data, value, schema, path):
    if data != value or type(data) is not type(value):
        yield f"{path} is not {value!r}"


def _enum(data, values, schema, path):
    if data not in values:
        yield f"{path} is none of {values}"


def _required(data, names, schema, path):
    if isinstance(data, dict):
        yield from (f"{path} has no {name}" for name in names if name not in data)


def _properties(data, schemas, schema, path):
    for name in schemas.keys() & data.keys() if isinstance(data, dict) else ():
        yield from errors(data[name], schemas[name], f"{path}.{name}")


def _additional(data, allowed, schema, path):
    for name in data.keys() - schema.get("properties", {}).keys() if isinstance(data, dict) else ():
        yield from (
            [f"{path} has the field {name}"] if allowed is False else errors(data[name], allowed, f"{path}.{name}")
        )


def _prefix(data, schemas, schema, path):
    for n, (item, of_item) in enumerate(zip(data, schemas, strict=False)) if isinstance(data, list) else ():
        yield from errors(item, of_item, f"{path}[{n}]")


def _items(data, of_item, schema, path):
    for n, item in enumerate(data) if isinstance(data, list) else ():
        yield from errors(item, of_item, f"{path}[{n}]")


def _some(data, options, schema, path):
    if all(any(True for _ in errors(data, option, path)) for option in options):
        yield f"{path} fits nothing"


def _one(data, options, schema, path):
    if sum(not any(True for _ in errors(data, option, path)) for option in options) != 1:
        yield f"{path} fits not exactly one"


def _ref(data, name, schema, path):
    yield from errors(data, SCHEMA["$defs"][name.removeprefix("#/$defs/")], path)


def _bound(size, ok, what):
    def rule(data, bound, schema, path):
        found = size(data)
        if found is not None and not ok(found, bound):
            yield f"{path}: {what} {bound}"

    return rule


def _length(kind):
    return lambda data: len(data) if isinstance(data, kind) else None


def _silent(data, value, schema, path):
    return ()


def at_least(found, bound):
    return found >= bound


def at_most(found, bound):
    return found <= bound


def number(data):
    return data if isinstance(data, int) else None


KEYWORDS = {
    "type": _type, "const": _const, "enum": _enum, "required": _required, "properties": _properties,
    "additionalProperties": _additional, "prefixItems": _prefix, "items": _items, "anyOf": _some, "oneOf": _one,
    "$ref": _ref, "minItems": _bound(_length(list), at_least, "at least"),
    "maxItems": _bound(_length(list), at_most, "at most"), "minLength": _bound(_length(str), at_least, "at least"),
    "maxLength": _bound(_length(str), at_most, "at most"), "minimum": _bound(number, at_least, "at least"),
    "maximum": _bound(number, at_most, "at most"),
    "pattern": _bound(lambda d: d if isinstance(d, str) else None, lambda d, p: re.search(p, d), "does not match"),
    "$schema": _silent, "$defs": _silent, "title": _silent, "description": _silent,
}  # fmt: skip


def is_valid(data):
    return not any(True for _ in errors(data, SCHEMA))


# -- the schema --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def documents():
    return {id: json.loads(json.dumps(prove(registry.find(id), 10).document())) for id in CLAIMS}


def lemma_and_pieces():
    """A certificate with a lemma, its rate, a flux, and one with two non-negative pieces."""
    setting = Setting(ANY, LINEAR)
    zero_mean = certificate(Eq(E(s), 0), setting, (Link((Flux(as_term(1), I),)),))
    lemma = certificate(Eq(alpha * E(s), 0), setting, (Link(lemmas=(Lemma(alpha, zero_mean),)),))
    pieces = (Piece("square", g**2, (normsq(s),), "E"), Piece("jensen", as_term(1), (s_c,), "E"))
    total = g**2 * E(normsq(s)) + E(normsq(s_c)) - normsq(E(s_c))
    return lemma, certificate(Ge(total, 0), setting, (Link(pieces=pieces),))


def test_every_kind_of_certificate_is_as_the_schema_says(documents):
    for id, data in documents.items():
        assert list(errors(data, SCHEMA["$defs"]["document"], id)) == []
        assert all(is_valid(entry["certificate"]) for entry in data["theorems"])
    matrix = settle_matrices(Eq(dt(E(x)), dot(A, E(x))), Setting(GAUSSIAN, MATRIX)).certificate
    for data in (*lemma_and_pieces(), matrix, definition.certificate(Eq(s, grad(log(p))))):
        assert is_valid(data)
        assert check(data)
    kinds = {entry["certificate"]["kind"] for data in documents.values() for entry in data["theorems"]}
    assert kinds | {"matrix"} == set(replay._KERNELS)


def test_the_schema_lists_what_the_kernel_knows():
    of = SCHEMA["$defs"]
    assert of["piece"]["properties"]["rule"]["enum"] == list(PIECES)
    assert of["piece"]["properties"]["over"]["enum"] == list(OVER)
    assert of["step"]["properties"]["rule"]["enum"] == list(RULES)
    assert of["setting"]["properties"]["process"]["enum"] == list(PROCESS_CLASSES)
    assert of["setting"]["properties"]["law"]["anyOf"][0]["properties"]["class"]["enum"] == list(LAW_CLASSES)
    assert of["document"]["properties"]["version"]["const"] == document.VERSION
    assert [ref["$ref"].rpartition("/")[2] for ref in of["certificate"]["oneOf"]] == list(replay._KERNELS)
    for kind in replay._KERNELS:
        assert of[kind]["properties"]["version"]["const"] == _module(kind).VERSION
    assert all(re.search(of["term"]["prefixItems"][0]["pattern"], op) for op in CORE)


def _module(kind):
    return sys.modules[replay._KERNELS[kind].__module__]


def wrong(data):
    """Documents that are none."""
    first = data["theorems"][0]
    yield [], "no object"
    yield {**data, "version": 1}, "an old version"
    yield {**data, "theorems": []}, "nothing proved"
    yield {**data, "proved": True}, "a field more"
    yield {k: v for k, v in data.items() if k != "checksum"}, "a field less"
    yield {**data, "theorems": [{**first, "name": "a\nb"}]}, "a name on two lines"
    for field, value in (
        ("version", True),
        ("kind", "guess"),
        ("statement", "p = p"),
        ("setting", {}),
        ("links", [{}]),
    ):
        yield {**data, "theorems": [{**first, "certificate": {**first["certificate"], field: value}}]}, field
    for term in (["p", []], ["p", [], 0.5], ["num", [], {"q": "1e9"}], ["p", {}, None], [1, [], None], "p"):
        other = copy.deepcopy(first)
        other["certificate"]["statement"]["lhs"] = term
        yield {**data, "theorems": [other]}, term


def test_what_the_schema_refuses_the_kernel_refuses(documents):
    for other, why in wrong(documents["fwd.fokker_planck"]):
        assert not is_valid(other), why
        if isinstance(other, dict) and "checksum" in other:
            other["checksum"] = document.checksum(other)
        with pytest.raises(KernelError):
            check_all(other)


# -- the file ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"), ("{", "line 1"), ("[1]", "no kernel"), ('{"a": 1, "a": 2}', "twice"), ("[NaN]", "no number"),
        ("[" * 100000, "deep"), ("9" * 5000, "JSON"), ("null", "no kernel"), ('{"format": 1}', "fields"),
    ],
)  # fmt: skip
def test_text_that_is_no_certificate(text, why):
    with pytest.raises(KernelError, match=why):
        check_all(load(text))


def replayed(path, *options):
    return subprocess.run(
        [sys.executable, *options, "-m", "theory.kernel", str(path)], capture_output=True, encoding="utf-8", check=False
    )


@pytest.fixture
def written(tmp_path, documents):
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(documents["bif.critical_sigma"]), encoding="utf-8")
    return path


def test_the_command_prints_what_is_proved(written):
    done = replayed(written)
    assert (done.returncode, done.stderr) == (0, "")
    assert "zeros of score in x: count 3, if add(" in done.stdout
    assert "where: two modes = 1/2 N(" in done.stdout
    assert "holds for: D = 1, two modes, mu > 0, S >= 0" in done.stdout


def test_the_command_needs_nothing_but_the_trusted_rooms(written):
    done = replayed(written, "-X", "importtime")
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    rooms = {name for name in names if name.startswith(("theory", "numerics", "proofs_checks", "infodyn"))}
    assert done.returncode == 0
    assert all(name.startswith(("theory.kernel", "theory.language")) or name == "theory" for name in rooms)
    assert not {n.split(".")[0] for n in names} & {"sympy", "flint", "numpy", "mpmath", "click", "scipy"}


def test_a_replay_takes_a_fraction_of_a_second(tmp_path, documents):
    path = tmp_path / "cert.json"
    path.write_text(json.dumps(documents["entropy.any_drift"]), encoding="utf-8")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assert replayed(path).returncode == 0
        times.append(time.perf_counter() - start)
    assert min(times) < 2  # 0.2 s on an idle core


def test_what_cannot_be_read_or_is_refused(written, tmp_path):
    for place in (tmp_path / "none.json", tmp_path):
        done = replayed(place)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
    written.write_bytes(b"\xff\xfe\x00")
    assert (replayed(written).returncode, replayed(written).stderr[:17]) == (1, "refused: not JSON")


# -- what a document may not hide --------------------------------------------------------------------------------------
def test_the_signs_that_a_proof_supposes_are_part_of_what_it_says():
    c = symbol("c")
    data = certificate(Ge(c, 0), Setting(ANY, LINEAR, nonnegative=(c,)), (Link(),))
    told = document.document("signs", {"sign": (data, check(data))})
    assert ", c >= 0" in told["theorems"][0]["scope"]
    assert ", c >= 0" in replay.report(check(data))
    told["theorems"][0]["scope"] = told["theorems"][0]["scope"].replace(", c >= 0", "")
    told["checksum"] = document.checksum(told)
    with pytest.raises(KernelError, match=r"theorem 1 \(sign\): the scope"):
        check_all(told)


@pytest.mark.parametrize("name", ["", " a", "a\nproved  b", "\x1b[2Ja", "\ud800", "a\u202eb", "a" * 201, None, 1])
def test_names_are_labels_on_one_line(documents, name):
    for place in ("claim", "name", "law"):
        data = copy.deepcopy(documents["bif.critical_sigma"])
        if place == "claim":
            data["claim"] = name
        elif place == "name":
            data["theorems"][0]["name"] = name
        elif name not in ("", None, 1):
            data["theorems"][0]["certificate"]["setting"]["law"]["name"] = name
        else:
            continue
        data["checksum"] = document.checksum(data)
        with pytest.raises(KernelError, match=r"name|document"):
            check_all(data)


def test_a_name_occurs_once(documents):
    data = copy.deepcopy(documents["bif.critical_sigma"])
    data["theorems"].append(data["theorems"][0])
    data["checksum"] = document.checksum(data)
    with pytest.raises(KernelError, match=r"theorem 4 \(stability\): the name occurs twice"):
        check_all(data)
