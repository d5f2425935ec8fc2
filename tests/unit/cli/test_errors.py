"""What a user sees when something goes wrong: one line of what happened, one of what to do."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.errors import UserError

Run = Callable[..., Any]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let ``inspect`` end with an exception."""

    def arm(error: BaseException) -> None:
        def load(path: Path) -> None:
            raise error

        monkeypatch.setattr("rtmri2speech.models.bundle.model_file.load_bundle", load)

    return arm


@pytest.mark.parametrize(
    ("words", "problem", "help_of"),
    [
        (["prepare", "x", "--nonsense", "3"], "Unknown option: --nonsense", "prepare"),
        (["prepare", "x", "--out", "o", "--split-rato", "1"], "Did you mean --split-ratio?", "prepare"),
        (["prepare", "x"], "--out", "prepare"),
        (["prepare", "x", "--out"], "--out", "prepare"),
        (["prepare", "x", "--out", "o", "--normalization", "odd"], '"memo", "robust"', "prepare"),
        (["prepare", "x", "--out", "o", "--split-ratio", "1", "2"], "--split-ratio", "prepare"),
        (["prepare", "x", "--out", "o", "--sr", "high"], "--sr", "prepare"),
        (["synthesize", "--model", "m", "--out", "o"], "--videos", "synthesize"),
        (["synthesize", "v", "--model", "m", "--out", "o", "--device", "tpu"], '"auto", "cpu", "cuda"', "synthesize"),
        (["train", "acoustic", "d", "--dtype", "int8"], '"bfloat16"', "train acoustic"),
        (["train", "something"], "acoustic, vocoder", "train"),
        (["import", "wavenet", "x"], "hifigan", "import"),
        (["perpare", "x"], '"perpare"', ""),
        (["inspect"], "MODEL", "inspect"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_in_the_command_line_names_the_option_and_the_help(
    run: Run, words: list[str], problem: str, help_of: str
) -> None:
    result = run(*words)
    assert problem in result.problem and result.out == ""
    assert result.remedy == f"See: rtmri2speech {help_of} --help".replace("  ", " ")


@pytest.mark.parametrize(
    "words",
    [
        ["check", "nowhere.mp4"],
        ["prepare", "nowhere", "--out", "o"],
        ["prepare", "nowhere.mp4", "--out", "o"],
        ["train", "acoustic", "nowhere"],
        ["train", "vocoder", "nowhere"],
        ["inspect", "nowhere"],
        ["bundle", "--acoustic", "nowhere", "--vocoder", "nowhere"],
        ["synthesize", "video.mp4", "--model", "nowhere", "--out", "o"],
        ["import", "hifigan", "g", "--config", "nowhere", "--out", "o"],
        ["import", "acoustic", "nowhere", "--scaler", "s", "--out", "o"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_missing_file_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert "nowhere" in result.problem and result.remedy and result.out == ""
    assert not list(tmp_path.iterdir()), "nothing is written for nothing"


def test_nothing_given_is_said(run: Run, tmp_path: Path) -> None:
    assert "Nothing to check" in run("check").problem
    assert "No videos" in run("prepare", "--out", tmp_path / "o").problem


def test_a_user_error_is_two_lines_and_exit_code_1(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(UserError("model.x: broken.", "Mend it."))
    result = run("inspect", "model.x")
    assert (result.code, result.out, result.err) == (1, "", "error: model.x: broken.\n       Mend it.\n")


def test_debug_shows_where_an_error_came_from(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(UserError("model.x: broken.", "Mend it."))
    result = run("inspect", "model.x", "--debug")
    assert result.code == 1 and "Traceback" in result.err and result.err.endswith("broken.\n       Mend it.\n")


def test_debug_shows_the_mistake_in_the_command_line(run: Run) -> None:
    assert "Traceback" in run("--debug", "inspect", "--nothing").err


def test_ctrl_c_is_one_line_and_exit_code_130(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(KeyboardInterrupt())
    result = run("inspect", "model.x")
    assert result.code == 130 and len(result.err.splitlines()) == 1 and "again to go on" in result.err


def test_a_full_disk_is_named(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(OSError(errno.ENOSPC, "No space left on device", "/disk/file"))
    result = run("inspect", "model.x")
    assert result.problem == "/disk/file: no space left." and "Free some space" in result.remedy


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "Permission denied", "/x/y"), OSError("odd: /x/y")])
def test_what_the_system_refuses_is_named(run: Run, failing: Callable[[BaseException], None], error: OSError) -> None:
    failing(error)
    result = run("inspect", "model.x")
    assert "/x/y" in result.problem and "--debug" in result.remedy


def test_an_error_of_the_program_itself_is_not_hidden(run: Run, failing: Callable[[BaseException], None]) -> None:
    failing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run("inspect", "model.x")


def test_no_traceback_and_exit_code_1_from_the_real_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rtmri2speech", "synthesize", "発話.mp4", "b/発話.mp4", "--model", "m", "--out", "o"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    # A terminal that lacks the letters gets their numbers.
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr
    assert re.match(r"error: 2 recordings are called '\\u767a\\u8a71': .*\n +\S", done.stderr)


def test_unknown_recipes_and_keys_get_a_suggestion(run: Run, dataset: Path, tmp_path: Path) -> None:
    def train(*words: object) -> Any:
        return run("train", "acoustic", dataset, "--out", tmp_path / "a.safetensors", *words)

    unknown = train("--recipe", "smok")
    assert "'smok'" in unknown.problem and "Did you mean 'smoke'?" in unknown.remedy
    assert "missing.yaml: no such recipe file" in train("--recipe", tmp_path / "missing.yaml").problem
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("acoustic: {optimiser: {lr: 1}}", encoding="utf-8")
    wrong = train("--recipe", recipe)
    assert str(recipe) in wrong.problem and "acoustic.optimiser" in wrong.problem and "'optimizer'" in wrong.remedy
    recipe.write_text("a: [", encoding="utf-8")
    assert f"{recipe}: not readable as YAML" in train("--recipe", recipe).problem
    assert "acoustic.max_setps" in train("--recipe", "smoke", "--set", "acoustic.max_setps=3").problem
    assert "--set lonely" in train("--recipe", "smoke", "--set", "lonely").problem
    assert not (tmp_path / "a_run").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows tells of a closed pipe in another way")
def test_a_reader_that_has_heard_enough_is_no_error() -> None:
    script = "from rtmri2speech.cli import main as m; m.app = lambda *a, **k: print('word ' * 10**5); exit(m.main([]))"
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() == 0
