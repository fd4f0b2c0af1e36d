import numpy as np
import pytest

from numerics.estimates import control_weights, controlled, digits, sums_of


def test_sums_of_chunks_add_up():
    y = np.random.default_rng(0).normal(3, 2, size=(2, 1000))
    centres = np.array([2.5, 3.0])
    parts = [sums_of(y[:, i : i + 250], centres) for i in range(0, 1000, 250)]
    whole = parts[0] + parts[1] + parts[2] + parts[3]
    assert whole.count == 1000
    np.testing.assert_allclose(whole.mean, y.mean(axis=1))
    np.testing.assert_allclose(whole.variance, y.var(axis=1, ddof=1))
    np.testing.assert_allclose(whole.standard_error, y.std(axis=1, ddof=1) / np.sqrt(1000))


def test_effective_paths_see_rare_events():
    n = 10_000
    ordinary = np.random.default_rng(1).normal(size=n)
    rare = np.zeros(n)
    rare[:50] = 100.0
    hidden = 1.0 + rare  # a large constant part must not hide that few paths carry the variance
    constant = np.full(n, 3.0)
    y = np.array([ordinary, rare, hidden, constant])
    effective = sums_of(y, y.mean(axis=1)).effective
    assert effective[0] > 0.5 * n
    assert effective[1] == pytest.approx(50, rel=0.05)
    assert effective[2] < 250
    assert effective[3] == n


def test_non_finite_observables_are_an_error():
    with pytest.raises(FloatingPointError, match="finite"):
        sums_of(np.array([[1.0, np.nan]]), np.zeros(1))


def test_controls_sharpen_and_leave_the_mean():
    rng = np.random.default_rng(2)
    z = rng.normal(size=(2, 20000))
    y = np.array([1.0 + 3 * z[0] - z[1] + 0.1 * rng.normal(size=20000)])
    weights = control_weights(y[:, :10000], z[:, :10000])
    out = controlled(y[:, 10000:], z[:, 10000:], weights)
    np.testing.assert_allclose(weights, [[3, -1]], atol=0.02)
    assert out.std() < 0.11
    assert out.mean() == pytest.approx(1.0, abs=0.01)
    # dependent and vanishing controls do no harm
    again = control_weights(y, np.array([z[0], z[0], 0 * z[0]]))
    assert np.isfinite(again).all()
    assert control_weights(y, np.zeros((0, 20000))).shape == (1, 0)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.000123456789, "0.000123457"), (-2.5e7, "-25000000")]
)
def test_digits_are_plain_decimals(value, text):
    assert digits(value) == text
