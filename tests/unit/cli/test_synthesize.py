"""``synthesize`` of several videos at a time: what their processes share is made before they start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rtmri2speech.cli.batch import videos
from rtmri2speech.cli.synthesize import synthesize
from rtmri2speech.models.exported import backends, network


@pytest.mark.parametrize(("workers", "kept"), [(2, ["frame", "vocoder"]), (1, [])])
def test_networks_are_exported_before_processes_want_them(
    model_files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, kept: list[str]
) -> None:
    exported: list[torch.nn.Module] = []

    def export(module: torch.nn.Module, example: torch.Tensor, varying: int) -> bytes:
        exported.append(module)
        return str(len(exported) - 1).encode()

    def load(content: bytes, threads: int, dtype: torch.dtype) -> network.Run:
        def run(given: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return exported[int(content)](torch.from_numpy(given)).numpy()

        return run

    engine = SimpleNamespace(version=lambda: "1", export=export, load=load)
    monkeypatch.setattr(network, "engine_of", lambda name: engine)
    monkeypatch.setattr(backends, "installed", lambda name: True)
    monkeypatch.setenv("RTMRI_CACHE", str(tmp_path / "networks"))
    # What the processes and the videos would do is left out.
    monkeypatch.setattr(videos, "run_jobs", lambda work, jobs, workers: iter(()))
    monkeypatch.setattr(videos, "_here", lambda work, video, bar: videos.Outcome([], []))
    names = [Path("a.mp4"), Path("b.mp4")]
    model = model_files["synthesizer"]
    code = synthesize(names, model=model, out=tmp_path, device="cpu", backend="openvino", workers=workers)
    assert code == 0 and sorted(path.name.split("-")[0] for path in tmp_path.glob("networks/*")) == kept
