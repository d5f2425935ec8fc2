from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.signal import resample_poly

from rtmri2speech.data.sound import read_sound
from rtmri2speech.errors import UserError
from rtmri2speech.simulation.drawing import Drawing
from rtmri2speech.simulation.poses import POSES, VOWELS, formants_of
from rtmri2speech.simulation.schematic import FRAME_RATE, SAMPLE_RATE, Recording, loudness_of, speak, write_recording
from rtmri2speech.simulation.voice import pulse_train, vocalise

SIZE = 96


@pytest.fixture(scope="module")
def recording() -> Recording:
    return speak(8.0, seed=3, size=SIZE)


def centre_times(recording: Recording) -> NDArray[np.float64]:
    return (np.arange(len(recording.frames)) + 0.5) / float(recording.frame_rate)


def excerpt(recording: Recording, start: float, end: float) -> NDArray[np.float64]:
    rate = recording.sample_rate
    return recording.audio[round(start * rate) : round(end * rate)].astype(np.float64)


def level_at_frames(recording: Recording) -> NDArray[np.float64]:
    """Root mean square of the sound over each frame."""
    per_frame = recording.audio.reshape(len(recording.frames), -1).astype(np.float64)
    return np.sqrt(np.mean(np.square(per_frame), axis=1))


def mouth_gap(recording: Recording) -> NDArray[np.float64]:
    """Height of the dark gap between the lips, in units of the picture's side, by frame."""
    top, bottom, column = (round(SIZE * place) for place in (0.29, 0.53, 0.235))
    gaps = []
    for strip in recording.frames[:, top:bottom, column - 1 : column + 2].mean(axis=2):
        dark = int(np.argmax(strip < 60))  # below the upper lip
        gaps.append(int(np.argmax(strip[dark:] >= 60)) / SIZE)  # to the lower lip; 0 where only air follows
    return np.array(gaps)


def linear_prediction(sound: NDArray[np.float64], rate: int, order: int = 10) -> NDArray[np.float64]:
    """Frequencies in Hz of the poles narrower than 400 Hz, ascending; autocorrelation method."""
    emphasised = np.append(sound[0], sound[1:] - 0.9 * sound[:-1]) * np.hamming(len(sound))
    lags = np.correlate(emphasised, emphasised, "full")[len(sound) - 1 : len(sound) + order]
    poles = np.roots(np.append(1.0, -solve_toeplitz(lags[:order] * np.append(1 + 1e-6, np.ones(order - 1)), lags[1:])))
    poles = poles[(poles.imag > 0) & (-np.log(np.abs(poles)) * rate / np.pi < 400)]
    return np.sort(np.angle(poles) * rate / (2 * np.pi))


def test_shapes_and_types(recording: Recording) -> None:
    count = round(8.0 * FRAME_RATE)
    assert recording.frames.shape == (count, SIZE, SIZE) and recording.frames.dtype == np.uint8
    assert recording.audio.shape == (736 * count,) and recording.audio.dtype == np.float32
    assert recording.formants.shape == (count, 2) and recording.f0.shape == (count,)
    assert 0.2 < np.abs(recording.audio).max() < 0.95
    assert {name for _, _, name in recording.labels} == set(VOWELS)
    edges = [edge for start, end, _ in recording.labels for edge in (start, end)]
    assert edges == sorted(edges) and edges[0] > 0 and edges[-1] < count / FRAME_RATE


