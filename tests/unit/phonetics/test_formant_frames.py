"""Formants of single windows against Praat's own track of the whole sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from rtmri2speech.phonetics import formant_frames, praat
from rtmri2speech.phonetics.formant_frames import FormantFrames, FrameGrid, cut_windows, window_formants

parselmouth = pytest.importorskip("parselmouth")


def speech(samples: int, seed: int = 0) -> np.ndarray:
    """Noise through two resonators, with digital silence in the middle."""
    wave = lfilter([1.0], [1.0, -1.6, 0.9], np.random.default_rng(seed).standard_normal(samples))
    wave = lfilter([1.0], [1.0, 0.4, 0.85], wave)
    wave[samples // 2 : samples // 2 + samples // 5] = 0.0
    return 0.05 * wave


def whole_track(wave: np.ndarray, rate: float, step: float, ceiling: float) -> Any:
    sound = parselmouth.Sound(wave, sampling_frequency=rate)
    return parselmouth.praat.call(sound, "To Formant (robust)...", step, 5, ceiling, 0.025, 50.0, 1.5, 5, 1e-6)


# Of 10,000 Hz and an even number of samples, windows begin halfway between two samples.
@pytest.mark.filterwarnings("ignore::parselmouth.PraatWarning")
@pytest.mark.parametrize(
    ("samples", "rate", "step"), [(4000, 10_000.0, 0.01), (4001, 10_000.0, 0.01), (4567, 11_413.0, 0.005)]
)
def test_formants_are_those_of_the_whole_track(samples: int, rate: float, step: float) -> None:
    wave, times = speech(samples), np.linspace(-0.02, samples / rate + 0.02, 61)
    track = whole_track(wave, rate, step, rate / 2)
    praat.forget_errors()
    true = np.array([[track.get_value_at_time(n, time) for n in (1, 2, 3)] for time in times])
    frames = FormantFrames(wave, rate, step, rate / 2)
    found = np.concatenate([frames.at(times[20:40], 3), frames.at(times, 3)])
    np.testing.assert_allclose(found, np.concatenate([true[20:40], true]), rtol=1e-9)
    assert np.isfinite(true).any() and np.isnan(true).any()


def test_a_frame_is_measured_once_and_only_where_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []

    def counting(pieces: np.ndarray, rate: float, ceiling: float) -> np.ndarray:
        measured.append(len(pieces))
        return np.full((len(pieces), 5), 500.0)

    monkeypatch.setattr(formant_frames, "window_formants", counting)
    frames = FormantFrames(speech(10_000), 10_000.0, 0.01, 5000.0)
    assert (frames.at(np.array([0.2, 0.3]), 2) == 500.0).all()
    frames.at(np.array([0.2, 0.3, 0.301]), 2)
    assert sum(measured) <= 5 and np.isnan(frames.at(np.array([-1.0, 0.001, 2.0]), 2)).all()


def test_windows_without_sound_have_no_formants() -> None:
    pieces = cut_windows(np.zeros(2000), np.array([0, 700]), 10_000.0)
    assert np.isnan(window_formants(pieces, 10_000.0, 5000.0)).all()
    assert window_formants([], 10_000.0, 5000.0).shape == (0, 5)
    assert FrameGrid(400, 10_000.0, 0.01).count == 0
    assert np.isnan(FormantFrames(np.ones(400), 10_000.0, 0.01, 5000.0).at(np.array([0.02]), 1)).all()


@pytest.mark.filterwarnings("ignore::parselmouth.PraatWarning")
@pytest.mark.parametrize("forgotten", [True, False])
def test_frames_that_cannot_be_refined_leave_no_error_behind(tmp_path: Path, forgotten: bool) -> None:
    pieces = cut_windows(np.full(8000, np.nan), np.arange(20) * 300, 11_000.0)
    for _ in range(2):
        if forgotten:
            window_formants(pieces, 11_000.0, 5500.0)
        else:
            whole_track(pieces.ravel(), 11_000.0, pieces.shape[1] / 11_000.0, 5500.0)
    grid = parselmouth.praat.call("Create TextGrid", 0.0, 0.1, "phones", "")
    parselmouth.praat.call(grid, "Save as chronological text file", str(tmp_path / "a.TextGrid"))
    if forgotten:
        parselmouth.read(str(tmp_path / "a.TextGrid"))
    else:  # As Praat is; without this the test would show nothing.
        with pytest.raises(parselmouth.PraatError, match="SVD"):
            parselmouth.read(str(tmp_path / "a.TextGrid"))
