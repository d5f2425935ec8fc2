"""Datasets whose sound had its noise taken off: what they hold, say, and keep."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.corpora.sounds import SoundFolderCorpus
from rtmri2speech.data.dataset.layout import RECEIPTS, Dataset
from rtmri2speech.data.media.audio import read_sound, resample
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import PrepareSummary, prepare
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.noise.spectral_gate import reduce_steady_noise

Run = Callable[..., PrepareSummary]


@pytest.fixture
def make(humming: Path, tmp_path: Path) -> Run:
    """Prepare the humming video; further fields of the options are given by name."""

    def run(**fields: object) -> PrepareSummary:
        options = {"frames": FrameConfig(size=16), "split": "test", "workers": 1, **fields}
        return prepare(humming, tmp_path / "dataset", **options)  # type: ignore[arg-type]

    return run


def samples(root: Path) -> np.ndarray:
    (wav,) = root.glob("samples/*/audio.wav")
    return read_sound(wav).samples


def test_the_sound_is_that_of_the_recording_without_noise(make: Run, humming: Path, tmp_path: Path) -> None:
    make(denoise="spectral")
    sound = read_sound(humming.with_suffix(".wav"))
    dataset = Dataset(tmp_path / "dataset")
    expected = resample(reduce_steady_noise(sound.samples, sound.rate), sound.rate, dataset.meta.features.sample_rate)
    found = samples(tmp_path / "dataset")
    # The video ends a fraction of a frame before the sound.
    np.testing.assert_allclose(found[:-2000], expected[: len(found) - 2000], atol=2e-3)
    assert dataset.meta.denoise == "spectral"


def test_meta_and_receipts_of_others_are_as_before(make: Run, tmp_path: Path) -> None:
    make()
    root = tmp_path / "dataset"
    assert "denoise" not in json.loads((root / "meta.json").read_text(encoding="utf-8"))
    assert Dataset(root).meta.denoise == "none"
    (receipt,) = (root / RECEIPTS).glob("*.json")
    assert "denoise" not in json.loads(receipt.read_text(encoding="utf-8"))["settings"]


def test_another_choice_makes_the_dataset_anew(make: Run, tmp_path: Path, program: Callable[..., str]) -> None:
    make()
    plain = samples(tmp_path / "dataset")
    with pytest.raises(DatasetError, match="denoise: none then, spectral now"):
        make(denoise="spectral")
    line = program()
    assert make(denoise=line, overwrite=True).redone == 1
    np.testing.assert_allclose(samples(tmp_path / "dataset"), plain / 2, atol=1e-3)
    assert Dataset(tmp_path / "dataset").meta.denoise == line
    assert make(denoise=line).redone == 0
    with pytest.raises(DatasetError, match=r"denoise: command:.* then, none now"):
        make()


def test_native_rate_cut_and_sound_alone(make: Run, humming: Path, tmp_path: Path) -> None:
    make(denoise="spectral", frame_rate="native", cut={"mode": "every", "seconds": 1.5})
    dataset = Dataset(tmp_path / "dataset")
    assert len(dataset.utterances) == 3 and dataset.meta.denoise == "spectral"
    alone = tmp_path / "alone"
    prepare(SoundFolderCorpus((humming.parent,)), alone, workers=1, denoise="spectral", split="test")
    sound = read_sound(humming.with_suffix(".wav"))
    rate = Dataset(alone).meta.features.sample_rate
    expected = resample(reduce_steady_noise(sound.samples, sound.rate), sound.rate, rate)
    np.testing.assert_allclose(samples(alone), expected[: len(samples(alone))], atol=1e-6)


def test_a_program_that_fails_is_the_recordings_failure(make: Run, program: Callable[..., str]) -> None:
    with pytest.raises(UserError, match="ended with 1: no model"):
        make(denoise=program("sys.exit('no model')"))
    with pytest.raises(ConfigError, match="is none of those"):
        make(denoise="wiener")


def test_a_late_program_and_noise_taken_off_twice_are_noted(make: Run, program: Callable[..., str]) -> None:
    late = make(denoise=program("samples = array.array('h', [0] * 320) + samples[:-320]"))
    assert any("0.020 s late" in note for note in late.notes)


def test_check_says_what_it_would_do(humming: Path, program: Callable[..., str]) -> None:
    plain, spectral, failed = (
        check(humming, workers=1, denoise=name) for name in ("none", "spectral", program("sys.exit('no model')"))
    )
    assert plain.facts[0].effect is None and plain.wrong == 0
    before, effect = plain.facts[0].snr, spectral.facts[0].effect
    assert before is not None and effect is not None and effect.snr is not None
    assert spectral.facts[0].snr == before and effect.snr > before + 8.0
    assert failed.wrong == 1 and "no model" in failed.findings[-1].problem and failed.facts[0].snr == before
    with pytest.raises(ConfigError, match="nothing to compare"):
        check(humming, workers=1, recognizer=object())  # type: ignore[arg-type]
