"""Sound without pictures, from files to a vocoder; and the script that prepares the base vocoder's corpus."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.cli.main import main
from rtmri2speech.corpora.phantom import MANIFEST
from rtmri2speech.data.dataset.layout import Dataset, Split
from rtmri2speech.data.dataset.training_items import SoundSegments
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.training.engine.loaders import WholeSounds
from rtmri2speech.training.engine.metrics_log import read_metrics
from talker import speak

pytestmark = pytest.mark.process

SCRIPT = Path(__file__).parents[2] / "pretrained" / "base-vocoder" / "prepare_corpus.py"
COLUMNS = ["file", "voice", "sex", "sentence", "split", "seconds", "speed", "source", "licence"]
UTTERANCES = [
    ("am_one", 1, "training"),
    ("am_one", 2, "validation"),
    ("jf_two@0.85", 1, "training"),
    ("jf_two@0.85", 3, "test"),
    ("im_held", 1, "heldout-voice"),
]

RunScript = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.slow
def test_the_vocoder_trains_on_sound_alone(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    (tmp_path / "speech").mkdir()
    for index, (suffix, rate) in enumerate(((".wav", 16000), (".flac", 44100), (".mp3", 24000), (".ogg", 22050))):
        samples = speak(2.0, index, sample_rate=rate, size=16).audio
        soundfile.write(tmp_path / "speech" / f"r{index}{suffix}", samples, rate)
    data, out = str(tmp_path / "data"), tmp_path / "vocoder.safetensors"
    words = ["--sound-only", "--split", "recording", "--split-ratio", "50", "25", "25"]
    assert main(["prepare", str(tmp_path / "speech"), "--out", data, *words]) == 0
    assert main(["check", data]) == 0

    dataset = Dataset(Path(data))
    features = dataset.meta.features
    assert MelStatistics.from_json(dataset.root / "scaler.json", features.n_mels).mean.shape == (features.n_mels,)
    mel, wave = SoundSegments(dataset, "train", 8, seed=0)[0, 1]
    assert mel.shape == (8, features.n_mels) and wave.shape == (8 * features.hop_length,) and wave.abs().max() > 0
    (row,) = dataset.of_split("validation")
    mel, wave = WholeSounds(dataset, [row], 8, 1000)[0]
    assert mel.shape == (row.n_frames, features.n_mels) and wave.shape == (row.n_frames * features.hop_length,)

    limits = ["--set", "vocoder.max_steps=3", "vocoder.data.batch_size=2"]
    assert main(["train", "vocoder", data, "--recipe", "smoke", *limits, "--device", "cpu", "--out", str(out)]) == 0
    bundle = load_bundle(out)
    assert bundle.kind == "vocoder" and bundle.features == features
    assert bundle.provenance["dataset"] == dataset.fingerprint()
    assert read_metrics(tmp_path / "vocoder_run")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus as ``make_corpus.py`` writes it, of noise."""
    root = tmp_path / "corpus"
    rows = []
    for index, (voice, number, split) in enumerate(UTTERANCES):
        file = root / voice / f"{voice}_{number:04d}.flac"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, 0.1 * np.random.default_rng(index).normal(size=11413), 11413)
        licence = "CC-BY-3.0" if voice == "im_held" else "Apache-2.0"
        rows.append([f"{voice}/{file.name}", voice, "male", number, split, "1.000", 1.0, "none", licence])
    with (root / "corpus.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *rows])
    (root / "CREDITS.txt").write_text("Noise by nobody.\n", encoding="utf-8")
    return root


@pytest.fixture
def phantoms(tmp_path: Path) -> list[Path]:
    """Sound and annotation of two phantoms whose speakers and utterances have the same names."""
    folders = [tmp_path / "phantoms" / name for name in ("adults", "others")]
    splits: list[Split] = ["train", "test"]
    for place, folder in enumerate(folders):
        (folder / "m01").mkdir(parents=True)
        for index in range(2):
            audio = 0.1 * np.random.default_rng(10 + 2 * place + index).normal(size=20000)
            soundfile.write(folder / "m01" / f"m01_{index:04d}.wav", audio, 20000)
            grid = interval_grid({"phones": [(0.2, 0.8, "a")]}, 1.0)
            write_textgrid(grid, folder / "m01" / f"m01_{index:04d}.TextGrid")
        rows = [{"id": f"m01_{index:04d}", "speaker": "m01", "split": split} for index, split in enumerate(splits)]
        (folder / MANIFEST).write_text(json.dumps({"utterances": rows}), encoding="utf-8")
    return folders


@pytest.fixture
def run_script() -> RunScript:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), *(str(word) for word in words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    return run


def splits_of(root: Path) -> dict[str, tuple[str, str]]:
    return {row.id: (row.speaker, row.split) for row in Dataset(root).utterances}


def test_the_synthetic_corpus_keeps_voices_and_splits(run_script: RunScript, corpus: Path, tmp_path: Path) -> None:
    done = run_script(corpus, "--out", tmp_path / "set", "--workers", "1")
    assert done.returncode == 0 and "split by corpus" in done.stdout, done.stderr
    assert splits_of(tmp_path / "set") == {
        "am_one_0001": ("am_one", "train"),
        "am_one_0002": ("am_one", "validation"),
        "im_held_0001": ("im_held", "test"),
        "jf_two@0.85_0001": ("jf_two@0.85", "train"),
        "jf_two@0.85_0003": ("jf_two@0.85", "test"),
    }
    meta = Dataset(tmp_path / "set").meta
    assert meta.licence == "Apache-2.0; CC-BY-3.0" and meta.citation == "Noise by nobody."
    assert meta.corpus == "base-vocoder" and meta.frame_config is None


def test_phantoms_join_the_corpus_under_names_of_their_own(
    run_script: RunScript, corpus: Path, phantoms: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "set"
    assert run_script(corpus, "--out", out, "--workers", "2").returncode == 0
    more = [word for path in phantoms for word in ("--phantom", path)]
    done = run_script(corpus, "--out", out, *more, "--workers", "1")
    assert done.returncode == 0 and "4 recording(s) worked on" in done.stdout, done.stderr
    found = splits_of(out)
    assert len(found) == 9
    for name in ("adults", "others"):
        assert found[f"{name}_m01_0000"] == (f"{name}_m01", "train")
        assert found[f"{name}_m01_0001"] == (f"{name}_m01", "test")
    meta = Dataset(out).meta
    assert meta.licence.count("simulated") == 1 and "Noise" in meta.citation and "Birkholz" in meta.citation
    refused = run_script(corpus, "--out", out, "--workers", "1")
    assert refused.returncode == 1 and "--prune" in refused.stderr
    assert run_script(corpus, "--out", out, "--prune", "--workers", "1").returncode == 0
    assert len(splits_of(out)) == 5


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda table: table.unlink(), "cannot be read"),
        (lambda table: table.write_text("file,voice\na,b\n", encoding="utf-8"), "line 2: damaged"),
        (lambda table: table.write_text(",".join(COLUMNS) + "\n", encoding="utf-8"), "names no utterance"),
        (lambda table: (table.parent / "am_one" / "am_one_0002.flac").unlink(), "no such file"),
    ],
)
def test_a_damaged_corpus_is_named(
    run_script: RunScript, corpus: Path, tmp_path: Path, harm: Callable[[Path], object], problem: str
) -> None:
    harm(corpus / "corpus.csv")
    done = run_script(corpus, "--out", tmp_path / "set", "--workers", "1")
    assert done.returncode == 1 and problem in done.stderr and "Traceback" not in done.stderr
