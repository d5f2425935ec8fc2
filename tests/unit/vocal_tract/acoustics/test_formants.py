"""Formants of lossy tubes: against closed forms, published shapes, VocalTractLab, and themselves by differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.assets import asset
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import UserError
from rtmri2speech.phonetics.vowels.arai_tubes import tube_areas
from rtmri2speech.vocal_tract.acoustics.chain import transfer_function
from rtmri2speech.vocal_tract.acoustics.formants import TubeFormants, tube_formants
from rtmri2speech.vocal_tract.acoustics.losses import NO_LOSSES, VOCALTRACTLAB, Losses
from rtmri2speech.vocal_tract.acoustics.lossless import SPEED_OF_SOUND, resonances, sensitivity

RADIATION_ONLY = replace(NO_LOSSES, radiation=True)

AREAS = st.lists(st.floats(0.05, 9.0), min_size=3, max_size=24).map(np.array)


def uniform(length: float = 17.5, area: float = 3.0, sections: int = 40) -> tuple[np.ndarray, np.ndarray]:
    return np.full(sections, length / sections), np.full(sections, area)


def test_a_uniform_tube_without_losses_is_a_quarter_wave_resonator() -> None:
    found = tube_formants(*uniform(), losses=NO_LOSSES)
    np.testing.assert_allclose(found.frequencies, [500, 1500, 2500, 3500], rtol=1e-9)
    np.testing.assert_allclose(found.bandwidths, 0.0, atol=1e-6)
    np.testing.assert_allclose(found.area_sensitivity.sum(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(found.length_sensitivity.sum(axis=1), -1.0, rtol=1e-7)
    middle = (np.arange(40) + 0.5) / 40
    for number in (1, 2, 3, 4):
        expected = -np.cos((2 * number - 1) * np.pi * middle) / 40
        assert np.abs(found.area_sensitivity[number - 1] - expected).max() < 0.02 / 40


def test_a_uniform_tube_with_walls_and_friction_solves_the_wave_equation() -> None:
    """Without radiation every root fulfills (s + alpha)(s + beta) = -omega_n^2 with the lossless omega_n."""
    losses = Losses(radiation=False)
    found = tube_formants(*uniform(), losses=losses)
    s = 2j * np.pi * found.frequencies - np.pi * found.bandwidths
    alpha = np.sqrt(4.0 * s)
    beta = s * (406 * np.pi) ** 2 / ((s + 130 * np.pi) * s + (30 * np.pi) ** 2) + alpha
    lossless = 2 * np.pi * np.array([500, 1500, 2500, 3500])
    np.testing.assert_allclose((s + alpha) * (s + beta), -(lossless**2), rtol=1e-6)


def test_a_neutral_vowel_has_published_formants_and_bandwidths() -> None:
    """Fant (1985, STL-QPSR 26(2-3)), closed glottis: B1 = 15 (500/F1)^2 + 20 (F1/500)^.5 + 5 (F1/500)^2, Hz."""
    lengths, areas = uniform()
    found = tube_formants(lengths, areas)
    # The air before the lips lengthens the tube by .83 cm, the walls raise F1 by some 8 %.
    np.testing.assert_allclose(found.frequencies, [507, 1428, 2377, 3337], atol=1.0)
    assert found.bandwidths[0] == pytest.approx(15 * (500 / 507) ** 2 + 20 * (507 / 500) ** 0.5 + 5.1, rel=0.2)
    assert (np.diff(found.bandwidths) > 15).all()
    assert found.bandwidths[3] == pytest.approx(142, abs=1)


def test_fants_two_tubes() -> None:
    """tan(k l1) tan(k l2) = A2 / A1 without losses (Fant 1960); formants as Flanagan (1972, section 3.7) has them."""
    shapes = {"a": ((8, 1), (9, 7), (789, 1276, 2808)), "i": ((9, 8), (6, 1), (256, 1905, 2917))}
    for (back, back_area), (front, front_area), published in shapes.values():
        lengths, areas = np.array([back, front], float), np.array([back_area, front_area], float)
        found = tube_formants(lengths, areas, losses=NO_LOSSES).frequencies
        k = 2 * np.pi * found / SPEED_OF_SOUND
        np.testing.assert_allclose(
            front_area * np.cos(k * back) * np.cos(k * front),
            back_area * np.sin(k * back) * np.sin(k * front),
            atol=1e-6,
        )
        np.testing.assert_allclose(found[:3], published, atol=1.5)


@pytest.mark.parametrize(
    ("vowel", "f1", "f2"), [("a", 691, 1250), ("i", 340, 2333), ("u", 448, 1407), ("e", 477, 1882), ("o", 507, 1122)]
)
def test_chiba_and_kajiyamas_vowels(vowel: str, f1: float, f2: float) -> None:
    """Against another lossy tube's numbers for the same shapes."""
    found = tube_formants(np.ones(16), tube_areas(vowel))
    np.testing.assert_allclose(found.frequencies[:2], [f1, f2], rtol=0.012)
    assert 30 < found.bandwidths[0] < 50 and found.bandwidths[1] < 140


