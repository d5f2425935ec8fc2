"""Every command line of README.md, and of the Japanese one, exists, with every option it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from cyclopts import App, CycloptsError

from rtmri2speech.cli.main import app

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
