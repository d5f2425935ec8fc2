"""Make tests/golden/old_maps: a folder of maps as version 0.1.0 wrote them, pixels without cells.

    git archive 7961cfd src tests | tar -x -C OLD
    PYTHONPATH=OLD/src:OLD/tests python tests/golden/make_old_maps.py

The commit is the last one before maps were stored as cells. Sixteen frames of 32 x 32 pixels, two bands, both methods,
one segment, and the sums over the template's regions, by a small acoustic model of random weights.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import torch

from conftest import make_bundle
from rtmri2speech.cli.main import main
from rtmri2speech.data.media import write_video
from rtmri2speech.models.bundle import save_bundle
from rtmri2speech.signal.features import FeatureConfig
from talker import speak

FRAMES = 16


def run(*words: str) -> None:
    sys.argv = ["rtmri2speech", *words]
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    if code:
        sys.exit(f"{' '.join(words)}: exit code {code}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    kept = Path(__file__).parent / "old_maps"
    rate = FeatureConfig().frame_rate
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # paths in the metadata are relative
        save_bundle(make_bundle("acoustic"), Path("model.safetensors"))
        write_video(Path("clip.mp4"), list(speak(1.0, seed=5, size=32, frame_rate=rate).frames[:FRAMES]), rate)
        words = ["--segment", "a:0.1-0.3", "--stride", "8", "--device", "cpu"]
        run("analyze", "gradcam", "clip.mp4", "--model", "model.safetensors", "--out", "old_maps", *words)
        run("analyze", "regions", "old_maps")
        for drawn in Path("old_maps").glob("*.png"):
            drawn.unlink()
        shutil.copy("clip.mp4", "old_maps")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree("old_maps", kept)
