"""Many pieces of one size are replayed on a GPU; the first, the odd ones, and where that cannot be had all, are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rtmri2speech.errors import ConfigError
from rtmri2speech.inference import captured_pieces
from rtmri2speech.inference.captured_pieces import CapturedPieces
from rtmri2speech.inference.encoder import encode
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel

CPU = torch.device("cpu")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")


def pieces(*lengths: int) -> list[Tensor]:
    """Pieces (n, 2, 2), each with its number as gray value."""
    return [torch.full((length, 2, 2), number, dtype=torch.uint8) for number, length in enumerate(lengths)]


def test_only_later_pieces_of_the_size_are_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    directly, captures = [], []

    def work(frames: Tensor) -> Tensor:
        directly.append(int(frames[0, 0, 0]))
        return frames.float()

    def stand_in(_: Callable[[Tensor], Tensor], frames: Tensor, device: torch.device) -> Callable[[Tensor], Tensor]:
        captures.append((len(frames), device))
        return Tensor.float

    monkeypatch.setattr(captured_pieces, "_Captured", stand_in)
    on_device = CapturedPieces(work, 4, CPU)
    given = pieces(*[4] * 5, 3, *[4] * 5, 1)
    for made, piece in zip(map(on_device, given), given, strict=True):
        assert torch.equal(made, piece.float())
    assert directly == [0, 1, 2, 3, 4, 5, 6, 7, 11]  # the eighth of four frames is the ninth of all
    assert captures == [(4, CPU)]


@pytest.mark.parametrize("error", [ConfigError("no", "graph"), torch.OutOfMemoryError("full")])
def test_without_a_graph_all_pieces_are_done_nevertheless(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(*_: object) -> None:
        tried.append(1)
        raise error

    monkeypatch.setattr(captured_pieces, "_Captured", fails)
    on_device = CapturedPieces(Tensor.double, 4, CPU)
    for piece in pieces(*[4] * 12):
        assert torch.equal(on_device(piece), piece.double())
    assert len(tried) == 1


@needs_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_long_clip_has_the_features_of_its_frames(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    torch.manual_seed(0)
    config = AcousticConfig(backbone="test_efficientnet", hidden=8)
    model = AcousticModel(config, n_mels=4).cuda().to(dtype).eval().fuse()
    frames = torch.randint(0, 256, (12 * 128 + 5, 64, 64), dtype=torch.uint8)
    mask = (torch.rand(64, 64) > 0.2).float().cuda()
    replays = []
    replay = torch.cuda.CUDAGraph.replay
    monkeypatch.setattr(torch.cuda.CUDAGraph, "replay", lambda graph: (replays.append(1), replay(graph))[1])
    made = encode(model, frames.numpy().reshape(-1, 1, 64, 64), mask)
    with torch.inference_mode():
        scaled = (frames.cuda().float() / 255 * mask).to(dtype)
        expected = torch.cat([model.encode(part) for part in scaled.split(128)])
    assert len(replays) == 5
    tolerance = 1e-4 if dtype == torch.float32 else 5e-2
    torch.testing.assert_close(made, expected, rtol=tolerance, atol=tolerance * float(expected.std()))


@needs_gpu
def test_work_that_waits_for_the_gpu_runs_without_a_graph() -> None:
    def waits(frames: Tensor) -> Tensor:
        return frames.float() * float(frames.float().mean())

    on_device = CapturedPieces(waits, 4, torch.device("cuda"))
    with torch.inference_mode():
        for number, piece in enumerate(pieces(*[4] * 12)):
            assert on_device(piece).cpu().unique().tolist() == [number**2]
    assert torch.rand(2, device="cuda").isfinite().all()  # a failed capture leaves random numbers as they were
