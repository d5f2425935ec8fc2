"""Every command line of README.md, and of the Japanese one, exists, with every option it names."""

from __future__ import annotations

import json
import math
import re
import shlex
from pathlib import Path

import pytest
import torch
from cyclopts import App, CycloptsError

from rtmri2speech.assets import find_model
from rtmri2speech.cli.main import app, main
from rtmri2speech.models.bundle.model_file import load_bundle

ROOT = Path(__file__).parents[2]
README, JAPANESE = ROOT / "README.md", ROOT / "README.ja.md"
VERBS = (
    "check",
    "prepare",
    "simulate",
    "train",
    "bundle",
    "inspect",
    "import",
    "export-mels",
    "compare-checkpoints",
    "synthesize",
    "evaluate",
    "analyze",
    "render",
    "report",
    "demo",
)


def blocks(page: Path = README) -> list[str]:
    """Lines of the fenced blocks that call the program."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in fenced for line in block.splitlines()]
    return [match[1] for line in lines if (match := re.match(r"(?:\S*[/\\])?rtmri2speech (.*)", line.strip()))]


def inline() -> list[str]:
    """Command lines in the running text: `prepare --mask mask.json`."""
    text = re.sub(r"^```.*?^```", "", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    code = [" ".join(part.split()) for part in re.findall(r"`([^`]+)`", text)]
    return [part for part in code if part.split()[0] in VERBS and " " in part]


def test_the_readme_shows_the_whole_path() -> None:
    verbs = {line.split()[0] for line in blocks()}
    assert verbs >= {"check", "prepare", "train", "bundle", "inspect", "synthesize"} and len(inline()) >= 5
    assert {line.split()[0] for line in blocks(JAPANESE)} >= {"check", "prepare", "train", "bundle", "synthesize"}


@pytest.mark.parametrize("line", dict.fromkeys(line for line in blocks() + blocks(JAPANESE) if line != "--help"))
def test_a_command_line_of_the_readme_is_complete(line: str) -> None:
    app.parse_args(shlex.split(line), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("line", inline())
def test_the_options_in_the_text_exist(line: str) -> None:
    # What stands in the text leaves out what every call needs.
    needed = {
        "prepare": "videos --out dataset",
        "synthesize": "video.mp4 --model m --out o",
        "bundle": "--acoustic a --vocoder v",
        "check": "videos",
    }
    verb, _, rest = line.replace("recording|speaker|blocks", "blocks").partition(" ")
    last = {
        "train": "dataset",
        "simulate": "--out phantom",
        "export-mels": "dataset",
        "compare-checkpoints": "run --dataset dataset",
        "import": "checkpoint --out model",
    }
    words = shlex.split(f"{verb} {needed.get(verb, '')} {rest} {last.get(verb, '')}")
    app.parse_args(words, exit_on_error=False, print_error=False)


def test_a_command_line_that_does_not_exist_would_be_noticed() -> None:
    with pytest.raises(CycloptsError):
        app.parse_args(["prepare", "videos", "--out", "d", "--no-such"], exit_on_error=False, print_error=False)


def test_the_options_in_the_table_belong_to_a_command() -> None:
    text = README.read_text(encoding="utf-8")
    known = {
        name
        for words in (("check",), ("prepare",), ("synthesize",), ("bundle",), ("train", "acoustic"))
        for argument in _level(words).assemble_argument_collection()
        for name in argument.names
    }
    rows = [line for line in text.splitlines() if line.startswith("|")]
    named = {name for line in rows for name in re.findall(r"`(--[a-z-]+)", line)}
    assert named and named <= known


def _level(words: tuple[str, ...]) -> App:
    level = app
    for word in words:
        level = level[word]
    return level


@pytest.mark.parametrize("page", [README, JAPANESE], ids=["en", "ja"])
def test_what_the_readme_points_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


TRAINING = [line for line in blocks() if line.startswith("train ")]
SMALLEST = {
    "acoustic": ["data.segment_frames=4", "data.batch_size=1", "data.micro_batch_size=1", "data.num_workers=0"],
    "vocoder": [
        "data.segment_frames=8",
        "data.batch_size=1",
        "data.num_workers=0",
        "data.crops_per_utterance=2",
        "data.validation_seconds=0.3",
        "discriminator_divisor=16",
    ],
}


@pytest.fixture(scope="module")
def dataset(talker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("readme") / "dataset"
    words = ["prepare", str(talker), "--out", str(folder), "--split", "blocks", "--split-ratio", "60", "40", "0"]
    assert main([*words, "--workers", "1"]) == 0
    return folder


def test_the_training_lines_start_from_the_shipped_model() -> None:
    assert {line.split()[1] for line in TRAINING} == {"acoustic", "vocoder"}
    assert all("--init phantom" in line for line in TRAINING)


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.parametrize("line", TRAINING)
def test_a_line_that_trains_from_the_shipped_model(line: str, dataset: Path, tmp_path: Path) -> None:
    stage = line.split()[1]
    values = ["max_steps=2", "max_epochs=2", *SMALLEST[stage]]
    out = tmp_path / "model.safetensors"
    words = [str(dataset) if word == "dataset" else word for word in shlex.split(line)]
    words[words.index("--out") + 1] = str(out)
    more = ["--device", "cpu", "--set", *(f"{stage}.{value}" for value in values)]
    assert main([*words, *more]) == 0
    log = (tmp_path / "model_run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    found = [value for row in map(json.loads, log) for value in row.values()]
    assert found and all(
        value is not None and math.isfinite(float(value)) for value in found if not isinstance(value, str)
    )
    trained, shipped = load_bundle(out), load_bundle(find_model("phantom"))
    changed = [
        name
        for name, value in trained.stage(stage).items()
        if value.is_floating_point() and not torch.equal(value, shipped.stage(stage)[name].float())
    ]
    assert changed and all(bool(value.isfinite().all()) for value in trained.tensors.values())
