"""Several processes train what one alone would."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from lightning.fabric.plugins.environments import LightningEnvironment, SLURMEnvironment, TorchElasticEnvironment
from torch.utils.data import SequentialSampler

import processes
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.distributed import ALONE, add_up, find_processes, seed_of
from rtmri2speech.training.engine.loaders import EpochSampler, ShareOfBatches
from rtmri2speech.training.engine.metrics_log import read_metrics
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.tasks import acoustic_task, vocoder_task
from rtmri2speech.training.train import train_acoustic, train_vocoder
from trainings import agree, by_torchrun, stopped_together, train

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]

linux = pytest.mark.skipif(sys.platform != "linux", reason="forks, and connects with gloo")

NAMES = ("TORCHELASTIC_RUN_ID", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "RANK", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_a_process_alone_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_processes() == ALONE and ALONE.is_first
    # A batch script that starts the program without srun, in a job of eight tasks.
    monkeypatch.setenv("SLURM_NTASKS", "8")
    assert find_processes() == ALONE
    assert isinstance(find_processes().plugin(), LightningEnvironment)


def test_torchrun_and_srun_are_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "RANK": "5"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    found = find_processes()
    assert (found.rank, found.world, found.nodes) == (5, 8, 2) and not found.is_first
    assert isinstance(found.plugin(), TorchElasticEnvironment)
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    for name, value in {"SLURM_STEP_NUM_TASKS": "6", "SLURM_STEP_NUM_NODES": "3", "SLURM_PROCID": "0"}.items():
        monkeypatch.setenv(name, value)
    found = find_processes()
    assert (found.rank, found.world, found.nodes, found.is_first) == (0, 6, 3, True)
    plugin = found.plugin()
    assert isinstance(plugin, SLURMEnvironment) and not plugin.auto_requeue
    monkeypatch.setenv("SLURM_STEP_NUM_NODES", "4")
    with pytest.raises(UserError, match="6 processes on 4 machines"):
        find_processes()


@pytest.mark.parametrize("world", [1, 2, 3])
@pytest.mark.parametrize("size", [4, 7, 8, 9])
def test_shares_of_batches_make_up_the_batches(size: int, world: int) -> None:
    sampler = SequentialSampler(range(size))
    shares = [ShareOfBatches(sampler, 4, rank, world) for rank in range(world)]
    parts = [list(share) for share in shares]
    assert {len(part) for part in parts} == {len(shares[0])}, "all take as many steps"
    batches = [[item for part in together for item in part] for together in zip(*parts, strict=True)]
    whole = [list(range(start, min(start + 4, size))) for start in range(0, size, 4)]
    assert batches == [batch for batch in whole if len(batch) >= world]
    assert all(together for part in parts for together in part)


def test_a_smaller_last_batch_can_be_left_out_unless_it_is_the_only_one() -> None:
    for size, expected in ((9, [4, 4]), (8, [4, 4]), (3, [3])):
        share = ShareOfBatches(SequentialSampler(range(size)), 4, drop_last=True)
        assert [len(batch) for batch in share] == expected and len(share) == len(expected)


def test_lightning_sets_the_epoch_of_the_order_within() -> None:
    share = ShareOfBatches(EpochSampler(8, seed=1), 4)
    first = list(share)
    share.sampler.set_epoch(1)  # type: ignore[attr-defined]
    assert list(share) != first


def test_seeds_are_functions_of_their_numbers() -> None:
    seeds = [seed_of(1, step, rank, 0) for step in range(50) for rank in range(4)]
    assert len(set(seeds)) == len(seeds) and seeds[0] == seed_of(1, 0, 0, 0)
    torch.manual_seed(max(seeds))
    values = torch.ones(3)
    assert add_up(values) is values


def test_what_several_processes_cannot_do_is_refused(
    dataset_dir: Path, make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "64", "LOCAL_WORLD_SIZE": "64", "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    dataset, recipe = Dataset(dataset_dir), make_recipe()
    with pytest.raises(UserError, match="too few for 64 processes"):
        acoustic_task(dataset, recipe.acoustic, None, False, find_processes())
    with pytest.raises(UserError, match="too few for 64 processes"):
        vocoder_task(dataset, recipe.vocoder, None, False, find_processes())


def launch(starter: str, function: Callable[..., None], *arguments: object, folder: Path) -> tuple[set[int], str]:
    """Call a function in two processes; their exit codes, and what they wrote."""
    log, environment = folder / "log.txt", {"GLOO_SOCKET_IFNAME": "lo"}
    if starter == "torchrun":
        started = [processes.start(by_torchrun, function, *arguments, log=log, environment=environment)]
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        tasks = dict.fromkeys(("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"), "2")
        step = {**environment, **tasks, "SLURM_NODELIST": "localhost", "MASTER_PORT": port}
        ranks = [{"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank), "SLURM_NODEID": "0"} for rank in range(2)]
        started = [processes.start(function, *arguments, log=log, environment={**step, **rank}) for rank in ranks]
    codes = {processes.finish(process) for process in started}
    return codes, log.read_text(encoding="utf-8")


@linux
@pytest.mark.train
@pytest.mark.process
def test_processes_begin_together_or_not_at_all(tmp_path: Path) -> None:
    codes, errors = launch("srun", agree, tmp_path, folder=tmp_path)
    assert codes == {0}, errors
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    apart = "Process 0 would start at step 0, process 1 at step 1.\nPut `run_dir`"
    assert first[0] == second[0] == first[-1] == second[-1] == "step 7"
    assert first[1] == "The folder is in use.\nChoose another."
    assert second[1] == "Process 0 cannot start: The folder is in use.\nChoose another."
    assert first[2].startswith("Process 1 cannot start: ValueError('out of order')") and second[2] == "out of order"
    assert first[3].startswith(apart) and second[3].startswith(apart)


@linux
@pytest.mark.train
@pytest.mark.process
def test_a_folder_in_use_ends_all_processes(make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    root = make_dataset(splits=("train", "train", "validation", "validation"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "other.txt").touch()
    recipe = make_recipe().model_dump_json()
    words = ("acoustic", root, recipe, tmp_path / "two", tmp_path / "run")
    codes, errors = launch("srun", train, *words, folder=tmp_path)
    assert codes == {1}, errors
    assert "already exists and is not empty" in errors and "Process 0 cannot start" in errors


@linux
@pytest.mark.train
@pytest.mark.process
def test_the_first_process_can_write_before_the_others_leave(
    make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    root = make_dataset(splits=("train", "train", "validation", "validation"))
    recipe = make_recipe(acoustic={"max_epochs": 1000}).model_dump_json()
    words = ("acoustic", root, recipe, tmp_path / "two", tmp_path / "run")
    codes, errors = launch("torchrun", stopped_together, *words, folder=tmp_path)
    assert codes == {1} and "KeyboardInterrupt" in errors
    assert load_bundle(tmp_path / "two").kind == "acoustic"
    assert RunFolder(tmp_path / "run").position() is not None


@linux
@pytest.mark.train
@pytest.mark.process
def test_two_processes_give_the_result_of_one(
    make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    # 13 segments: batches of 4, the last of one, which two processes leave out; three validation
    # segments, of which the first process has two.
    root = make_dataset(lengths=(40, 33, 30, 60, 24), splits=("train", "train", "train", "validation", "validation"))
    recipe = make_recipe(
        acoustic={
            "data": {"segment_frames": 12, "batch_size": 4, "micro_batch_size": 2, "num_workers": 0},
            # The usual term would let rounding decide the direction of weights that have next to no gradient.
            "optimizer": {"lr": 3e-3, "eps": 1e-3},
            "max_steps": 4,
            "max_epochs": 2,
        }
    )
    words = ("acoustic", root, recipe.model_dump_json(), tmp_path / "two", tmp_path / "run")
    codes, output = launch("torchrun", train, *words, folder=tmp_path)
    assert codes == {0}, output[-3000:]
    assert output.count("val/loss") >= 1, "one process talks"
    single = train_acoustic(root, recipe, tmp_path / "one", tmp_path / "alone", device="cpu")
    two, one = (load_checkpoint(RunFolder(tmp_path / name).last)["state_dict"] for name in ("run", "alone"))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-4, atol=1e-6)
    rows = [read_metrics(tmp_path / name) for name in ("run", "alone")]
    losses = [[row["val/loss"] for row in part if "val/loss" in row] for part in rows]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4) and len(losses[0]) >= 1
    bundle = load_bundle(tmp_path / "two")
    assert bundle.provenance["device"].startswith("2 x ") and single.steps == 4


@linux
@pytest.mark.train
@pytest.mark.process
def test_two_processes_give_the_vocoder_of_one(
    make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    # Batches of 3, of which the second process has two, then one of 2; three validation utterances.
    splits = ("train",) * 5 + ("validation",) * 3
    root = make_dataset(lengths=(40, 33, 30, 36, 31, 40, 30, 35), splits=splits)
    recipe = make_recipe(
        vocoder={
            "data": {"segment_frames": 14, "batch_size": 3, "num_workers": 0},
            "optimizer": {"lr": 1e-3, "eps": 1e-3},
            "loss": {"multi_scale_mel": 15.0},
            "discriminators": ["period", "resolution"],
            "clip_norm": 50.0,
            "lr_schedule": "cosine",
            "max_steps": 4,
            "max_epochs": 2,
        }
    )
    words = ("vocoder", root, recipe.model_dump_json(), tmp_path / "two", tmp_path / "run")
    codes, output = launch("torchrun", train, *words, folder=tmp_path)
    assert codes == {0}, output[-3000:]
    assert output.count("val/loss") == 2, "one process talks"
    single = train_vocoder(root, recipe, tmp_path / "one", tmp_path / "alone", device="cpu")
    two, one = (load_checkpoint(RunFolder(tmp_path / name).last)["state_dict"] for name in ("run", "alone"))
    for name, value in one.items():
        # Four steps of the learning rate move a weight by up to 4e-3.
        torch.testing.assert_close(two[name], value, rtol=1e-3, atol=1e-4)
    rows = [[row for row in read_metrics(tmp_path / name) if "val/loss" in row] for name in ("run", "alone")]
    for name in ("val/loss", "val/stoi", "val/mrstft"):
        assert [row[name] for row in rows[0]] == pytest.approx([row[name] for row in rows[1]], rel=1e-3)
    assert load_bundle(tmp_path / "two").provenance["device"].startswith("2 x ") and single.steps == 4
