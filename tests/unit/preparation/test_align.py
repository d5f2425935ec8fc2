from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.annotation.grid import TextGrid, interval_tier, point_tier
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import Sound, write_wav
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.textgrid import read_textgrid, write_textgrid
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.align import align, explain_mismatch, offsets
from rtmri2speech.preparation.prepare import PrepareSummary
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig

Mux = Callable[..., Path]
PaperClip = Callable[..., Clip]
Prepare = Callable[..., PrepareSummary]

MEMO = FeatureConfig()
RATE, HOP = MEMO.sample_rate, MEMO.hop_length
ATR = Fraction(625, 23)


def counting(n: int, start: float = 0.0) -> Sound:
    """A sound at the feature rate whose samples say their own index."""
    return Sound(np.arange(n, dtype=np.float32), RATE, start)


def test_sound_of_the_pictures_length_is_taken_whole(paper_clip: PaperClip) -> None:
    first, samples = align(counting(100 * HOP), paper_clip(100, ATR), MEMO, 0.0, "refuse")
    assert first == 0 and samples.tolist() == list(range(100 * HOP))


@settings(deadline=None, max_examples=80)
@given(st.floats(-1.5, 1.5), st.floats(0, 3), st.floats(0, 3))
def test_offsets_are_exact_to_the_sample(paper_clip: PaperClip, offset: float, picture: float, sound: float) -> None:
    """Whatever begins first, sample k of the result belongs to the time of its frame."""
    clip = paper_clip(100, ATR, begin=picture)
    heard = counting(100 * HOP, start=sound)
    lead = picture - sound + offset
    begin = round(lead * RATE)
    if begin >= len(heard.samples) - HOP or begin <= -99 * HOP:
        return
    first, samples = align(heard, clip, MEMO, offset, "trim")
    assert first == max(0, math.ceil(-begin / HOP))
    assert samples[0] == begin + first * HOP >= 0 and samples[0] < HOP + max(begin, 0)
    assert len(samples) % HOP == 0 and np.array_equal(np.diff(samples), np.ones(len(samples) - 1))
    # Nothing is lost: another frame would lie beyond the sound or the picture.
    frames = first + len(samples) // HOP
    assert frames == 100 or samples[-1] + HOP >= len(heard.samples)


def test_sign_of_the_offset(paper_clip: PaperClip) -> None:
    clip = paper_clip(100, ATR)
    first, samples = align(counting(110 * HOP), clip, MEMO, 10 * HOP / RATE, "refuse")
    assert (first, samples[0], len(samples)) == (0, 10 * HOP, 100 * HOP)
    first, samples = align(counting(100 * HOP), clip, MEMO, -5 * HOP / RATE, "refuse")
    assert (first, samples[0], len(samples)) == (5, 0, 95 * HOP)


def test_other_sampling_rates_are_resampled(paper_clip: PaperClip) -> None:
    time = np.arange(44100 * 3) / 44100
    sound = Sound(np.sin(2 * np.pi * 300 * time).astype(np.float32), 44100, 0.0)
    _, samples = align(sound, paper_clip(81, ATR), MEMO, 0.0, "refuse")
    expected = np.sin(2 * np.pi * 300 * np.arange(len(samples)) / RATE)
    assert np.abs(samples - expected)[500:-500].max() < 1e-3


@pytest.mark.parametrize(
    ("length", "offset", "texts"),
    [
        (8.0, 0.0, ["8.00 s of sound, 4.00 s of video", "goes on 4.00 s after the video has ended"]),
        (3.0, 0.0, ["3.00 s of sound, 4.00 s of video", "ends 1.00 s before the video"]),
        (4.0, 1.0, ["with `sync_offset=1`", "ends 1.00 s before the video"]),
        (4.0, -1.0, ["starts 1.00 s after the video", "goes on 1.00 s"]),
    ],
)
def test_lengths_that_disagree_are_refused_with_the_amounts(
    paper_clip: PaperClip, length: float, offset: float, texts: list[str]
) -> None:
    clip = paper_clip(100, Fraction(25))
    sound = counting(round(length * RATE))
    with pytest.raises(MediaError) as caught:
        align(sound, clip, MEMO, offset, "refuse")
    assert caught.value.problem.startswith("clip.mp4: ")
    assert all(text in caught.value.problem for text in texts)
    assert "`on_mismatch='trim'`" in caught.value.remedy and "`sync_offset`" in caught.value.remedy
    first, samples = align(sound, clip, MEMO, offset, "trim")
    assert len(samples) // HOP == pytest.approx(min(4.0, length, 4 - abs(offset)) * float(MEMO.frame_rate), abs=2)
    assert first == (0 if offset >= 0 else math.ceil(-offset * float(MEMO.frame_rate)))


@pytest.mark.parametrize("difference", [-0.2, 0.1, 0.2])
def test_the_padding_of_codecs_is_tolerated(paper_clip: PaperClip, difference: float) -> None:
    sound = counting(round((4.0 + difference) * RATE))
    assert explain_mismatch(sound, paper_clip(100, Fraction(25)), 0.0) is None
    align(sound, paper_clip(100, Fraction(25)), MEMO, 0.0, "refuse")


def test_offset_beyond_the_sound_leaves_nothing(paper_clip: PaperClip) -> None:
    for offset in (10.0, -10.0):
        with pytest.raises(MediaError, match="no sound is left"):
            align(counting(4 * RATE), paper_clip(100, Fraction(25)), MEMO, offset, "trim")