def test_formants_of_vocaltractlab() -> None:
    """Areas and formants of the shipped clip; the library's formants are peaks, walls and side cavities included."""
    truth = Truth.load(asset("clip") / "m07" / "m07_0004.npz")
    said = ~truth.velum_open & (truth.areas.min(axis=1) > 1e-3)
    assert said.sum() == 75
    lengths, areas = (values[said].astype(np.float64) for values in (truth.lengths, truth.areas))
    errors = tube_formants(lengths, areas, losses=VOCALTRACTLAB).frequencies / truth.formants[said] - 1
    assert (np.median(np.abs(errors), axis=0) < (0.008, 0.004, 0.003, 0.001)).all()
    assert (np.abs(errors).max(axis=0) < (0.10, 0.01, 0.01, 0.01)).all()
    # The library's walls are stiffer than measured ones, and its fossae lower F2 and F3.
    plain = tube_formants(lengths, areas).frequencies / truth.formants[said] - 1
    np.testing.assert_allclose(np.median(plain, axis=0), [0.063, 0.039, 0.030, 0.009], atol=0.003)


@settings(deadline=None, max_examples=25)
@given(AREAS, st.sampled_from([Losses(), VOCALTRACTLAB]), st.sampled_from([0.0, 0.1]))
def test_sensitivities_are_the_derivatives(areas: np.ndarray, losses: Losses, glottis: float) -> None:
    count = len(areas)
    lengths = np.full(count, 16.0 / count)
    # The border at which the fossae open is not to move.
    losses = losses if losses.fossa is None else replace(losses, fossa=replace(losses.fossa, at_share=1.0 / count))

    def of(lengths: np.ndarray, areas: np.ndarray) -> np.ndarray:
        return tube_formants(lengths, areas, losses=losses, glottis_cm2=glottis).frequencies

    found = tube_formants(lengths, areas, losses=losses, glottis_cm2=glottis)
    step = 1e-4 * np.eye(count)
    for values, up, down in (
        (found.area_sensitivity, of(lengths, areas * (1 + step)), of(lengths, areas * (1 - step))),
        (found.length_sensitivity, of(lengths * (1 + step), areas), of(lengths * (1 - step), areas)),
    ):
        slopes = (up - down).T / 2e-4 / found.frequencies[:, None]
        np.testing.assert_allclose(values, slopes, atol=5e-4)


@settings(deadline=None, max_examples=25)
@given(AREAS, st.floats(0.6, 1.6))
def test_a_larger_tract_of_the_same_shape_has_lower_formants(areas: np.ndarray, scale: float) -> None:
    lengths = np.full(len(areas), 16.0 / len(areas))
    for losses, area_scale in ((NO_LOSSES, 1.0), (RADIATION_ONLY, scale**2)):
        small = tube_formants(lengths, areas, 3, losses=losses)
        large = tube_formants(lengths * scale, areas * area_scale, 3, losses=losses)
        np.testing.assert_allclose(large.frequencies * scale, small.frequencies, rtol=1e-5)
    np.testing.assert_allclose(
        small.length_sensitivity.sum(axis=1) + 2 * small.area_sensitivity.sum(axis=1), -1.0, atol=1e-5
    )


@settings(deadline=None, max_examples=25)
@given(AREAS)
def test_without_losses_both_tubes_are_one(areas: np.ndarray) -> None:
    lengths = np.full(len(areas), 16.0 / len(areas))
    found, plain = tube_formants(lengths, areas, 2, losses=NO_LOSSES), sensitivity(lengths, areas, 2, radiation=False)
    np.testing.assert_allclose(found.frequencies, plain.frequencies, atol=0.01)
    np.testing.assert_allclose(found.area_sensitivity, plain.values, atol=1e-4)
    np.testing.assert_allclose(found.frequencies, resonances(lengths, areas, 2, radiation=False), atol=0.01)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1.5, 1.0), min_size=40, max_size=40))
def test_formants_are_found_in_any_tube(logs: list[float]) -> None:
    found = tube_formants(np.full(40, 0.42), 10 ** np.array(logs))
    assert np.isfinite(found.frequencies).all()
    assert (np.diff(found.frequencies) > 0).all() and (found.bandwidths > 0).all()


def test_walls_that_do_not_swing_leave_the_first_formant_out() -> None:
    """The cavity behind closed lips, with the library's heavily damped walls; the others keep their numbers."""
    lengths, areas = uniform(area=9.0)
    areas[-1] = 0.0
    found = tube_formants(lengths, areas, losses=replace(VOCALTRACTLAB, fossa=None)).frequencies
    assert np.isnan(found[0]) and found[1] == pytest.approx(SPEED_OF_SOUND / (2 * 17.06), rel=0.02)


