"""The whole way from a video to a tract: lengths and formants of drawn tubes, and what is said of what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from drawn_head import SIZE, head
from drawn_recording import PIXEL_MM, RATE, tube_labels, write_recording
from drawn_tubes import LENGTH
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import CLASSES, class_of_label
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError, DatasetError, MediaError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.measurement.measure import tract
from rtmri2speech.vocal_tract.measurement.notes import notes_of
from rtmri2speech.vocal_tract.measurement.sources import LabeledFrames
from rtmri2speech.vocal_tract.measurement.tract import COLUMNS, Tract
from rtmri2speech.vocal_tract.measurement.view import View, view_of
from rtmri2speech.vocal_tract.segmentation import Segmentation, read_labels, write_labels
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter

STEP = 20
UPPER_LIP, LOWER_LIP, PALATE, VELUM = 2, 3, 5, 6
OPEN = [tube_labels(12.0)] * 3


def measured(folder: Path, frames: list[UInt8], pixel_mm: float = PIXEL_MM, **options: object) -> Tract:
    video = write_recording(folder, frames, pixel_mm)
    return tract(video, regions=folder / "clip_regions.npz", **options)  # type: ignore[arg-type]


class Reader(FrameSegmenter):
    """Finds the class whose number the gray values tell, with more or less certainty."""

    def __init__(self, sure: float = 1.0) -> None:
        self.size, self.device, self.sure = 2 * SIZE, torch.device("cpu"), sure
        self.bundle = Bundle.from_segmenter(Segmenter(SegmenterConfig(size=16, widths=(4, 4))))

    def probabilities(self, frames: Iterable[UInt8]) -> Iterator[torch.Tensor]:
        for frame in frames:
            numbers = torch.from_numpy((frame // STEP).astype(np.int64)).clamp(0, len(CLASSES) - 1)
            one_hot = torch.nn.functional.one_hot(numbers, len(CLASSES)).permute(2, 0, 1).float()
            maps = self.placement(frame.shape).squares(one_hot)[:, 0]
            maps[0] = 1.0 - maps[1:].sum(dim=0)
            yield maps * self.sure + (1.0 - self.sure) / len(CLASSES)


def heads(path: Path, frames: list[UInt8]) -> Path:
    write_video(path, [(class_of_label()[one] * STEP).astype(np.uint8) for one in frames], RATE, lossless=True)
    return path


def test_a_drawn_tube_is_measured(tmp_path: Path) -> None:
    found = measured(tmp_path, OPEN)
    assert found.name == "clip" and found.frame_rate == 25 and found.pixel_mm == PIXEL_MM
    assert found.length[0] == pytest.approx(LENGTH * PIXEL_MM / 10, rel=0.08)
    assert found.distance[0, 20] == pytest.approx(12 * PIXEL_MM, abs=0.5)
    assert found.pixel_source == "regions" and "0.90 mm, as the file of labels says" in found.notes[0]
    assert found.area_model == "people" and len(found.video_sha256) == 64 and found.model_sha256 == ""
    assert (found.confidence == 1).all() and set(found.measures) == set(MEASURES)
    # Wide about the middle, so neither the neutral tube's nor far from it.
    neutral = 35_300 / (4 * found.length[0])
    assert found.formants[0] == pytest.approx(neutral * np.array([1, 3, 5, 7]), rel=0.35)
    assert (found.formant_range[..., 0] < found.formants).all() and (found.formants < found.formant_range[..., 1]).all()
    assert found.sensitivity.shape == (3, 4, 40) and (found.bandwidths > 10).all()
    row = found.rows()[1]
    assert tuple(row) == COLUMNS and row["time_s"] == pytest.approx(0.06) and row["F1_hz"] == found.formants[1, 0]


def test_a_given_size_comes_before_that_of_the_labels_and_lengths_follow(tmp_path: Path) -> None:
    half, whole = (measured(tmp_path, OPEN, pixel_mm=size) for size in (0.5, 1.0))
    assert whole.length == pytest.approx(2 * half.length)
    given = measured(tmp_path, OPEN, pixel_mm=1.0)
    found = tract(tmp_path / "clip.mkv", regions=tmp_path / "clip_regions.npz", pixel_mm=0.5)
    assert found.pixel_source == "given" and found.notes == () and found.length == pytest.approx(0.5 * given.length)


def test_an_unknown_size_is_estimated_and_said_to_be(tmp_path: Path) -> None:
    found = measured(tmp_path, OPEN, pixel_mm=np.nan)
    assert found.pixel_source == "estimated"
    assert f"{found.pixel_mm:.2f} mm is estimated" in found.notes[0] and "`pixel_mm`" in found.notes[0]
    assert 13 < found.length[0] < 19


def test_a_closure_is_a_tube_up_to_it(tmp_path: Path) -> None:
    found = measured(tmp_path, [OPEN[0], tube_labels(12.0, closed=(100.0, 110.0)), OPEN[0]], smoothing=0.0)
    assert found.closed[1].any() and not found.closed[0].any()
    assert found.area[1].min() == 0 < found.area[0].min()
    # Walls that swing about a shut cavity.
    assert 150 < found.formants[1, 0] < 260 < found.formants[0, 0]
    assert np.isfinite(found.formant_range[1]).all()


def test_without_lips_a_size_is_estimated_from_the_rest(tmp_path: Path) -> None:
    found = measured(tmp_path, [tube_labels(12.0, without=[UPPER_LIP, LOWER_LIP])] * 2, pixel_mm=np.nan)
    assert found.pixel_source == "estimated" and any("the part of the tract that is in view" in n for n in found.notes)
    assert 0.7 < found.pixel_mm / tract_of(tmp_path).pixel_mm < 1.4


def tract_of(folder: Path) -> Tract:
    return measured(folder, OPEN, pixel_mm=np.nan)


@pytest.mark.parametrize(("without", "named"), [([UPPER_LIP, LOWER_LIP], "upper lip, lower lip")])
def test_what_has_no_lips_gives_the_rest(tmp_path: Path, without: list[int], named: str) -> None:
    found = measured(tmp_path, [tube_labels(12.0, without=without)] * 2)
    assert np.isnan(found.area).all() and np.isnan(found.formants).all()
    missing = next(note for note in found.notes if note.startswith("not measured in any frame"))
    assert "lip_aperture_mm" in missing and "jaw_mm" in missing and named in missing and "pharynx_mm" not in missing
    assert np.isfinite(found.measures["pharynx_mm"]).all() and np.isfinite(found.measures["tongue_body_mm"]).all()


def test_lips_that_are_closed_throughout_are_said_to_be(tmp_path: Path) -> None:
    found = measured(tmp_path, [tube_labels(12.0, closed=(LENGTH - 10.0, LENGTH))] * 2)
    assert any("lips are closed in all frames" in note for note in found.notes)
    assert (found.formants[:, 0] < 260).all()


def test_a_size_that_cannot_be_estimated_leaves_no_millimeters(tmp_path: Path) -> None:
    found = measured(tmp_path, [tube_labels(12.0, without=[UPPER_LIP, LOWER_LIP, PALATE, VELUM])] * 2, pixel_mm=np.nan)
    assert np.isnan(found.pixel_mm) and found.pixel_source == "unknown" and "unknown size" in repr(found)
    assert any("nothing is given in millimeters" in note for note in found.notes)
    assert all(np.isnan(values).all() for name, values in found.measures.items() if name.endswith("_mm"))


@pytest.mark.parametrize(
    ("cut", "named", "lost"),
    [
        (np.s_[:150], "larynx is", {"larynx_cm"}),
        (np.s_[:, 55:], "lips are", {"lip_aperture_mm", "lip_protrusion_mm", "jaw_mm"}),
    ],
)
def test_what_is_cropped_at_an_end_gives_the_rest(
    tmp_path: Path, cut: tuple[slice, ...], named: str, lost: set[str]
) -> None:
    found, whole = measured(tmp_path, [np.ascontiguousarray(one[cut]) for one in OPEN]), measured(tmp_path, OPEN)
    assert any(note.startswith(f"the {named} out of view") for note in found.notes), found.notes
    assert not any("view" in note for note in whole.notes)
    for name in ("length", "area", "area_range", "distance", "midline", "formants"):
        assert np.isnan(getattr(found, name)).all() and np.isfinite(getattr(whole, name)).all(), name
    known = {name for name, values in found.measures.items() if np.isfinite(values).all()}
    assert set(MEASURES) - known == lost | {"tongue_tip_at", "tongue_body_at"}
    rest = ["tongue_body_mm", "velum_mm", *({"jaw_mm", "lip_aperture_mm"} - lost)]
    for name in rest:
        assert found.measures[name] == pytest.approx(whole.measures[name], abs=0.5), name


def test_a_length_that_is_nobodys_is_named(tmp_path: Path) -> None:
    assert "a tract of 3" in measured(tmp_path, OPEN, pixel_mm=2.3).notes[-1]


def test_regions_of_another_video_are_refused(tmp_path: Path) -> None:
    video = write_recording(tmp_path, OPEN)
    write_recording(tmp_path, OPEN[:2], name="short")
    write_recording(tmp_path, [one[:100] for one in OPEN], name="small")
    for name, problem in (("short", "labels of 2 frames for a video of 3"), ("small", "192 x 100 pixels")):
        with pytest.raises(ConfigError, match=problem):
            tract(video, regions=tmp_path / f"{name}_regions.npz")
    with pytest.raises(DatasetError):
        tract(video, regions=video)


def test_what_cannot_be_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.mp4"
    for options in ({"pixel_mm": 99.0}, {"smoothing": -1.0}, {"area_model": tmp_path / "none.json"}):
        with pytest.raises(ConfigError):
            tract(missing, Reader(), **options)  # type: ignore[arg-type]
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    with pytest.raises(MediaError):
        tract(tmp_path / "text.mp4", Reader())


def test_a_segmenter_gives_contours_and_confidence(tmp_path: Path) -> None:
    found = tract(heads(tmp_path / "h.mkv", [head(), head(1.0)]), Reader(), pixel_mm=2.5)
    assert (found.confidence > 0.5).all() and len(found.model_sha256) == 64
    assert set(found.contours.frame(0)) >= {"tongue", "upper_lip", "lower_lip", "pharyngeal_wall"}
    assert found.measures["lip_aperture_mm"] == pytest.approx(2.5 * 2.0, abs=1.0)


def test_nothing_is_measured_where_there_is_no_head(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 220, (SIZE, SIZE)).astype(np.uint8) for _ in range(3)]
    write_video(tmp_path / "n.mkv", noise, RATE, lossless=True)
    found = tract(tmp_path / "n.mkv", Reader(), pixel_mm=2.5)
    assert (
        "no vocal tract was recognized in 3 of 3 frames" in found.notes[0] and "Nothing is measured" in found.notes[0]
    )
    assert len(found.notes) == 1 and np.isnan(found.length).all()
    assert all(np.isnan(values).all() for values in found.measures.values())


def test_a_measured_tract_is_no_file_of_labels(tmp_path: Path) -> None:
    video = write_recording(tmp_path, OPEN, PIXEL_MM)
    tract(video, regions=tmp_path / "clip_regions.npz").save(tmp_path)
    with pytest.raises(DatasetError, match=r"clip_tract.npz: a measured tract, which holds no labels"):
        tract(video, regions=tmp_path / "clip_tract.npz")


def test_frames_of_low_confidence_are_named(tmp_path: Path) -> None:
    frames = [head()] * 6
    frames[4] = np.zeros_like(frames[4])
    found = tract(heads(tmp_path / "d.mkv", frames), Reader(), pixel_mm=2.5)
    assert "confidence is low in 1 of 6 frames: 4. Look at them before you use their measures." in found.notes


def test_bars_around_the_frames_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    around = [np.pad(class_of_label()[one] * STEP, 40, constant_values=255) for one in [head(), head(1.0)] * 2]
    for one in around:
        one[40:-40, 40:-40] += rng.integers(0, STEP // 2, (SIZE, SIZE), dtype=np.uint8)
    write_video(tmp_path / "b.mkv", [one.astype(np.uint8) for one in around], RATE, lossless=True)
    found = tract(tmp_path / "b.mkv", Reader(), pixel_mm=2.5)
    assert "bars around the frames" in found.notes[0]


def test_an_edge_of_the_frame_is_that_within_bars(tmp_path: Path) -> None:
    found, scan = measured(tmp_path, OPEN), scan_video(tmp_path / "clip.mkv")
    lips = int(found.midline[0, -1, 0])
    source = LabeledFrames(read_labels(tmp_path / "clip_regions.npz"))
    source.points[:] = found.contours.points
    assert view_of(found.midline, source.points, source.inside, larynx=True) == View()
    source.inside = source.inside[0], slice(lips - 2, scan.width)
    assert view_of(found.midline, source.points, source.inside, larynx=True).hidden == ("lips",)
    near = View(near_edge=("lips",))
    assert any("edge of the frame: the lips may be" in note for note in notes_of(found, scan, source, near))


def test_times_that_are_off_and_pixels_that_are_not_square_are_said(tmp_path: Path) -> None:
    scan = scan_video(write_recording(tmp_path, OPEN * 2))
    regions = tmp_path / "clip_regions.npz"
    assert not any("constant" in note or "square" in note for note in tract(scan, regions=regions).notes)
    starts = scan.starts + np.array([0.0, 0.0, 0.0, 0.03, 0.03, 0.0])
    uneven = replace(scan, starts=starts, pixel_aspect=Fraction(16, 15))
    notes = " ".join(tract(uneven, regions=regions).notes)
    assert "times, counted at 25.000 frames per second, are up to 30 ms off (in 1 frames" in notes
    assert "pixels of this video are 16:15" in notes and "differ by 7%" in notes


def test_labels_of_other_content_are_said_to_be(tmp_path: Path) -> None:
    video = write_recording(tmp_path, OPEN)
    labels = read_labels(tmp_path / "clip_regions.npz")
    for content, said in ((hash_files([video]), False), ("0" * 64, True)):
        contours = Contours(np.full((3, len(CONTOURS), 2, 2), np.nan), RATE, PIXEL_MM)
        path = tmp_path / "other_regions.npz"
        write_labels(path, Segmentation("other", labels.labels, labels.confidence, contours, "given", (), content))
        notes = tract(video, regions=path).notes
        assert any("other_regions.npz was made from another video" in note for note in notes) == said
