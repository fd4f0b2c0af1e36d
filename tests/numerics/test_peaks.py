"""Extrema over ranges of noise: places and values against tables, laws in D, refusals."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from numerics.balls import Ball, ball, contains, radius
from numerics.peaks import PeakError, Peaks, peaks
from theory.language.instances import LawError

T1 = "deltas(-1: 1/2, 1: 1/2)"
T1W = "deltas(-1: 1/5, 1: 4/5)"


def _near(found: Ball, text: str, places: int) -> bool:
    """The ball is narrower than, and within, one unit of the given place of the printed number."""
    unit = Fraction(1, 10**places)
    wanted = Fraction(text)
    wide = ball(wanted - unit).union(ball(wanted + unit))
    return contains(wide, found) and radius(found) < unit


def _single(found: Peaks, kind: str = "maximum") -> tuple[Ball, Ball]:
    assert found.complete
    assert [e.kind for e in found.extrema] == [kind]
    return found.extrema[0].levels["sigma"], found.extrema[0].value


@pytest.mark.parametrize(
    ("quantity", "clock", "place", "height"),
    [
        ("bandwidth", "sigma^2", "0.546467002646119870", "0.5652430124465275"),
        ("bandwidth", "sigma", "0.643802913017549438", "0.6677705286680338"),
        ("bandwidth", "log-sigma", "0.814238671515948069", "0.4795159706351335"),
        ("variance-h", None, "0.862108154103955527", "0.0536288911297235"),
        ("variance-phi", None, "0.986794585355646997", "0.3170348315908626"),
    ],
)
def test_two_equal_atoms(quantity: str, clock: str | None, place: str, height: str) -> None:
    """The maximum of a rate depends on the clock; none lies at the critical noise 1."""
    sigma, value = _single(peaks(quantity, T1, "ve", within="sigma=2/5..2", clock=clock, digits=17))
    assert _near(sigma, place, 17)
    assert _near(value, height, 15)


def test_ornstein_uhlenbeck_time() -> None:
    """Per unit of time under alpha = e^-t the bandwidth is gamma (1 + gamma) mmse."""
    found = peaks("bandwidth", T1, "vp(beta=2)", within="nu=1/10..2", clock="t", digits=16)
    assert found.complete
    (peak,) = found.extrema
    assert _near(peak.levels["nu"], "0.349535309755695524", 16)
    assert _near(peak.levels["t"], "0.149880159099489", 14)
    assert _near(peak.value, "1.494102099233745", 14)


def test_a_tiny_range_about_a_maximum() -> None:
    """Values have digits enough to see the curvature over 10^-13 of the place."""
    found = peaks("variance-phi", T1, "ve", within="sigma=0.9867945853556..0.9867945853557", digits=16)
    assert _near(_single(found)[0], "0.986794585355646997", 15)


def test_no_peak_in_snr() -> None:
    """dI/dsnr = mmse/2 falls with snr for every law: no extremum, and that is certified."""
    found = peaks("information-rate", T1W, "ve", within="sigma=1/2..4", clock="snr", digits=10)
    assert found.complete
    assert not found.extrema
    assert found.directions == (1,)


def test_many_digits_of_unequal_weights() -> None:
    """A weak bump on a plateau, far above the fold, to 40 digits inside the 15-digit ball."""
    rough = peaks("variance-phi", T1W, "ve", within="sigma=6/5..2", digits=12)
    fine = peaks("variance-phi", T1W, "ve", within="sigma=6/5..2", digits=40)
    place, value = _single(fine)
    assert _near(place, "1.5018131156555", 13)
    assert radius(place) < Fraction(1, 10**39)
    assert radius(value) < Fraction(1, 10**39)
    assert contains(_single(rough)[0], place)


def test_maxima_and_a_minimum_between() -> None:
    """Two pairs of atoms: one maximum for each scale, a minimum between, in this order."""
    law = "deltas(-7/2: 1/4, -5/2: 1/4, 5/2: 1/4, 7/2: 1/4)"
    found = peaks("variance-phi", law, "ve", within="sigma=9/10..4", digits=12)
    assert found.complete
    assert [e.kind for e in found.extrema] == ["minimum", "maximum"]
    assert _near(found.extrema[1].levels["sigma"], "2.84620478725", 11)
    assert _near(found.extrema[1].value, "0.332721213678", 12)
    assert found.directions == (-1, 1, -1)


def test_a_product_and_a_line_in_the_plane_are_the_line() -> None:
    """Numbers of independent copies add; Gaussians across a line add what is monotone or constant."""
    once, _ = _single(peaks("variance-phi", T1, within="sigma=4/5..6/5", digits=12))
    square = "product(deltas(-1: 1/2, 1: 1/2), deltas(-1: 1/2, 1: 1/2))"
    plane = "deltas((-3/5, -4/5): 1/2, (3/5, 4/5): 1/2)"
    for law in (square, plane):
        place, _ = _single(peaks("variance-phi", law, within="sigma=4/5..6/5", digits=12))
        assert place.overlaps(once)


def test_a_gaussian_has_no_peak() -> None:
    """Var Phi of a Gaussian is 1/2 at every noise level; its bandwidth per log sigma falls."""
    found = peaks("variance-phi", "gaussian(0, 1)")
    assert found.constant
    assert found.sentences() == ["variance-phi is constant: no extrema"]
    assert found.ends[0][1] == Fraction(1, 2).numerator / ball(2)
    assert peaks("bandwidth", "gaussian(0, 1)", within="sigma=1/4..4", clock="log-sigma").directions == (-1,)


@pytest.mark.parametrize(
    ("quantity", "law", "process", "clock", "value"),
    [
        ("entropy-rate", "deltas(0: 1)", "ve", "log-sigma", 1),
        ("fisher-information", "gaussian(0, 1)", "vp", None, 1),
        ("fisher-information", "product(gaussian(0, 1), gaussian(2, 1))", "vp", None, 2),
        ("bandwidth", "gaussian(0, 1)", "vp", "log-sigma", 1),
    ],
)
def test_a_gaussian_that_noise_does_not_change(
    quantity: str, law: str, process: str, clock: str | None, value: int
) -> None:
    """The clock or the scale cancels what the noise does: said at once, not searched in vain."""
    found = peaks(quantity, law, process, clock=clock)
    assert found.constant
    assert found.complete
    assert not found.pieces
    assert all(end.overlaps(ball(Fraction(value))) for _, end in found.ends)


def test_irrational_ends_and_other_levels() -> None:
    """The same extremum by any kind of level, under any linear process."""
    by_sigma, _ = _single(peaks("variance-h", T1, within="sigma=4/5..1", digits=10))
    found = peaks("variance-h", T1, "vp", within="log-sigma=-3/5..-1/5", digits=10)
    assert found.extrema[0].levels["sigma/alpha"].overlaps(by_sigma)
    assert set(found.extrema[0].levels) == {"nu", "snr", "sigma/alpha", "sigma", "alpha", "t"}


def test_json_is_inert() -> None:
    """Decimal strings that survive a round trip."""
    data = json.loads(json.dumps(peaks("variance-phi", T1, within="sigma=4/5..6/5", digits=10).to_json()))
    assert data["version"] == 1
    assert data["complete"] is True
    (row,) = data["extrema"]
    assert abs(Fraction(row["sigma"]) - Fraction("0.986794585355647")) <= Fraction(row["sigma_radius"])
    assert data["course"] == ["rises", "falls"]


@pytest.mark.parametrize(
    ("quantity", "law", "options", "words"),
    [
        ("peakiness", T1, {}, "unknown quantity"),
        ("score", T1, {}, "function of x"),
        ("variance-phi", T1, {"clock": "t"}, "no rate"),
        ("variance-phi", "mixture(1/2: N(-1, 1), 1/2: N(1, 1))", {}, "variance-phi-class"),
        ("variance-phi", "deltas(-mu: 1/2, mu: 1/2)", {}, "mu has no value"),
        ("entropy", T1, {"process": "vp"}, "depends on alpha"),
        ("class-entropy", "deltas((0, 0): 1/3, (1, 0): 1/3, (0, 1): 1/3)", {}, "do not lie on a line"),
        ("variance-phi", T1, {"within": "sigma=2"}, "cannot be read"),
        ("variance-phi", T1, {"within": "sigma=2..2"}, "two different ends"),
    ],
)
def test_refusals_name_the_remedy(quantity: str, law: str, options: dict[str, str], words: str) -> None:
    """One sentence, with the place."""
    with pytest.raises((PeakError, LawError), match=words):
        peaks(quantity, law, **options)  # type: ignore[arg-type]
