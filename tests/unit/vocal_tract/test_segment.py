"""The whole way from a video to labels, with a network that knows what drawn heads look like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from drawn_head import SIZE, head
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import CLASSES, TONGUE, Label, class_of_label
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import read_video, write_video
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.vocal_tract.figures import write_overlay
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT
from rtmri2speech.vocal_tract.segment import SegmentOptions, segment
from rtmri2speech.vocal_tract.segmentation import frame_list, read_labels
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter

STEP = 20


class Reader(FrameSegmenter):
    """Finds the class whose number the gray values tell, if the head is upright; guesses otherwise."""

    def __init__(self) -> None:
        self.size, self.device = 2 * SIZE, torch.device("cpu")
        self.bundle = Bundle.from_segmenter(Segmenter(SegmenterConfig(size=16, widths=(4, 4))))

    def probabilities(self, frames: Iterable[UInt8]) -> Iterator[torch.Tensor]:
        for frame in frames:
            placement = self.placement(frame.shape)
            numbers = torch.from_numpy((frame // STEP).astype(np.int64)).clamp(0, len(CLASSES) - 1)
            maps = placement.squares(torch.nn.functional.one_hot(numbers, len(CLASSES)).permute(2, 0, 1).float())[:, 0]
            maps[0] = 1.0 - maps[1:].sum(dim=0)
            lips, throat = (np.nonzero(np.isin(frame // STEP, one))[0] for one in ([2], [9]))
            upright = len(lips) and len(throat) and lips.mean() < throat.mean() - 0.1 * len(frame)
            sure = 1.0 if upright else 0.3
            yield maps * sure + (1.0 - sure) / len(CLASSES)


def gray(labels: UInt8) -> UInt8:
    return (class_of_label()[labels] * STEP).astype(np.uint8)


def grainy(labels: UInt8) -> UInt8:
    """The same to :class:`Reader`, but never twice."""
    return gray(labels) + np.random.default_rng(int(labels.sum())).integers(0, STEP, labels.shape).astype(np.uint8)


def video(path: Path, frames: list[UInt8], rate: Fraction = Fraction(25)) -> Path:
    write_video(path, frames, rate, lossless=True)
    return path


HEADS = [head(shift) for shift in (0.0, 1.0, 2.0, 1.0)]


def test_a_head_is_found_frame_by_frame(tmp_path: Path) -> None:
    found = segment(video(tmp_path / "a.mkv", [gray(one) for one in HEADS]), Reader(), pixel_mm=2.5)
    assert found.name == "a" and found.labels.shape == (4, SIZE, SIZE) and found.frame_rate == 25
    for labels, drawn in zip(found.labels, HEADS, strict=True):
        tongue = np.isin(drawn, TONGUE)
        assert (np.isin(labels, TONGUE) == tongue).mean() > 0.99
        assert (labels[~tongue] == drawn[~tongue]).mean() > 0.98
        assert set(np.unique(labels)) >= set(TONGUE)
    assert (found.confidence > CONFIDENT).all() and not found.doubtful.any()
    assert found.notes == () and found.pixel_mm == 2.5 and found.pixel_source == "given"
    moved = found.contours.of("tongue").mean(axis=1)[:, 0]
    np.testing.assert_allclose(moved - moved[0], [0, 1, 2, 1], atol=0.2)


def test_other_shapes_sizes_and_directions(tmp_path: Path) -> None:
    right = segment(video(tmp_path / "r.mkv", [gray(head())[:, ::-1].copy()]), Reader())
    wide = segment(video(tmp_path / "w.mkv", [np.pad(gray(head()), ((0, 0), (4, 12)))]), Reader())
    assert right.labels.shape == (1, SIZE, SIZE) and wide.labels.shape == (1, SIZE, SIZE + 16)
    plain = segment(video(tmp_path / "p.mkv", [gray(head())]), Reader())
    for one in (right, wide, plain):
        assert one.confidence[0] > CONFIDENT and one.pixel_source == "estimated"
        assert one.notes[0].startswith(f"the size of a pixel is not known; {one.pixel_mm:.2f} mm is estimated")
    assert (right.labels[0][:, ::-1] == plain.labels[0]).mean() > 0.97
    here, there = (np.nanmean(one.contours.points, axis=2) for one in (wide, plain))
    np.testing.assert_allclose(here - there, np.broadcast_to([4.0, 0.0], here.shape), atol=0.5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_head_that_is_not_upright_is_named(tmp_path: Path, quarters: int) -> None:
    frames = [np.ascontiguousarray(np.rot90(gray(one), quarters)) for one in HEADS]
    found = segment(video(tmp_path / "t.mkv", frames), Reader())
    assert found.doubtful.all()
    assert f"the head is not upright: turned by {90 * quarters} degrees clockwise" in found.notes[0]


class Narrow(Reader):
    """Unsure of frames of which the head fills half or less."""

    def probabilities(self, frames: Iterable[UInt8]) -> Iterator[torch.Tensor]:
        for frame in frames:
            (maps,) = super().probabilities([frame])
            sure = 1.0 if max(frame.shape) < 1.5 * SIZE else 0.5
            yield maps * sure + (1.0 - sure) / len(CLASSES)


@pytest.mark.parametrize("bars", [((0, 0), (SIZE // 2, SIZE // 2)), ((SIZE // 2, SIZE // 2), (0, 0))])
def test_heads_within_bars_are_found_where_they_lie(tmp_path: Path, bars: tuple[tuple[int, int], ...]) -> None:
    plain = segment(video(tmp_path / "p.mkv", [gray(one) for one in HEADS]), Narrow(), pixel_mm=2.0)
    path = video(tmp_path / "b.mkv", [np.pad(grainy(one), bars, constant_values=1) for one in HEADS])
    found = segment(path, Narrow(), pixel_mm=2.0)
    inside = tuple(slice(start, start + SIZE) for start, _ in bars)
    assert found.labels.shape[1:] == tuple(SIZE + 2 * start for start, _ in bars)
    assert (found.labels[:, *inside] == plain.labels).mean() > 0.98
    assert found.labels.sum() == found.labels[:, *inside].sum()
    shift = np.nanmedian(found.contours.points - plain.contours.points, axis=(0, 1, 2))
    np.testing.assert_allclose(shift, [bars[1][0], bars[0][0]], atol=0.3)
    assert not found.doubtful.any() and "bars around the frames" in found.notes[0] and plain.notes == ()


def test_bars_that_cost_nothing_stay(tmp_path: Path) -> None:
    barred = [np.pad(grainy(one), ((0, 0), (9, 9))) for one in HEADS]
    assert segment(video(tmp_path / "b.mkv", barred), Reader(), pixel_mm=2.0).notes == ()


def test_what_is_no_head_has_no_confidence(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    black = [np.zeros((SIZE, SIZE), np.uint8)] * 3
    noise = [rng.integers(0, 220, (SIZE, SIZE)).astype(np.uint8) for _ in range(3)]
    for name, frames in {"black": black, "noise": noise}.items():
        found = segment(video(tmp_path / f"{name}.mkv", frames), Reader())
        assert found.doubtful.all() and found.pixel_mm is None and found.pixel_source == "unknown"
        assert len(found.notes) == 1 and "no vocal tract was recognized in 3 of 3 frames" in found.notes[0]
    assert not segment(tmp_path / "black.mkv", Reader()).labels.any()


def test_frames_at_uneven_times_are_told(tmp_path: Path) -> None:
    scan = scan_video(video(tmp_path / "u.mkv", [gray(one) for one in HEADS]))
    assert segment(scan, Reader(), pixel_mm=2.0).notes == ()
    uneven = replace(scan, starts=scan.starts + np.array([0.0, 0.03, 0.03, 0.0]))
    (note,) = segment(uneven, Reader(), pixel_mm=2.0).notes
    assert note.startswith(
        "the frame rate is not constant: times, counted at 25.000 frames per second, are up to 30 ms"
    )


def test_single_frames_that_are_doubtful_are_listed(tmp_path: Path) -> None:
    frames = [gray(one) for one in [*HEADS, *HEADS]]
    frames[3] = np.zeros_like(frames[3])
    found = segment(video(tmp_path / "d.mkv", frames), Reader(), pixel_mm=2.0)
    assert list(np.flatnonzero(found.doubtful)) == [3]
    assert found.notes == ("confidence is low in 1 of 8 frames: 3. Look at them before you use their labels.",)


def test_too_small_or_impossible_is_refused(tmp_path: Path) -> None:
    tiny = video(tmp_path / "tiny.mkv", [np.zeros((12, 14), np.uint8)] * 2)
    with pytest.raises(MediaError, match="14 x 12 pixels"):
        segment(tiny, Reader())
    for options in ({"pixel_mm": 0.0}, {"pixel_mm": 99.0}, {"smoothing": -0.1}, {"smoothing": float("nan")}):
        with pytest.raises(ConfigError):
            SegmentOptions(**options)
    with pytest.raises(UserError):
        segment(tmp_path / "missing.mkv", Reader())


def test_numbers_are_told_as_ranges() -> None:
    assert frame_list(np.array([3, 7, 8, 9, 40])) == "3, 7-9, 40"
    assert frame_list(np.arange(0, 40, 2), most=2) == "0, 2 and 18 more stretches"
    assert frame_list(np.array([], np.int64)) == ""


def test_labels_are_kept_in_a_file_where_they_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = video(tmp_path / "a.mkv", [gray(one) for one in HEADS])
    expected = segment(path, Reader(), pixel_mm=2.0)
    monkeypatch.setattr("rtmri2speech.vocal_tract.segmentation._IN_MEMORY", 1)
    found = segment(path, Reader(), pixel_mm=2.0)
    assert isinstance(found.labels, np.memmap)
    np.testing.assert_array_equal(found.labels, expected.labels)
    found.save(tmp_path)
    np.testing.assert_array_equal(read_labels(tmp_path / "a_regions.npz").labels, expected.labels)


def test_the_video_to_look_at_has_names_and_a_red_frame_where_there_is_doubt(tmp_path: Path) -> None:
    frames = [gray(one) for one in HEADS]
    frames[1] = np.zeros_like(frames[1])
    path = video(tmp_path / "v.mkv", frames)
    shown = write_overlay(segment(path, Reader(), pixel_mm=2.0), path, tmp_path)
    assert shown.name == "v_segment.mp4"
    sure, doubtful = islice(read_video(shown), 2)
    assert sure.shape[1] > sure.shape[0] and sure[:, -150:].max() > 150
    assert doubtful[1:3].mean() > sure[1:3].mean() + 30
    assert Label.JAW in segment(path, Reader()).labels
