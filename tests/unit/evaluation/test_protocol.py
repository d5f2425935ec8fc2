"""``evaluate`` as a notebook calls it: results without files, rows, summary, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from evaluated import evaluation_dataset
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation import partial_results
from rtmri2speech.evaluation.protocol import evaluate
from rtmri2speech.evaluation.results import Evaluation
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.metrics.listening_models import Listeners
from rtmri2speech.models.bundle.model_file import load_bundle
from tables import rows_of

pytest.importorskip("parselmouth")


@pytest.fixture(scope="module")
def dataset(tiny_phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    torch.set_num_threads(1)
    return Dataset(evaluation_dataset(tiny_phantom, tmp_path_factory.mktemp("protocol") / "dataset"))


@pytest.fixture(scope="module")
def result(dataset: Dataset, model_files: dict[str, Path]) -> Evaluation:
    return evaluate(load_model(model_files["synthesizer"], "cpu"), dataset, workers=1)


def test_a_row_per_utterance(result: Evaluation) -> None:
    first, second = result.rows()
    assert (first["speaker"], first["seen"]) == ("m01", True) and (second["speaker"], second["seen"]) == ("new", False)
    assert first["ceiling_mel_mae_db"] == 0.0 and isinstance(first["floor_stoi"], float)
    assert result.failures == []


def test_the_summary_has_a_row_per_group_and_measure(result: Evaluation) -> None:
    rows = {(row["group"], row["measure"]): row for row in result.summary()}
    assert {group for group, _ in rows} == {"seen", "unseen", "all", "m01", "new"}
    stoi = rows["all", "stoi"]
    assert stoi["model_low"] <= stoi["model"] <= stoi["model_high"]  # type: ignore[operator]
    assert rows["seen", "stoi"]["model_low"] is None, "one utterance has no interval"
    assert rows["all", "mel_mae_db"]["ceiling"] == 0.0


def test_vowels_have_the_formants_of_each_sound(result: Evaluation) -> None:
    rows = result.vowel_rows()
    assert rows and {"recorded_f1_hz", "model_f2_hz", "truth_f1_hz", "floor_identified"} <= rows[0].keys()


def test_it_reads_well_and_shows_a_figure(result: Evaluation) -> None:
    lines = repr(result).splitlines()
    assert lines[0].startswith("Evaluation of ") and lines[0].endswith("2 utterances, 0 failed")
    assert lines[1].startswith("  seen speakers (1 utterances): mel_mae_db ")
    assert result.show("m01")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="`group=nobody`"):
        result.show("nobody")


def test_the_call_that_does_it_again_is_kept(result: Evaluation, dataset: Dataset) -> None:
    assert result.reproduce.startswith("rtmri2speech.evaluate('")
    call = f"{str(dataset.root)!r}, split='test', seed=0, device='cpu', backend="
    # Where another backend helps, it was not asked for by name.
    assert result.reproduce.endswith((f"{call}'auto')", f"{call}'torch')"))


def test_what_is_saved_is_what_the_rows_say(result: Evaluation, tmp_path: Path) -> None:
    metrics, table, utterances, vowels = result.save(tmp_path)
    assert metrics.name == "metrics.json" and table.is_file()
    rows = rows_of(utterances)
    assert [float(row["stoi"]) for row in rows] == pytest.approx([row["stoi"] for row in result.rows()], rel=1e-5)
    assert len(rows_of(vowels)) == len(result.vowel_rows())


def test_models_that_worker_processes_cannot_read(dataset: Dataset, model_files: dict[str, Path]) -> None:
    with pytest.raises(UserError, match="evaluated in float32"):
        evaluate(load_model(model_files["synthesizer"], "cpu", "bfloat16"), dataset)
    bundle = load_bundle(model_files["synthesizer"])
    nowhere = type(bundle)(**{**vars(bundle), "source": "memory"})
    with pytest.raises(UserError, match="came from no file"):
        evaluate(Model(nowhere), dataset)


def test_parameters_are_named_as_in_the_call(dataset: Dataset, model_files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="`formant_ceiling=30`: not between"):
        evaluate(model_files["synthesizer"], dataset.root, formant_ceiling=30)
    with pytest.raises(ConfigError, match="`seed=-1`: less than 0"):
        evaluate(model_files["synthesizer"], dataset.root, seed=-1)


def test_shares_joined_are_the_evaluation_made_in_one_go(
    dataset: Dataset, model_files: dict[str, Path], result: Evaluation, tmp_path: Path
) -> None:
    model, out = model_files["synthesizer"], tmp_path / "out"
    # The training utterance that vowels are compared with is the third job.
    counts = [
        len(evaluate(model, dataset, out, device="cpu", workers=1, shard=f"{number}/3").utterances)
        for number in (1, 2, 3)
    ]
    assert counts == [1, 1, 0]
    assert [path.name for path in out.iterdir()] == [".parts"] and len(list((out / ".parts").iterdir())) == 3
    joined = evaluate(model, dataset, out, device="cpu", workers=1)
    assert joined.rows() == result.rows() and joined.vowel_rows() == result.vowel_rows()
    assert (out / "metrics.json").is_file() and not (out / ".parts").exists()


class Level(nn.Module):
    """Takes loud sounds to be natural."""

    def forward(self, wave: Tensor) -> Tensor:
        return wave.abs().mean()[None]


def test_networks_that_listen_are_read_once_for_all_utterances_and_are_in_the_call(
    dataset: Dataset, model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = tmp_path / "level.pt"
    torch.jit.script(Level()).save(str(network))
    hashed: list[Path] = []

    def counted(paths: list[Path]) -> str:
        hashed.extend(paths)
        return hash_files(paths)

    monkeypatch.setattr(partial_results, "hash_files", counted)
    listeners = Listeners.of(None, network, 8000)
    model, out = model_files["synthesizer"], tmp_path / "out"
    found = evaluate(model, dataset, out, device="cpu", workers=1, listeners=listeners)
    assert len(found.utterances) == 2 and hashed.count(network) == 1
    assert found.reproduce.endswith(f", listeners=rtmri2speech.Listeners.of(None, {str(network)!r}, 8000))")


def test_a_share_needs_a_folder(dataset: Dataset, model_files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="`shard`"):
        evaluate(model_files["synthesizer"], dataset, device="cpu", workers=1, shard="1/2")
