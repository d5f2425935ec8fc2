"""What can be trained on: heads, phantoms, labeled frames of people, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from block_code import number_of, write_numbered
from heads import head
from rtmri2speech.data.labels import Label
from rtmri2speech.data.media.video import write_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.training.segmenter import sources
from rtmri2speech.training.segmenter.frame_sets import SIDE, evenly
from rtmri2speech.training.segmenter.labeled_frames import find_labeled, read_labeled
from rtmri2speech.training.segmenter.recipe import SegmenterDataConfig
from rtmri2speech.training.segmenter.sources import open_sources

CONFIG = SegmenterDataConfig()


def test_a_head_is_held_out(make_heads: Callable[..., Path]) -> None:
    found = open_sources([make_heads(heads=("m01", "f01", "m02"))], CONFIG)
    (kept,) = found.of("validation")
    assert len(found.of("train")) == 2 and kept.id.endswith("/validation") and len(kept) == 4
    assert found.counts() == {"poses train": 8, "poses validation": 4}
    assert found.notes == ("poses: 8 frames of 2 train and 4 frames of 1 validation",)
    codes, labels = head(4, 0)
    first = next(one for one in found.sets if one.id.startswith("m01"))
    assert np.array_equal(first.images, codes) and np.array_equal(first.labels, labels)
    assert found.fingerprint() == open_sources([make_heads("again", heads=("m01", "f01", "m02"))], CONFIG).fingerprint()


def test_heads_are_held_out_by_name(make_heads: Callable[..., Path]) -> None:
    root = make_heads()
    found = open_sources([root], SegmenterDataConfig(held_out_heads=("m01",)))
    assert [one.id for one in found.of("train")] == ["f01"]
    with pytest.raises(UserError, match=r"No head is named m09 .*held_out_heads"):
        open_sources([root], SegmenterDataConfig(held_out_heads=("m09",)))
    with pytest.raises(UserError, match="All heads are kept"):
        open_sources([root], SegmenterDataConfig(held_out_heads=("m01", "f01")))


def test_of_a_single_head_frames_are_held_out(make_heads: Callable[..., Path]) -> None:
    found = open_sources([make_heads(heads=("m01",), poses=12)], CONFIG)
    assert found.counts() == {"poses train": 10, "poses validation": 2}


def test_phantoms_have_splits_already(tiny_phantom: Path) -> None:
    found = open_sources([tiny_phantom], SegmenterDataConfig(clip_frames=3))
    assert all(one.origin == "phantom" and len(one) == 3 for one in found.sets)
    one = found.sets[0]
    assert one.images.shape == one.labels.shape == (3, SIDE, SIDE)
    # Tissue is brighter than the air of the tract.
    assert one.images[np.isin(one.labels, [4, 5, 6])].mean() > 2 * one.images[one.labels == Label.AIRWAY].mean()


def test_a_phantom_without_all_labels_is_refused(tiny_phantom: Path, tmp_path: Path) -> None:
    root = tmp_path / "old"
    shutil.copytree(tiny_phantom, root)
    for path in root.rglob("*.npz"):
        truth = Truth.load(path)
        truth.regions[truth.regions == Label.HARD_PALATE] = Label.BACKGROUND
        truth.save(path)
    with pytest.raises(DatasetError, match=r"\.npz: of a version whose palate"):
        open_sources([root], CONFIG)


def test_of_people_a_fifth_is_held_out(person: Path) -> None:
    found = open_sources([person], SegmenterDataConfig(people_share=1))
    assert found.counts() == {"people train": 5, "people validation": 1}
    only = open_sources([person], SegmenterDataConfig(people_share=1, people_frames=5))
    assert only.counts() == {"people train": 4, "people validation": 1}
    assert found.sets[0].images.max() == 255 and found.sets[0].images.min() == 0
    labels = found.sets[0].labels[0]
    assert np.mean(labels == head(6, 9)[1][0]) > 0.97


def test_of_five_people_one_is_held_out(tmp_path: Path) -> None:
    codes, labels = head(6, 9)
    for name in "abcde":
        write_video(tmp_path / f"{name}.mp4", codes * 50, Fraction(20), lossless=True)
        for frame in range(2):
            np.save(tmp_path / f"{name}_{frame}.npy", labels[frame])
    found = open_sources([tmp_path], SegmenterDataConfig(people_share=1))
    assert [(one.id, len(one)) for one in found.of("validation")] == [("c/validation", 2)]
    assert [one.id for one in found.of("train")] == ["a", "b", "d", "e"]
    # Of four, a fifth of all frames is kept, as of one.
    (tmp_path / "e.mp4").rename(tmp_path / "e.bak")
    assert open_sources([tmp_path], SegmenterDataConfig(people_share=1)).counts()["people validation"] == 2
    (tmp_path / "e.bak").rename(tmp_path / "e.mp4")
    # Most frames are of the recording that would be kept: a fifth of all frames is kept instead.
    for frame in range(2, 6):
        np.save(tmp_path / f"c_{frame}.npy", labels[frame])
    found = open_sources([tmp_path], SegmenterDataConfig(people_share=1))
    assert found.counts() == {"people train": 11, "people validation": 3}


def test_recordings_of_one_name_are_refused_before_they_are_read(person: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in ("clip.mp4", "clip_regions.npz"):
        (other / file).write_bytes(b"")
    with pytest.raises(DatasetError, match=r"person.clip\.mp4 and .*other.clip\.mp4 have one name"):
        open_sources([person, other], CONFIG)


def test_names_may_hold_brackets(tmp_path: Path) -> None:
    codes, labels = head(2, 9)
    write_video(tmp_path / "a[1].mp4", codes * 50, Fraction(20), lossless=True)
    np.save(tmp_path / "a[1]_1.npy", labels[1])
    assert len(read_labeled(tmp_path / "a[1].mp4")) == 1


def test_values_are_read_by_their_names_and_what_is_not_known_stays_so(person: Path) -> None:
    labels = np.full((6, 64, 64), 255, np.uint8)
    labels[2, :32], labels[2, 32:, :32] = 0, 1
    np.savez(person / "clip_regions.npz", labels=labels, names=np.array(["velum", "tongue"]))
    (found,) = read_labeled(person / "clip.mp4").labels
    assert (found[:128] == Label.VELUM).all() and (found[128:, :128] == Label.TONGUE_BODY).all()
    assert (found[128:, 128:] == 255).all()
    np.savez(person / "clip_regions.npz", labels=labels, names=np.array(["velum", "nose"]))
    with pytest.raises(DatasetError, match="a label 'nose'"):
        read_labeled(person / "clip.mp4")


def test_heads_of_the_program_are_mixed_in_where_there_are_none(
    person: Path, make_heads: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_heads()
    monkeypatch.setattr(sources, "simulated_heads", lambda: own)
    found = open_sources([person], CONFIG)
    assert found.counts() == {"poses train": 4, "poses validation": 4, "people train": 5, "people validation": 1}
    assert found.notes[0].endswith("come with the program are mixed in")
    others = make_heads("others", heads=("m07", "m08", "m09"))
    assert len(open_sources([person, others], CONFIG).of("train", "poses")) == 2
    monkeypatch.setattr(sources, "simulated_heads", lambda: None)
    assert "poses train" not in open_sources([person], CONFIG).counts()


def test_labels_of_single_frames(person: Path) -> None:
    (person / "clip_regions.npz").unlink()
    _, labels = head(6, 9)
    np.save(person / "clip_3.npy", labels[3])
    Image.fromarray(labels[5]).save(person / "clip_5.png")
    polygons = {"size": [64, 64], "regions": {"tongue": [[10, 10], [30, 10], [30, 30], [10, 30]]}}
    (person / "clip_1.json").write_text(json.dumps(polygons), encoding="utf-8")
    found = read_labeled(person / "clip.mp4")
    assert len(found) == 3
    assert set(np.unique(found.labels[0])) == {Label.TONGUE_BODY, 255}
    assert (found.labels[0] == Label.TONGUE_BODY).sum() == 80 * 80
    assert np.array_equal(found.labels[1], labels[3]) and np.array_equal(found.labels[2], labels[5])


def test_frames_are_counted_as_they_are_shown(tmp_path: Path) -> None:
    write_numbered(tmp_path / "a.avi", codec="mpeg4", dropped=(20, 21))
    np.save(tmp_path / "a_60.npy", np.zeros((64, 64), np.uint8))
    (frame,) = read_labeled(tmp_path / "a.avi").images
    assert number_of(frame[2::4, 2::4]) == 60


def test_an_image_with_polygons(tmp_path: Path) -> None:
    Image.fromarray(head(1, 0)[0][0] * 50).save(tmp_path / "frame.png")
    corners = [[0, 0], [256, 0], [256, 100]]
    text = json.dumps(
        {"size": [256, 256], "regions": {"background": corners, "velum": [[5, 5], [9, 5], [9, 9], [5, 9]]}}
    )
    (tmp_path / "frame.json").write_text(text, encoding="utf-8")
    found = read_labeled(tmp_path / "frame.png")
    assert (found.labels == Label.VELUM).sum() == 16 and (found.labels == Label.BACKGROUND).sum() == 65536 - 16
    (tmp_path / "frame.json").write_text(text.replace("velum", "tooth"), encoding="utf-8")
    with pytest.raises(ConfigError, match="no label is named 'tooth'"):
        read_labeled(tmp_path / "frame.png")


def test_frames_that_are_not_square_keep_their_shape(tmp_path: Path) -> None:
    frame, labels = np.full((32, 64), 100, np.uint8), np.zeros((32, 64), np.uint8)
    frame[:, 32:], labels[:, 32:] = 200, Label.VELUM
    Image.fromarray(frame).save(tmp_path / "wide.png")
    np.save(tmp_path / "wide_labels.npy", labels)
    found = read_labeled(tmp_path / "wide.png")
    known = found.labels[0] != 255
    assert known[64:192].all() and known.sum() == 128 * 256
    assert ((found.labels[0] == Label.VELUM)[64:192] == (np.arange(256) >= 128)).all()
    assert (found.images[0, 70:186, 140:] == 255).all() and found.images[0, :60].max() == 0


def test_files_without_labels_are_not_taken(person: Path) -> None:
    np.save(person / "clip_labels.npy", np.zeros((6, 64, 64), np.uint8))
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(person / "other.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(person / "third_labels.png")
    assert find_labeled(person) == [person / "clip.mp4"]


def test_what_is_wrong_is_named(person: Path, tmp_path: Path, make_heads: Callable[..., Path]) -> None:
    np.savez(person / "clip_regions.npz", labels=np.zeros((4, 64, 64), np.uint8))
    with pytest.raises(DatasetError, match=r"clip_regions.npz: labels of 4 frames, and clip.mp4 has 6"):
        read_labeled(person / "clip.mp4")
    np.savez(person / "clip_regions.npz", labels=np.full((6, 64, 64), 99))
    with pytest.raises(DatasetError, match="other values than labels"):
        read_labeled(person / "clip.mp4")
    np.savez(person / "clip_regions.npz", labels=np.full((6, 64, 64), 255))
    with pytest.raises(DatasetError, match="no label is known"):
        read_labeled(person / "clip.mp4")
    np.save(person / "clip_9.npy", np.zeros((64, 64), np.uint8))
    (person / "clip_regions.npz").unlink()
    with pytest.raises(DatasetError, match="has no frame 9; its last is 5"):
        read_labeled(person / "clip.mp4")
    with pytest.raises(DatasetError, match=r"neither poses .* nor a phantom"):
        open_sources([_empty(tmp_path)], CONFIG)
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "clip_3.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"1 images or files of labels \(clip_3\.png ...\), but no video") as caught:
        open_sources([alone], CONFIG)
    assert "NAME.mp4 for NAME_12.png" in caught.value.remedy
    root = make_heads()
    (root / "m01" / "m01_poses.npz").write_bytes(b"PK")
    with pytest.raises(DatasetError, match="not the poses of a head"):
        open_sources([root], CONFIG)
    (root / "poses.json").write_text('{"kind": "poses"}', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"poses\.json: damaged"):
        open_sources([root], CONFIG)


def _empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_evenly() -> None:
    assert evenly(10, None).tolist() == list(range(10))
    assert evenly(10, 3).tolist() == [1, 5, 8]
    assert evenly(2, 9).tolist() == [0, 1]
