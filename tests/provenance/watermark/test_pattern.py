"""The pattern a key makes, and the sums that carry it."""

import numpy as np
import pytest

from provenance.watermark.codec import CODED_SIGNS, encode
from provenance.watermark.pattern import INNERMOST, OUTERMOST, Pattern
from provenance.watermark.spectra import analyse, synthesise

KEY = bytes(range(32))


def test_a_key_always_makes_the_same_pattern() -> None:
    """The numbers are here so that no version of numpy can change what was embedded years ago."""
    pattern = Pattern.of_key(KEY)
    assert (pattern.across[:6].tolist(), pattern.down[:6].tolist()) == ([0, 6, 1, 1, 6, 6], [6, 0, -6, 6, -1, 1])
    assert pattern.pilots[:6].tolist() == [0, 10, 14, 18, 28, 35]
    assert pattern.carrier_bit[:6].tolist() == [42, 164, 318, 350, 264, 221]
    assert pattern.carrier_sign[:6].tolist() == [1, -1, -1, 1, 1, -1]
    assert np.abs(pattern.pilot_phase[:2] - [0.802 - 0.598j, -0.973 - 0.23j]).max() < 1e-3


def test_other_keys_make_other_patterns() -> None:
    one, other = Pattern.of_key(KEY), Pattern.of_key(KEY[::-1])
    assert not np.array_equal(one.pilots, other.pilots)
    payload = encode(bytes(8))
    likeness = np.vdot(one.spectrum(payload), other.spectrum(payload)) / np.vdot(
        one.spectrum(payload), one.spectrum(payload)
    )
    assert abs(likeness) < 0.15


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        Pattern.of_key(b"short")


def test_each_ring_has_pilots_and_each_sign_is_in_several_places() -> None:
    pattern = Pattern.of_key(KEY)
    assert (pattern.radius.min(), pattern.radius.max()) == (INNERMOST, OUTERMOST)
    for inner in range(INNERMOST, OUTERMOST, 4):
        ring = (pattern.radius >= inner) & (pattern.radius < inner + 4)
        share = np.count_nonzero(ring[pattern.pilots]) / np.count_nonzero(ring)
        assert share == pytest.approx(1 / 6, abs=0.04)
    places = np.bincount(pattern.carrier_bit, minlength=CODED_SIGNS)
    assert (places.min(), places.max()) == (5, 6)
    assert not set(pattern.pilots) & set(pattern.carriers)


def test_what_is_spread_is_collected() -> None:
    pattern = Pattern.of_key(KEY)
    signs = encode(b"12345678")
    soft = pattern.collect(pattern.spectrum(signs), np.ones(len(pattern.radius), np.float32))
    assert np.array_equal(np.sign(soft), signs)


@pytest.mark.parametrize("periods", [(64.0, 64.0), (37.3, 51.9)])
def test_synthesis_and_analysis_are_one_anothers_inverse(periods: tuple[float, float]) -> None:
    """Exactly where whole tiles fit; elsewhere neighbouring frequencies leak into one another a little."""
    chance = np.random.default_rng(2)
    points = np.zeros((2 * OUTERMOST + 1, OUTERMOST + 1), np.complex64)
    points[OUTERMOST + 3, 5], points[OUTERMOST - 7, 11] = chance.normal(size=2) + 1j * chance.normal(size=2)
    plane = synthesise(points, periods, (256, 320))
    seen = analyse(plane, periods) * 2 / np.sqrt(plane.size)
    at = np.nonzero(points)
    assert np.abs(seen[at] - points[at]).max() < (1e-4 if periods[0] == 64.0 else 0.15)
