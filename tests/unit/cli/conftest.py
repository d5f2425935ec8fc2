"""Running command lines in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from rtmri2speech.cli.main import main
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig


@dataclass(frozen=True)
class Ran:
    """What a command line has printed and returned."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The first line of the one error, after checking that it is two lines: what happened, what to do."""
        lines = self.err.splitlines()
        assert self.code == 1 and "Traceback" not in self.err + self.out
        assert len(lines) == 2 and lines[0].startswith("error: ") and lines[1].strip(), self.err
        return lines[0].removeprefix("error: ")

    @property
    def remedy(self) -> str:
        """The second line."""
        assert self.problem
        return self.err.splitlines()[1].strip()


Run = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("check", path)``: the command line in this process."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def _dataset(talker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prepared") / "dataset"
    options = PrepareOptions(frames=FrameConfig(size=32), split_ratio=(60, 20, 20))
    prepare(FolderCorpus((talker,)), root, options, workers=1)
    return root


@pytest.fixture
def dataset(_dataset: Path, tmp_path: Path) -> Path:
    """A dataset of the talker in 32 x 32 pixels, in blocks; a copy that may be damaged."""
    return Path(shutil.copytree(_dataset, tmp_path / "dataset"))
