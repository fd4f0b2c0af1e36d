"""Every edit of a sound certificate that changes what is claimed, or how it is proved, must be refused."""

import copy
import json

import pytest

from theory.kernel.errors import KernelError
from theory.kernel.index.certificate import check
from theory.language.instances import ANY, FINITE_INFORMATION, LINEAR, VP, Setting
from theory.language.notation import *
from theory.language.statements import Eq, Ge, Le
from theory.language.terms import from_data, to_data
from theory.search.settle import settle

INFO = Setting(FINITE_INFORMATION, LINEAR)
B = d(H(X0 | Xt))
C = Cov(X0 | x)
SOUND = {
    "bandwidth": settle(Eq(B, g**2 / 2 * (D / sigma**2 - E(normsq(s)))), INFO).certificate,
    "sign": settle(Ge(B, 0), INFO, square=g**2 / 2 * E(normsq(s_c - s))).certificate,
    "Hessian": settle(Eq(jac(s), (alpha**2 * C / sigma**2 - I) / sigma**2), Setting(ANY, LINEAR)).certificate,
    "Fokker-Planck": settle(Eq(dt(p), -div(p * f) + g**2 / 2 * lap(p)), Setting(ANY, LINEAR)).certificate,
    "covariance": settle(
        Eq(drift(tr(C), REVERSE), -(g**2) * alpha**2 / sigma**4 * frobsq(C)), Setting(ANY, LINEAR)
    ).certificate,
}  # fmt: skip


def rational_places(data, path=()):
    if isinstance(data, dict):
        if set(data) == {"q"}:
            yield path
        for key, value in data.items():
            yield from rational_places(value, (*path, key))
    elif isinstance(data, list):
        for key, value in enumerate(data):
            yield from rational_places(value, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


CASES = [(name, path) for name, data in SOUND.items() for path in rational_places(data)]


@pytest.mark.parametrize(("name", "path"), CASES, ids=lambda v: v if isinstance(v, str) else "/".join(map(str, v)))
def test_any_changed_number_is_refused(name, path):
    forged = copy.deepcopy(SOUND[name])
    place = at(forged, path)
    place["q"] = "5" if place["q"] != "5" else "7"
    with pytest.raises(KernelError):
        check(forged)


@pytest.mark.parametrize("name", SOUND)
def test_the_sound_ones_are_accepted(name):
    assert check(json.loads(json.dumps(SOUND[name])))


@pytest.mark.parametrize("name", ["bandwidth", "sign"])
def test_without_its_flux_a_proof_is_refused(name):
    forged = copy.deepcopy(SOUND[name])
    forged["links"][0]["fluxes"] = []
    with pytest.raises(KernelError):
        check(forged)


def test_another_statement_is_refused():
    forged = copy.deepcopy(SOUND["bandwidth"])
    forged["statement"] = SOUND["Hessian"]["statement"]
    with pytest.raises(KernelError):
        check(forged)
    turned = copy.deepcopy(SOUND["sign"])
    turned["statement"]["relation"] = "<="
    with pytest.raises(KernelError):
        check(turned)
    strict = copy.deepcopy(SOUND["sign"])
    strict["statement"]["relation"] = ">"
    with pytest.raises(KernelError):
        check(strict)


def test_a_negative_square_is_refused():
    forged = copy.deepcopy(SOUND["sign"])
    square = from_data(forged["links"][0]["square"])
    forged["statement"]["lhs"] = to_data(-B)
    forged["links"][0]["square"] = to_data(-square)
    with pytest.raises(KernelError, match="non-negative"):
        check(forged)
    assert settle(Le(-B, 0), INFO, square=square).status == "proved"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 1), ("version", "2"), ("kind", "component"), ("kind", None), ("links", {}), ("links", []),
        ("links", [{}]), ("links", [[]]), ("setting", {}), ("statement", "p = p"), ("statement", None),
    ],
)  # fmt: skip
def test_malformed_certificates_are_refused(key, value):
    forged = copy.deepcopy(SOUND["bandwidth"])
    forged[key] = value
    with pytest.raises(KernelError):
        check(forged)


def test_hostile_terms_are_refused():
    deep = ["num", [], {"q": "1"}]
    for _ in range(5000):
        deep = ["neg", [deep], None]
    for hostile in (
        ["__class__", [], None], ["num", [], 0.5], ["num", [], {"q": "1/0"}], ["element", [], None],
        ["sym", [], "__import__('os')"], ["pow", [["p", [], None]], {"q": "99999"}], ["E"], deep,
        ["grad", [["kern", [], None], ["p", [], None]], None],
    ):  # fmt: skip
        forged = copy.deepcopy(SOUND["bandwidth"])
        forged["statement"]["lhs"] = hostile
        with pytest.raises(KernelError):
            check(forged)
        forged = copy.deepcopy(SOUND["bandwidth"])
        forged["links"][0]["fluxes"][0]["coefficient"] = hostile
        with pytest.raises(KernelError):
            check(forged)


def test_weaker_settings_do_not_inherit_stronger_proofs():
    held = settle(Eq(alpha**2, 1 - sigma**2), Setting(ANY, VP)).certificate
    forged = copy.deepcopy(held)
    forged["setting"]["process"] = "linear"
    with pytest.raises(KernelError):
        check(forged)