def test_same_seed_same_recording_other_seed_another() -> None:
    one, same, other = (speak(1.5, seed, size=32) for seed in (5, 5, 6))
    for name in ("frames", "audio", "formants", "f0"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
    assert one.labels == same.labels != other.labels
    assert not np.array_equal(one.audio, other.audio)


@pytest.mark.parametrize("seconds", [1.0, 1.3, 2.0, 7.9])
@pytest.mark.parametrize("seed", range(6))
def test_any_length_holds_speech_between_silences(seconds: float, seed: int) -> None:
    recording = speak(seconds, seed, size=16)
    assert recording.labels and recording.f0[0] == recording.f0[-1] == 0


def test_other_clocks() -> None:
    recording = speak(2.0, seed=0, frame_rate=Fraction(50), sample_rate=16000, size=32)
    assert recording.frames.shape == (100, 32, 32) and recording.audio.shape == (32000,)


@pytest.mark.parametrize(("seconds", "size"), [(0.2, 64), (2.0, 65), (2.0, 8)])
def test_impossible_requests_are_refused(seconds: float, size: int) -> None:
    with pytest.raises(UserError):
        speak(seconds, seed=0, size=size)


@pytest.mark.parametrize("vowel", VOWELS)
def test_held_vowel_has_the_formants_of_its_pose(vowel: str) -> None:
    weights = np.tile(np.eye(len(POSES))[list(POSES).index(vowel)], (8000, 1))
    formants = formants_of(weights)
    assert formants[0] == pytest.approx(VOWELS[vowel].formants)
    sound = vocalise(formants, np.full(8000, 110.0), np.ones(8000), SAMPLE_RATE, np.random.default_rng(0))
    found = linear_prediction(resample_poly(sound[4000:].astype(np.float64), 1, 2), SAMPLE_RATE // 2)
    # Linear prediction leans towards the nearest harmonic: a quarter of their distance is its accuracy.
    assert found[:2] == pytest.approx(VOWELS[vowel].formants, abs=110 / 4)


def test_formants_mid_vowel_are_those_of_the_picture(recording: Recording) -> None:
    times = centre_times(recording)
    checked = 0
    errors = []
    for start, end, _ in recording.labels:
        middle = (start + end) / 2
        if end - start < 0.22:
            continue
        half = 0.035
        sound = resample_poly(excerpt(recording, middle - half, middle + half), 1, 2)
        found = linear_prediction(sound, recording.sample_rate // 2)[:2]
        truth = [np.interp(middle, times, recording.formants[:, index]) for index in (0, 1)]
        errors.append(np.abs(found / truth - 1))
        checked += 1
    assert checked >= 5
    # An excerpt of 70 ms with F0 near 120 Hz places a formant within a good part of the harmonics' distance.
    assert np.median(errors, axis=0) == pytest.approx([0.0, 0.0], abs=0.06)
    assert np.max(errors) < 0.2


def test_f0_by_autocorrelation(recording: Recording) -> None:
    rate, times = recording.sample_rate, centre_times(recording)
    errors = []
    for start, end, _ in recording.labels:
        middle = (start + end) / 2
        sound = excerpt(recording, middle - 0.025, middle + 0.025)
        lags = np.correlate(sound, sound, "full")[len(sound) - 1 :] / np.arange(len(sound), 0, -1)
        low, high = round(rate / 260), round(rate / 80)
        period = low + int(np.argmax(lags[low:high]))
        errors.append(rate / period / np.interp(middle, times, recording.f0) - 1)
    assert np.median(np.abs(errors)) < 0.02
    assert np.mean(np.abs(errors) < 0.06) > 0.9


def test_pulse_train_does_not_fold_back() -> None:
    rate = 20000
    pulses = pulse_train(np.linspace(100.0, 200.0, rate), rate)
    power = np.abs(np.fft.rfft(pulses * np.hanning(rate))) ** 2
    assert power[9700:].max() < 1e-4 * power.max()


def test_pauses_are_silent(recording: Recording) -> None:
    level = level_at_frames(recording)
    silent = recording.f0 == 0
    # Frames wholly in a pause: their neighbours are unvoiced too, and a resonator rings a few milliseconds.
    deep = silent & np.roll(silent, 1) & np.roll(silent, -1)
    assert deep.sum() >= 8
    assert level[deep].max() < 0.01 * level.max()
    assert level[recording.f0 > 0].mean() > 20 * level[deep].mean()


def test_mouth_opens_when_the_sound_begins(recording: Recording) -> None:
    level, gap, times = level_at_frames(recording), mouth_gap(recording), centre_times(recording)
    ends = [0.0, *(end for _, end, _ in recording.labels)]
    checked = 0
    for (start, end, name), before in zip(recording.labels, ends, strict=False):
        if start - before < 0.1 or name not in "ae":
            continue
        near = np.flatnonzero((times > start - 0.15) & (times < (start + end) / 2))
        crossings = []
        for course in (level[near], gap[near]):
            half = course.min() + 0.5 * (course.max() - course.min())
            above = int(np.argmax(course > half))
            crossings.append(above - (course[above] - half) / (course[above] - course[above - 1]))
        assert abs(crossings[0] - crossings[1]) <= 1.0
        checked += 1
    assert checked >= 1


def test_mouth_gap_tells_the_vowels_apart(recording: Recording) -> None:
    gap, times = mouth_gap(recording), centre_times(recording)
    middle = {name: gap[np.argmin(np.abs(times - (s + e) / 2))] for s, e, name in recording.labels}
    assert middle["a"] > middle["e"] > middle["i"] > 0
    assert gap[0] < 0.02


def test_frames_change_smoothly(recording: Recording) -> None:
    frames = recording.frames.astype(np.float64)
    still = recording.frames[recording.f0 == 0][:, :, SIZE * 3 // 4 :]
    # Where nothing moves only noise remains: no flicker of the whole picture.
    assert still.astype(np.float64).mean(axis=(1, 2)).std() < 0.3
    change = np.abs(np.diff(frames, axis=0))
    assert change.mean(axis=(1, 2)).max() < 20
    # A step in one frame would stand out against the steps around it.
    speed = change.mean(axis=(1, 2))
    around = np.maximum(np.roll(speed, 1), np.roll(speed, -1))[1:-1]
    assert (speed[1:-1] / around).max() < 2.5


def test_small_movements_move_the_picture_a_little() -> None:
    drawing = Drawing(SIZE)
    eye = np.eye(len(POSES))
    previous, steps = None, []
    for share in np.linspace(0.0, 1.0, 101):
        weights = (1 - share) * eye[0] + share * eye[1]
        frame = drawing.frame(weights, 110.0, np.random.default_rng(0)).astype(np.float64)
        if previous is not None:
            steps.append(np.abs(frame - previous).max())
        previous = frame
    # The same noise in all of them: what is left is movement, never a jump from dark to bright.
    assert max(steps) < 40


def test_larynx_rises_with_f0() -> None:
    drawing = Drawing(128)
    rest = np.eye(len(POSES))[-1]
    column = slice(round(0.70 * 128), round(0.73 * 128))
    heights = []
    for f0 in (90.0, 130.0, 190.0):
        strip = drawing.frame(rest, f0, np.random.default_rng(0))[round(0.72 * 128) :, column].mean(axis=1)
        heights.append(int(np.argmax(strip)))
    assert heights[0] > heights[1] > heights[2]


def test_loudness_follows_the_rest_pose() -> None:
    eye = np.eye(len(POSES))
    assert loudness_of(eye).tolist() == [1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("size", [16, 64])
def test_sizes(size: int) -> None:
    frame = Drawing(size).frame(np.eye(len(POSES))[0], 110.0, np.random.default_rng(0))
    assert frame.shape == (size, size) and frame.max() > 120 and frame.min() < 20


def test_written_files(tmp_path: Path) -> None:
    from praatio import textgrid

    recording = speak(1.5, seed=1, size=64)
    video = write_recording(recording, tmp_path / "new", "talk", textgrid=True)
    assert sorted(path.name for path in video.parent.iterdir()) == ["talk.TextGrid", "talk.mp4", "talk.wav"]
    assert soundfile.info(video.with_suffix(".wav")).frames == len(recording.frames) * 736
    sound = read_sound(video.with_suffix(".wav"))
    assert np.abs(sound.samples - recording.audio).max() < 1e-4
    tier = textgrid.openTextgrid(str(video.with_suffix(".TextGrid")), includeEmptyIntervals=False).getTier("phones")
    assert [entry.label for entry in tier.entries] == [name for _, _, name in recording.labels]
    assert tier.entries[0].start == pytest.approx(recording.labels[0][0], abs=1e-4)


def test_video_keeps_rate_and_pictures(tmp_path: Path) -> None:
    import av

    recording = speak(1.5, seed=1, size=64)
    video = write_recording(recording, tmp_path, "talk", wav=False)
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp4"]
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == FRAME_RATE
        decoded = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(stream)])
    assert decoded.shape == recording.frames.shape
    assert np.abs(decoded.astype(float) - recording.frames).mean() < 3