def test_lead_and_tail_are_on_the_containers_clock(paper_clip: PaperClip) -> None:
    gap = offsets(counting(3 * RATE, start=0.5), paper_clip(25, Fraction(25), begin=1.5), 0.25)
    assert gap.lead == pytest.approx(1.25) and gap.tail == pytest.approx(3 - 1.25 - 1.0)


def flashes(rate: Fraction, seconds: float) -> tuple[NDArray[np.uint8], list[Fraction]]:
    """Frames with a block that lights up now and then, and the middle of each flash."""
    n = round(seconds * rate)
    frames = np.zeros((n, 32, 32), np.uint8)
    frames[:, :8, :8], frames[:, 20:28, 4:12] = 255, 60  # constant extremes, and the block
    times = []
    for index in range(round(0.4 * rate), n - round(0.3 * rate), max(1, round(0.31 * rate))):
        middle = (index + Fraction(1, 2)) / rate
        place = middle * MEMO.frame_rate % 1
        # On the edge of two feature frames the flash belongs to both.
        if Fraction(1, 4) < place < Fraction(3, 4):
            frames[index, 20:28, 4:12] = 240
            times.append(middle)
    return frames, times


def clicks(times: list[Fraction], seconds: float, rate: int, shift: float = 0.0) -> NDArray[np.float32]:
    """A click of a millisecond at every time."""
    time = np.arange(round((seconds + shift) * rate)) / rate - shift
    sound = np.zeros(len(time))
    for middle in times:
        offset = time - float(middle)
        sound += 0.8 * np.exp(-np.square(offset / 4e-4)) * np.cos(2 * np.pi * 900 * offset)
    return (sound + 1e-5).astype(np.float32)


def assert_together(dataset: Dataset, times: list[Fraction]) -> None:
    """Each flash and its click are in the same frame of mri.npy and mel_db.npy."""
    (row,) = dataset.utterances
    light = np.asarray(dataset.frames(row))[:, 20:28, 4:12].mean(axis=(1, 2))
    loud = np.power(10, dataset.mel_db(row) / 10).sum(axis=1)
    found = 0
    for middle in times:
        frame = math.floor((middle - Fraction(row.source_start)) * MEMO.frame_rate)
        if frame < 4 or frame > row.n_frames - 5:
            continue
        near = slice(frame - 3, frame + 4)
        assert int(light[near].argmax()) == int(loud[near].argmax()) == 3
        found += 1
    assert found >= 3


RATES = [Fraction(65040, 781), Fraction(2318, 100), ATR, Fraction(50)]


@pytest.mark.parametrize("rate", RATES, ids=["83.278", "23.18", "625/23", "50"])
@pytest.mark.parametrize("kind", ["wav", "aac.mp4", "aac.mkv"])
def test_flash_and_click_land_in_the_same_frame(
    tmp_path: Path, mux: Mux, run: Prepare, options: PrepareOptions, rate: Fraction, kind: str
) -> None:
    frames, times = flashes(rate, 3.5)
    sound = clicks(times, 3.5, 44100)
    folder = tmp_path / "in"
    if kind == "wav":
        write_video(folder / "flash.mkv", frames, rate, lossless=True)
        write_wav(folder / "flash.wav", sound, 44100)
    else:
        mux(folder / f"flash.{kind.partition('.')[2]}", frames, rate, sound, 44100, "aac")
    run(folder, options=options.model_copy(update={"split": "recording"}))
    assert_together(Dataset(tmp_path / "dataset"), times)


@pytest.mark.parametrize("offset", [0.3137, -0.2711, 1.25])
def test_flash_click_and_annotation_agree_with_a_sync_offset(
    tmp_path: Path, run: Prepare, options: PrepareOptions, offset: float
) -> None:
    rate = Fraction(65040, 781)
    frames, times = flashes(rate, 3.5)
    folder = tmp_path / "in"
    write_video(folder / "flash.mkv", frames, rate, lossless=True)
    write_wav(folder / "flash.wav", clicks(times, 3.5, 44100, shift=offset), 44100)
    marked = [time for time in times if time + Fraction(offset) > Fraction(1, 10)][2:5]
    length = 3.5 + offset
    intervals = [(float(t) + offset - 0.05, float(t) + offset + 0.05, f"f{i}") for i, t in enumerate(marked)]
    points = [(float(t) + offset, f"c{i}") for i, t in enumerate(marked)]
    grid = TextGrid(0.0, length, (interval_tier("flash", intervals), point_tier("click", points)))
    write_textgrid(grid, folder / "flash.TextGrid")
    corpus = FolderCorpus((folder,), sync_offset=offset)
    wanted = {"split": "recording", "on_mismatch": "trim"}
    run(corpus=corpus, options=options.model_copy(update=wanted))
    dataset = Dataset(tmp_path / "dataset")
    assert_together(dataset, times)
    (row,) = dataset.utterances
    # Only where the sound begins after the picture are frames lost at the start.
    assert (row.source_start > 0) == (offset < 0)
    written = read_textgrid(dataset.folder(row) / "flash.TextGrid")
    assert written.end == pytest.approx(row.n_frames * 420 / 11413, abs=1e-5)
    for index, (interval, point) in enumerate(
        zip(written.tier("flash").entries, written.tier("click").entries, strict=True)
    ):
        own = float(marked[index]) - row.source_start
        assert (interval.label, point.label) == (f"f{index}", f"c{index}")
        assert interval.start == pytest.approx(own - 0.05, abs=2e-4)
        assert interval.end == pytest.approx(own + 0.05, abs=2e-4)
        assert point.time == pytest.approx(own, abs=2e-4)
