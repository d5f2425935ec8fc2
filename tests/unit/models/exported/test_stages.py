"""Encoder, segmenter and vocoder through each engine that is installed give what PyTorch gives, at any length."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.exported import stages
from rtmri2speech.models.exported.backends import IN_TORCH, INSTALL, Engine, Wanted, installed
from rtmri2speech.models.exported.stages import ExportedVocoder, ran_with
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.models.vocoder.generator import Generator


@pytest.fixture(params=["openvino", "onnx"])
def wanted(request: pytest.FixtureRequest) -> Wanted:
    engine: Engine = request.param
    if not installed(engine):
        pytest.skip(INSTALL[engine])
    return Wanted(engine, asked=True)


def close(made: torch.Tensor, true: torch.Tensor) -> None:
    torch.testing.assert_close(made, true, rtol=1e-3, atol=1e-4 * float(true.abs().max()))


@torch.no_grad()
def test_encoder(acoustic: AcousticModel, wanted: Wanted) -> None:
    notes: list[str] = []
    encode = stages.encoder(lambda: acoustic, 32, wanted, notes)
    assert encode is not None and not notes
    for count in (1, 3, 6):
        frames = torch.rand(count, 32, 32)
        close(encode(frames), acoustic.encode(frames))


@torch.no_grad()
def test_segmenter(wanted: Wanted, shake: Callable[[torch.nn.Module, int], None]) -> None:
    network, notes = Segmenter(SegmenterConfig(size=16, widths=(4, 6))), []
    shake(network, 3)
    network = network.folded()
    logits = stages.segmenter(network, wanted, notes)
    assert logits is not None and not notes
    for count in (1, 5):
        squares = torch.rand(count, 1, 16, 16) * 200
        close(logits(squares), network(squares))


@torch.no_grad()
def test_vocoder(generator: Generator, wanted: Wanted) -> None:
    notes: list[str] = []
    made = stages.vocoder(generator, wanted, notes)
    assert made is not None and not notes
    for frames in (1, 2, 40):
        mel = torch.randn(2, 5, frames) * 3 - 7
        close(made(mel), generator(mel))
    mel = torch.randn(5, 50)
    close(torch.cat(list(made.generate(mel, chunk_frames=7))), generator(mel[None])[0])


@torch.no_grad()
def test_vocoder_with_a_source(generator: Generator, wanted: Wanted) -> None:
    size = generator.config.model_copy(update={"source": "harmonic", "pitch_channels": 4})
    model = Generator(size, generator.n_mels).eval()
    model.load_state_dict(model.state_dict() | generator.state_dict())
    for entry in model.entries:
        torch.nn.init.normal_(entry.conv.weight, 0.0, 0.3)
    notes: list[str] = []
    made = stages.vocoder(model, wanted, notes)
    assert made is not None and not notes
    mel = torch.randn(5, 50)
    close(torch.cat(list(made.generate(mel, chunk_frames=7))), model(mel[None])[0])


@torch.no_grad()
def test_threads_share_a_network(acoustic: AcousticModel, wanted: Wanted) -> None:
    encode = stages.encoder(lambda: acoustic, 32, wanted, [])
    assert encode is not None
    frames = torch.rand(24, 32, 32)
    together = threading.Barrier(4)

    def work(piece: torch.Tensor) -> torch.Tensor:
        together.wait()
        return torch.cat([encode(one[None]) for one in piece])

    with ThreadPoolExecutor(4) as pool:
        close(torch.cat(list(pool.map(work, frames.split(6)))), acoustic.encode(frames))


def test_pytorch_builds_nothing(generator: Generator) -> None:
    def never() -> AcousticModel:
        raise AssertionError("built")

    assert stages.encoder(never, 32, IN_TORCH, []) is None
    assert stages.vocoder(generator, IN_TORCH, []) is None
    assert stages.vocoder(generator, Wanted("openvino"), []) is None, "in float32 its own form is faster"


def test_results_name_library_version_and_precision(wanted: Wanted, generator: Generator) -> None:
    assert isinstance(stages.vocoder(generator, wanted, []), ExportedVocoder)
    assert ran_with(wanted, False) == ran_with(IN_TORCH, True) == "torch"
    name, precision = ran_with(wanted, True).split(", ")
    assert name.startswith(f"{wanted.backend} ") and precision == "float32"