def test_two_formants_in_one_place_are_both_found() -> None:
    """Two cavities of the same resonance, the second seen through a narrow neck: peaks merge, roots do not."""
    lengths = np.array([8.0, 0.5, 8.0])
    for neck in (0.3, 0.1, 0.03, 0.01):
        found = tube_formants(lengths, np.array([4.0, neck, 4.0]))
        assert np.isfinite(found.frequencies).all() and (np.diff(found.frequencies) > 20).all()


def test_formants_are_peaks_of_the_transfer_function() -> None:
    grid = np.arange(0.0, 4500.0, 1.0)
    found = tube_formants(np.ones(16), tube_areas("i"))
    power = np.abs(transfer_function(np.ones(16), tube_areas("i"), grid)) ** 2
    for hz, width in zip(found.frequencies[:2], found.bandwidths[:2], strict=True):
        near = slice(int(hz) - 60, int(hz) + 60)
        assert grid[near][power[near].argmax()] == pytest.approx(hz, abs=3)
        above = grid[near][power[near] > power[near].max() / 2]
        assert above[-1] - above[0] == pytest.approx(width, abs=4)


def test_what_is_left_behind_a_closure() -> None:
    lengths, areas = uniform()
    areas[30] = 0.0
    found = tube_formants(lengths, areas)
    cavity = 30 * 17.5 / 40
    # The walls' resonance, measured at about 200 Hz, then half waves that the walls raise a little.
    assert found.frequencies[0] == pytest.approx(197, abs=1) and 60 < found.bandwidths[0] < 90
    half_waves = SPEED_OF_SOUND / (2 * cavity) * np.arange(1, 4)
    np.testing.assert_allclose(found.frequencies[1:], half_waves, rtol=0.01)
    assert found.closed and found.closure == 30
    assert np.isnan(found.area_sensitivity[:, 30]).all()
    assert (found.area_sensitivity[:, 31:] == 0).all() and (found.length_sensitivity[:, 30:] == 0).all()
    areas[35:] = 0.2
    np.testing.assert_array_equal(tube_formants(lengths, areas).frequencies, found.frequencies)
    # Slope by one section of what is left.
    areas[5] *= 1.001
    slope = (tube_formants(lengths, areas).frequencies / found.frequencies - 1) / 0.001
    np.testing.assert_allclose(slope, found.area_sensitivity[:, 5], atol=1e-3)


def test_closed_lips_and_a_short_cavity() -> None:
    lengths, areas = uniform()
    areas[-1] = 0.0
    assert np.isfinite(tube_formants(lengths, areas).frequencies).all()
    areas[4] = 0.0
    found = tube_formants(lengths, areas)
    assert found.frequencies[0] == pytest.approx(197, abs=1) and np.isnan(found.frequencies[1:]).all()
    assert np.isnan(found.bandwidths[1:]).all() and np.isnan(found.area_sensitivity[1:]).all()
    areas[0] = 0.0
    nothing = tube_formants(lengths, areas)
    assert np.isnan(nothing.frequencies).all() and nothing.closed


def test_unknown_frames_are_unknown_and_the_others_are_not() -> None:
    lengths, areas = (np.tile(part, (3, 1)) for part in uniform())
    areas[1, 7] = np.nan
    found = tube_formants(lengths, areas)
    assert np.isnan(found.frequencies[1]).all() and np.isnan(found.area_sensitivity[1]).all()
    np.testing.assert_array_equal(found.frequencies[0], found.frequencies[2])
    assert np.isfinite(found.frequencies[0]).all() and not found.closed.any()


def test_batches_equal_single_tubes() -> None:
    areas = np.stack([tube_areas(vowel) for vowel in "aiueo"])
    together: TubeFormants = tube_formants(np.ones(16), areas.reshape(5, 1, 16))
    assert together.frequencies.shape == (5, 1, 4) and together.area_sensitivity.shape == (5, 1, 4, 16)
    for row, area in enumerate(areas):
        alone = tube_formants(np.ones(16), area)
        np.testing.assert_allclose(together.frequencies[row, 0], alone.frequencies, rtol=1e-7)
        np.testing.assert_allclose(together.area_sensitivity[row, 0], alone.area_sensitivity, atol=1e-7)
    assert tube_formants(np.empty((0, 40)), np.empty((0, 40))).frequencies.shape == (0, 4)


def test_an_open_glottis() -> None:
    lengths, areas = uniform()
    closed, slightly = tube_formants(lengths, areas), tube_formants(lengths, areas, glottis_cm2=0.05)
    assert (slightly.frequencies > closed.frequencies).all() and slightly.bandwidths[0] > closed.bandwidths[0]
    # Open at both ends: half waves.
    wide = tube_formants(lengths, areas, losses=NO_LOSSES, glottis_cm2=1e4)
    np.testing.assert_allclose(wide.frequencies, 1000.0 * np.arange(1, 5), rtol=1e-3)


def test_impossible_tubes_are_refused() -> None:
    lengths, areas = uniform()
    with pytest.raises(UserError, match="without length, or of negative area"):
        tube_formants(lengths, areas - 3.5)
    with pytest.raises(UserError, match="not of the same sections"):
        tube_formants(lengths, areas[:-1])
