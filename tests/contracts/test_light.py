"""Preparing and checking load none of the libraries that take seconds to import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = ["torch", "torchvision", "timm", "lightning", "matplotlib", "scipy", "librosa"]

PROBE = f"""
import json, sys
from rtmri2speech.cli.main import main
codes = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([codes, [name for name in {HEAVY} if name in sys.modules]]))
"""


def test_prepare_and_check_load_no_heavy_library(talker: Path, tmp_path: Path) -> None:
    folder, out = str(talker.parent), str(tmp_path / "dataset")
    # One recording is worked on in the process itself, as in a worker.
    commands = [
        ["check", folder],
        ["prepare", folder, "--out", out, "--export-pairs", "--normalisation", "robust", "--split", "test"],
        ["check", out],
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(commands)], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [[0, 0, 0], []], done.stdout + done.stderr
    assert (tmp_path / "dataset" / "pairs_ref4").is_dir()
