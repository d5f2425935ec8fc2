"""A corpus of poses: what is in its files, that it goes on and grows, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from rtmri2speech.corpora.poses import MANIFEST
from rtmri2speech.data.labels import TONGUE, Label, label_names
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.simulation.poses.heads import simulate_poses

vtl = pytest.importorskip("vocaltractlab_cython")


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two heads in four poses each."""
    folder = tmp_path_factory.mktemp("poses") / "heads"
    summary = simulate_poses(folder, 4, 2, seed=5, workers=2)
    assert (summary.heads, summary.made, summary.poses, summary.failures) == (2, 2, 4, [])
    return folder


def test_the_table_explains_every_code_and_labels_follow_it(heads: Path) -> None:
    about = json.loads((heads / MANIFEST).read_text(encoding="utf-8"))
    assert about["kind"] == "poses" and about["label_names"] == list(label_names()) and about["pixel_mm"] == 1.0
    table = {int(code): entry for code, entry in about["codes"].items()}
    assert [head["name"] for head in about["speakers"]] == ["head0001", "head0002"]
    label_of = np.zeros(256, np.uint8)
    for code, (_, label, _) in table.items():
        label_of[code] = label
    for head in about["speakers"]:
        with np.load(heads / head["name"] / f"{head['name']}_poses.npz") as arrays:
            codes, labels = arrays["codes"], arrays["labels"]
        assert codes.shape == labels.shape == (4, 256, 256) and codes.dtype == labels.dtype == np.uint8
        assert set(np.unique(codes)) <= set(table)
        # Wall and larynx are more than parts of their own; everything else is as the table says.
        other = ~np.isin(labels, (Label.PHARYNGEAL_WALL, Label.LARYNX)) & (label_of[codes] != Label.LARYNX)
        np.testing.assert_array_equal(label_of[codes][other], labels[other])
        # Air has no signal, and no other label.
        silent = np.isin(codes, [code for code, entry in table.items() if entry[2] == "air"])
        assert set(np.unique(labels[silent])) <= {Label.BACKGROUND, Label.AIRWAY}
        assert all(entry[0] == 0.0 for entry in table.values() if entry[2] == "air")


def test_poses_are_heads_with_all_they_need(heads: Path) -> None:
    for path in heads.glob("*/*_poses.npz"):
        with np.load(path) as arrays:
            labels = arrays["labels"]
        for frame in labels:
            there = np.bincount(frame.ravel(), minlength=len(Label))
            assert (there[1:] > 15).all()
            tongue = np.isin(frame, TONGUE)
            parts, _ = ndimage.label(tongue)
            assert np.bincount(parts.ravel())[1:].max() > 0.97 * tongue.sum()
        assert (labels[0] != labels[1]).mean() > 0.005


def test_what_is_missing_is_made_to_the_same_bytes_and_heads_may_grow(heads: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    shutil.copytree(heads, out)
    second = out / "head0002" / "head0002_poses.npz"
    before = second.read_bytes()
    shutil.rmtree(second.parent)
    assert simulate_poses(out, 4, 3, seed=5, workers=2).made == 2
    assert second.read_bytes() == before
    # A smaller number leaves what is there.
    assert simulate_poses(out, 4, 1, seed=5, workers=1).heads == 3
    shutil.rmtree(second.parent)
    assert simulate_poses(out, 4, 1, seed=5, workers=1).heads == 2


@pytest.mark.process
def test_heads_vary_given_speakers_and_the_librarys_own_in_turn(heads: Path, tmp_path: Path) -> None:
    own = Path(vtl.VocalTractLabApi.DEFAULT_SPEAKER_PATH).read_text(encoding="latin-1")
    given, out = tmp_path / "anna.speaker", tmp_path / "heads"
    # Another vowel, and a consonant that the file lacks.
    text = own.replace('name="TCX" value="0.1524"', 'name="TCX" value="0.6"')
    given.write_text(text.replace('<shape name="tb-uvular-fricative(a)">', '<shape name="mine">'), encoding="latin-1")
    assert simulate_poses(out, 4, 2, seed=5, speaker_file=[given], workers=2).made == 2
    first, second = (f"{name}/{name}_poses.npz" for name in ("head0001", "head0002"))
    assert (out / first).read_bytes() != (heads / first).read_bytes()
    assert (out / second).read_bytes() == (heads / second).read_bytes()
    assert simulate_poses(out, 4, 2, seed=5, speaker_file=[given], workers=1).made == 0
    other = tmp_path / "other.speaker"
    other.write_text(own, encoding="latin-1")
    for files in ([], [other], [given, other]):
        with pytest.raises(DatasetError, match="other options"):
            simulate_poses(out, 4, 2, seed=5, speaker_file=files)
    assert len([*(out / "speakers").iterdir()]) == 1


def test_what_is_refused(heads: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="other options"):
        simulate_poses(heads, 5, 2, seed=5)
    with pytest.raises(ConfigError, match="`poses=0`"):
        simulate_poses(tmp_path / "new", 0)
    with pytest.raises(ConfigError, match="`speakers=0`"):
        simulate_poses(tmp_path / "new", 1, 0)
    assert not (tmp_path / "new").exists()
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match="other files"):
        simulate_poses(tmp_path, 1, 1)


def test_shares_joined_are_the_corpus_made_in_one_go(heads: Path, tmp_path: Path) -> None:
    out = tmp_path / "heads"
    shutil.copytree(heads, out)
    (out / MANIFEST).unlink()
    share = simulate_poses(out, 4, 2, seed=5, workers=1, shard="2/2")
    assert (share.heads, share.made) == (1, 0) and "share 2/2" in str(share) and not (out / MANIFEST).exists()
    simulate_poses(out, 4, 2, seed=5, workers=1)
    assert (out / MANIFEST).read_bytes() == (heads / MANIFEST).read_bytes()
