"""What ships is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech import assets
from rtmri2speech.assets import pretrained
from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.training.segmenter.sources import read_poses


def test_every_shipped_model_goes_by_its_folders_name() -> None:
    root = Path(__file__).parents[2] / "pretrained"
    assert pretrained() == {path.parent.name: path for path in root.glob("*/*.safetensors")}


def test_an_installed_wheels_models_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pretrained" / "phantom" / "model.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()
    monkeypatch.setattr(assets, "asset", lambda relative: tmp_path / relative)
    assert pretrained() == {"phantom": path}


def test_the_simulated_heads_are_few_and_small() -> None:
    root = assets.simulated_heads()
    assert root is not None
    heads = read_poses(root)
    assert len(heads) == 24 and sum(len(one) for one in heads) == 120
    assert sum(path.stat().st_size for path in root.rglob("*.npz")) < 1e6


def test_the_clip_is_a_whole_unseen_utterance_and_small() -> None:
    root = assets.asset("clip")
    (clip,) = PhantomCorpus(root).recordings()
    assert clip.split == "test" and clip.audio is not None and clip.textgrid is not None
    for path in (clip.video, clip.audio, clip.textgrid, clip.video.with_suffix(".npz")):
        assert path.is_file()
    assert clip.video.stat().st_size < 1e6


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "pretrained" / "phantom" / "model.safetensors"
    monkeypatch.setattr(assets, "pretrained", lambda: {"phantom": path})
    monkeypatch.chdir(tmp_path)
    return path


def test_a_shipped_model_is_found_by_its_name(shipped: Path) -> None:
    assert assets.find_model("phantom") == shipped


def test_a_file_comes_before_a_shipped_model_of_its_name(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "phantom").write_bytes(b"mine")
    assert assets.find_model("phantom") == Path("phantom")


def test_a_folder_of_that_name_is_no_model(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "phantom").mkdir()  # what `simulate --out phantom` leaves
    assert assets.find_model("phantom") == shipped


def test_other_names_are_paths(shipped: Path) -> None:
    assert assets.find_model("models/m.safetensors") == Path("models/m.safetensors")


def test_the_models_fit_into_one_wheel() -> None:
    # A package index takes files of up to 100 MB; the code and other assets need less than 4.
    assert sum(path.stat().st_size for path in pretrained().values() if path.parent.name in assets.MODELS) < 96e6
