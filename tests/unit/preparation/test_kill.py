"""SIGKILL at any moment of prepare: never a dataset with missing samples, and the next run makes it whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rtmri2speech

pytestmark = pytest.mark.process

KILLS = 6

# Everything is imported once; each run is a fork of this process, which has no threads.
RUNNER = """
import json, os, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import SAMPLE_FILES, Dataset
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import DatasetError
from rtmri2speech.preparation.cut import CutConfig
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig

videos, out, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
options = PrepareOptions(frames=FrameConfig(size=32), cut=CutConfig(mode="every", seconds=0.8))

others = PrepareOptions(frames=FrameConfig(size=16))

def start(root, options=options):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            prepare(FolderCorpus((videos,)), root, options, workers=1, export_pairs=True, overwrite=True)
            code = 0
        finally:
            os._exit(code)
    return pid

def finish(root, options=options):
    begin = time.monotonic()
    assert os.waitpid(start(root, options), 0)[1] == 0
    return time.monotonic() - begin

def state(root):
    try:
        dataset = Dataset(root)
    except DatasetError:
        return "unfinished"
    for row in dataset.utterances:
        files = [dataset.folder(row) / name for name in SAMPLE_FILES]
        if not all(file.is_file() for file in files) or hash_files(files) != row.sha256:
            return "broken"
    return "whole"

finish(out / "warm")  # the first run fills caches
seconds = finish(out / "undisturbed")
states = []
for index in range(kills):
    root = out / f"killed{index}"
    if index % 2:
        finish(root, others)  # a dataset to be made anew
    pid = start(root)
    time.sleep(seconds * (index + 0.5) / kills)
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    states.append([os.WIFSIGNALED(status), state(root), sum(1 for _ in root.rglob("mri.npy"))])
    finish(root)
    states[-1].append(state(root))
print(json.dumps(states))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_killed_run_is_made_whole_by_the_next(
    tmp_path: Path, videos: Path, tree: Callable[[Path], dict[str, str]]
) -> None:
    script = tmp_path / "runner.py"
    script.write_text(RUNNER, encoding="utf-8")
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment = {**os.environ, **threads, "PYTHONPATH": str(Path(rtmri2speech.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(script), str(videos), str(tmp_path / "out"), str(KILLS)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    states = json.loads(done.stdout.splitlines()[-1])
    # Where in the work a kill falls depends on what else the machine does; one at work is enough for the law below.
    assert any(killed for killed, *_ in states), "the kills came too late"
    undisturbed = tree(tmp_path / "out" / "undisturbed")
    assert any(name.startswith("pairs_ref4_npy/") for name in undisturbed)
    for index, (killed, before, _, after) in enumerate(states):
        # Whole: not killed, or killed before anything of the dataset that was there had been touched.
        assert before == "unfinished" or (before == "whole" and (not killed or index % 2))
        assert after == "whole"
        assert tree(tmp_path / "out" / f"killed{index}") == undisturbed
