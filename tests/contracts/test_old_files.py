"""Files that version 0.1.0 wrote, before JSON files said their kind: everything still opens them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rtmri2speech.cli.main import main
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.evaluation.checkpoints.compare import compare_checkpoints
from rtmri2speech.evaluation.protocol import evaluate
from rtmri2speech.inference.model import load_model
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.receipts import read_receipt
from rtmri2speech.reporting.page.collect import collect
from rtmri2speech.training.engine.run_folder import load_checkpoint
from rtmri2speech.training.train import train_vocoder

GOLDEN = Path(__file__).parents[1] / "golden" / "old_files"
MODEL = GOLDEN / "model.safetensors"


def kind_in(path: Path) -> object:
    return json.loads(path.read_text(encoding="utf-8")).get("kind")


def test_datasets_open() -> None:
    dataset = Dataset(GOLDEN / "dataset")
    assert kind_in(dataset.root / "meta.json") is None
    assert sorted(row.split for row in dataset.utterances) == ["test", "train", "validation"]
    one = dataset["a_a1"]
    assert one.frames.shape == (30, 32, 32) and one.mel_db.shape == (30, 64) and len(one.wave) == 30 * 420
    assert [label.text for label in one.labels] == ["a", "i", "u"]
    assert repr(dataset).endswith("3 utterances, 3 speakers, 0.1 min, 27.17 frames/s)")


def test_nothing_is_wrong_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    report = check(GOLDEN / "dataset", workers=1)
    assert (report.datasets, report.findings) == (1, [])
    assert main(["check", str(GOLDEN / "dataset"), "--workers", "1"]) == 0
    assert "nothing wrong" in capsys.readouterr().out


def test_receipts_are_read() -> None:
    """Else prepare would do every recording again."""
    paths = sorted((GOLDEN / "dataset" / ".receipts").glob("*.json"))
    receipts = [read_receipt(path) for path in paths]
    assert all(kind_in(path) is None for path in paths) and all(receipt.key for receipt in receipts)
    assert [receipt.utterances for receipt in receipts] == [[row] for row in Dataset(GOLDEN / "dataset").utterances]


@pytest.mark.train
def test_runs_are_resumed(tmp_path: Path) -> None:
    dataset, run = (Path(shutil.copytree(GOLDEN / name, tmp_path / name)) for name in ("dataset", "run"))
    recipe = json.loads((run / "run.json").read_text(encoding="utf-8"))["recipe"]
    longer = tmp_path / "longer.yaml"
    longer.write_text(json.dumps({"vocoder": {**recipe, "max_steps": 5}}), encoding="utf-8")  # JSON is YAML
    before = load_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"]
    out = tmp_path / "v.safetensors"
    words = ["--recipe", str(longer), "--out", str(out), "--run-dir", str(run), "--resume", "--device", "cpu"]
    assert main(["train", "vocoder", str(dataset), *words]) == 0
    after = load_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"]
    assert after - before == (5 - 3) * before // 3, "two steps after the three"
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert steps[0] == 3 and steps[-1] == 5
    assert load_bundle(out).provenance["recipe"]["max_steps"] == 5


@pytest.mark.train
def test_runs_are_compared_and_resumed_from_python(tmp_path: Path) -> None:
    dataset, run = (Path(shutil.copytree(GOLDEN / name, tmp_path / name)) for name in ("dataset", "run"))
    found = compare_checkpoints(run, dataset=dataset, out=tmp_path / "compared", device="cpu")
    assert [row["checkpoint"] for row in found.rows()] == ["last"] and not found.failures
    recipe = json.loads((run / "run.json").read_text(encoding="utf-8"))["recipe"]
    (tmp_path / "same.yaml").write_text(json.dumps({"vocoder": recipe}), encoding="utf-8")
    model = tmp_path / "v.safetensors"
    again = train_vocoder(dataset, tmp_path / "same.yaml", model, run, resume=True, device="cpu")
    assert again.steps == 3, "it had come to its end"


def test_models_are_described_and_speak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(MODEL)]) == 0
    shown = capsys.readouterr().out
    assert "synthesizer" in shown and "test_efficientnet" in shown
    clip = GOLDEN.parent / "old_maps" / "clip.mp4"
    assert main(["synthesize", str(clip), "--model", str(MODEL), "--out", str(tmp_path), "--device", "cpu"]) == 0
    (written,) = tmp_path.glob("*.wav")
    assert len(read_sound(written).samples) == 16 * 420
    assert load_model(MODEL, device="cpu").bundle.acoustic_dataset is None


def test_their_measures_are_the_same(tmp_path: Path) -> None:
    """Measured again, the model makes the same speech, and that gets the same numbers."""
    evaluate(MODEL, GOLDEN / "dataset", tmp_path, device="cpu", workers=1)
    old, new = (
        json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        for folder in (GOLDEN / "evaluation", tmp_path)
    )
    assert "kind" not in old and new["kind"] == "evaluation"
    assert old.keys() <= new.keys() and old["unseen"].keys() == new["unseen"].keys()
    for name in ("mel_mae_db", "mel_mae_wave_db", "mcd_db", "mrstft"):
        assert new["unseen"][name] == pytest.approx(old["unseen"][name], rel=1e-3), name
    # An untrained vocoder's sound is next to nothing, and its envelopes are rounding, which processors differ in.
    assert new["unseen"]["stoi"] == pytest.approx(old["unseen"]["stoi"], abs=0.01)
    for name in ("utterances.csv", "vowels.csv"):
        before, after = ((folder / name).read_text(encoding="utf-8") for folder in (GOLDEN / "evaluation", tmp_path))
        assert before.splitlines()[0] == after.splitlines()[0]


def test_evaluations_come_into_the_page(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(GOLDEN / "evaluation", tmp_path / "evaluation"))
    shutil.copytree(GOLDEN.parent / "old_maps", tmp_path / "maps")  # a page needs a clip
    assert [path for path, _ in collect(tmp_path).evaluations] == [folder / "metrics.json"]
    page = tmp_path / "page.html"
    assert main(["report", str(tmp_path), "--out", str(page)]) == 0
    assert "21.0" in page.read_text(encoding="utf-8")
