"""Files of labels: what is written is read, small on disk, and frame by frame where it is long."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from drawn_head import head
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import Label, label_names
from rtmri2speech.errors import DatasetError
from rtmri2speech.vocal_tract import segmentation
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours
from rtmri2speech.vocal_tract.segmentation import (
    Segmentation,
    confidence_notes,
    is_label_file,
    labels_fit,
    read_labels,
    write_labels,
)


@pytest.fixture
def found() -> Segmentation:
    contours = Contours(np.full((3, len(CONTOURS), POINTS, 2), np.nan), Fraction(625, 23), 2.4)
    confidence = np.array([0.9, 0.4, 0.8], np.float32)
    return Segmentation("clip", np.stack([head()] * 3), confidence, contours, video_sha256="ab", model_sha256="cd")


@pytest.mark.parametrize("limit", [1 << 20, 100])
def test_labels_come_back(found: Segmentation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(segmentation, "_IN_MEMORY", limit)
    path = tmp_path / "clip_regions.npz"
    write_labels(path, found, automatic=True)
    assert is_label_file(path) and path.stat().st_size < found.labels.size / 4
    back = read_labels(path)
    np.testing.assert_array_equal(back.labels, found.labels)
    np.testing.assert_array_equal(back.confidence, found.confidence)
    assert (back.frame_rate, back.pixel_mm) == (Fraction(625, 23), 2.4)
    assert (back.video_sha256, back.model_sha256, back.automatic) == ("ab", "cd", True)
    assert not back.pixel_estimated
    write_labels(path, replace(found, pixel_source="estimated"))
    assert read_labels(path).pixel_estimated


def test_a_file_of_another_program_is_read_by_names(tmp_path: Path) -> None:
    path = tmp_path / "other_regions.npz"
    known = {"frame_rate": np.array(25), "pixel_mm": np.array(np.nan), "confidence": np.ones(2)}
    np.savez(path, labels=np.array([[[0, 1], [2, 2]]] * 2, np.uint8), names=["air", "velum", "jaw"], **known)
    back = read_labels(path)
    np.testing.assert_array_equal(back.labels[0], [[0, Label.VELUM], [Label.JAW, Label.JAW]])
    assert (back.video_sha256, back.automatic, back.pixel_mm) == ("", False, None)
    np.savez(path, labels=np.ones((2, 2, 2), np.uint8), names=["air", "tongue"], **known)
    assert (read_labels(path).labels == Label.TONGUE_BODY).all()
    np.savez(path, labels=np.full((2, 2, 2), 99, np.uint8), names=label_names(), **known)
    with pytest.raises(DatasetError, match="label 99 has no name"):
        read_labels(path)


def test_labels_know_the_content_of_their_video(found: Segmentation, tmp_path: Path) -> None:
    path, video = tmp_path / "clip_regions.npz", tmp_path / "clip.mp4"
    video.write_bytes(b"frames")
    write_labels(path, found)
    assert not labels_fit(path, video) and not labels_fit(video, video)
    write_labels(path, replace(found, video_sha256=hash_files([video])))
    assert labels_fit(path, video)
    write_labels(path, replace(found, video_sha256=""))
    assert labels_fit(path, video)


def test_low_confidence_is_said() -> None:
    assert confidence_notes(np.array([0.9, 0.6], np.float32)) == ()
    (some,) = confidence_notes(np.array([0.9, 0.1, 0.2, 0.9, 0.9, 0.9], np.float32))
    assert "2 of 6 frames: 1-2." in some
    (most,) = confidence_notes(np.array([0.9, 0.1, 0.1], np.float32))
    assert "no vocal tract was recognized in 2 of 3 frames (median confidence 0.10)" in most
