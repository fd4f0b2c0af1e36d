"""Integrals over the plane that are kept: the same ball read as computed, and never one that was damaged."""

from fractions import Fraction

from numerics import kept_integrals
from numerics.balls import arb, ball, contains, midpoint, radius, working
from numerics.enclosures import ball_interpreter, enclose
from numerics.evaluate import prepare
from numerics.kept_integrals import kept, key_of, shared_integrals, stripped
from theory.language.instances import T1, Germ, Instance
from theory.language.notation import E, log, p


def computed(calls):
    def compute():
        calls.append(1)
        with working(64):
            return [arb(1) / 3 + arb(0, 1e-6), ball(Fraction(-5, 8))], 7

    return compute


def test_a_ball_is_kept_whole_and_never_narrower():
    calls = []
    values, evaluations = kept(("a ball",), computed(calls))
    assert evaluations == 7
    assert contains(values[0], ball(Fraction(1, 3)))
    assert Fraction(1, 10**6) <= radius(values[0]) <= Fraction(11, 10**7)
    assert midpoint(values[1]) == Fraction(-5, 8)
    kept(("a ball",), computed(calls))
    assert len(calls) == 1


def test_processes_of_a_run_find_the_same_bits(monkeypatch):
    calls = []
    with shared_integrals():
        first = kept(("shared",), computed(calls))
        monkeypatch.setattr(kept_integrals, "_known", {})  # another process
        second = kept(("shared",), computed(calls))
        assert len(calls) == 1
        assert [(midpoint(v), radius(v)) for v in first[0]] == [(midpoint(v), radius(v)) for v in second[0]]
        folder = kept_integrals._folder
        assert folder is not None
        for path in folder.iterdir():
            path.write_text("{", encoding="utf-8")
        monkeypatch.setattr(kept_integrals, "_known", {})
        kept(("shared",), computed(calls))
        assert len(calls) == 2, "a damaged record is computed anew"
    assert not folder.exists()


def test_an_infinite_ball_stays_infinite():
    values, _ = kept(("infinite",), lambda: ([arb(1) / arb(0)], 1))
    assert not values[0].is_finite()


def test_without_a_place_each_process_is_alone(monkeypatch):
    monkeypatch.setattr(kept_integrals.tempfile, "TemporaryDirectory", _full)
    calls = []
    with shared_integrals():
        kept(("alone",), computed(calls))
    assert len(calls) == 1


def _full(**options):
    raise OSError(28, "No space left on device")


def test_a_level_that_is_a_ball_is_never_kept():
    wide = ball_interpreter(T1, Germ(Fraction(1), arb(1, 0.25), (Fraction(0),), (Fraction(2),)), bits=30)
    exact = ball_interpreter(T1, Germ(Fraction(1), Fraction(1), (Fraction(0),), (Fraction(2),)), bits=30)
    assert key_of(wide, "x", 30) is None
    assert key_of(exact, "x", 30) is not None
    calls = []
    for _ in range(2):
        kept(None, computed(calls))
    assert len(calls) == 2


def test_a_sign_in_front_shares_the_integral_and_keeps_its_sign():
    term = prepare(-log(p))
    assert stripped(term) == (-1, stripped(prepare(log(p)))[1])
    instance = Instance(T1, Germ(Fraction(1), Fraction(1), (Fraction(0),), (Fraction(2),)))
    plus, minus = (enclose(E(sign * log(p)), instance).value for sign in (1, -3))
    assert (minus + 3 * plus).contains(0)
    assert float(plus) < 0 < float(minus)
