"""What several test folders share: a tiny phantom, the schematic talker, small models of random weights."""

# ruff: noqa: E402 - what libraries read while they are loaded is set before

from __future__ import annotations

import os
import sys
from pathlib import Path

# One thread a process: the workers share the cores already, and small models get slower with more.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Compiled modules are kept. Some machines forbid it, and then every process that a test starts compiles torch anew:
# 19 s instead of 6.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Processes that tests start run this code, and find the modules next to this file.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)
os.environ.setdefault("MPLBACKEND", "agg")

from collections.abc import Callable
from fractions import Fraction

import hypothesis
import pytest
import torch

import tiny_phantom as phantom
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle, join, save_bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from talker import speak, write_recording

# The same examples in every run: a change is judged by what it changed. RTMRI_EXPLORE=1 tries new ones.
hypothesis.settings.register_profile("same", derandomize=not os.environ.get("RTMRI_EXPLORE"))
hypothesis.settings.load_profile("same")

TINY_ACOUSTIC = AcousticConfig(backbone="test_efficientnet", hidden=16)
TINY_VOCODER = VocoderConfig(initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1, 3),))

MakeBundle = Callable[..., Bundle]


def make_bundle(
    kind: str = "synthesizer",
    frames: FrameConfig | None = None,
    mask: torch.Tensor | None = None,
    features: FeatureConfig | None = None,
    seed: int = 0,
) -> Bundle:
    """A bundle of random weights whose mel is speech-like in level and whose sound is audible."""
    features = features or FeatureConfig()
    torch.manual_seed(seed)
    acoustic = AcousticModel(TINY_ACOUSTIC, features.n_mels)
    generator = Generator(TINY_VOCODER, features.n_mels)
    with torch.no_grad():
        # Statistics of pictures, and a keen eye: without them the random network gives one mel for all frames.
        for part in acoustic.cnn.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        coarse = torch.rand(16, 1, 8, 8)
        acoustic.encode(torch.nn.functional.interpolate(coarse, (64, 64), mode="bilinear")[:, 0])
        for name, value in acoustic.lstm.named_parameters():
            value.mul_(2.0 if name.startswith("weight_ih") else 1.0)
        acoustic.head.weight.mul_(2.0)
        acoustic.scaler.load_state_dict(
            {"mean": torch.full((features.n_mels,), -45.0), "std": torch.full((features.n_mels,), 12.0)}
        )
        for name, value in generator.named_parameters():
            # The initial weights give a sound below the last bit of a 16-bit file.
            value.add_(0.1 * torch.randn_like(value) if name.endswith("weight") else 0.0)
    one = Bundle.from_acoustic(
        acoustic.eval(), features, frames or FrameConfig(size=32), mask=mask, provenance={"seed": seed}, card="Eyes."
    )
    other = Bundle.from_vocoder(generator.eval(), features, provenance={"seed": seed}, card="Voice.")
    return {"acoustic": one, "vocoder": other}.get(kind) or join(one, other)


@pytest.fixture(scope="session", name="make_bundle")
def make_bundle_fixture() -> MakeBundle:
    return make_bundle


@pytest.fixture(scope="session")
def model_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a random acoustic model, vocoder and synthesizer, for frames of 32 x 32 pixels."""
    folder = tmp_path_factory.mktemp("models")
    paths = {kind: folder / f"{kind}.safetensors" for kind in ("acoustic", "vocoder", "synthesizer")}
    for kind, path in paths.items():
        save_bundle(make_bundle(kind), path)
    return paths


@pytest.fixture(scope="session")
def tiny_segmenter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segmenter of random weights, in whose labels of a talker there is something."""
    torch.manual_seed(2)
    network = Segmenter(SegmenterConfig(size=32, widths=(8, 12)))
    path = tmp_path_factory.mktemp("segmenter") / "tiny.safetensors"
    save_bundle(Bundle.from_segmenter(network), path)
    return path


@pytest.fixture(scope="session")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 2.5 s, 64 x 64 pixels at the ATR rate, with a wav file beside it. Not to be changed."""
    return write_recording(speak(2.5, seed=5, size=64), tmp_path_factory.mktemp("talker"), "talker")


@pytest.fixture(scope="session")
def fast_talker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same at 83.278 frames a second, the rate of the USC recordings. Not to be changed."""
    recording = speak(2.5, seed=6, frame_rate=Fraction(65040, 781), size=64)
    return write_recording(recording, tmp_path_factory.mktemp("fast"), "fast")


# --- The tiny phantom -----------------------------------------------------------------------------------------------

MAKER = pytest.StashKey["phantom.subprocess.Popen[str] | None"]()


def pytest_itemcollected(item: pytest.Item) -> None:
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker("browser")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what takes long before the tests that wait for it: in one worker process, for all."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    needed = any("tiny_phantom" in getattr(item, "fixturenames", ()) for item in session.items)
    wanted = needed and worker == "gw0" and not session.config.option.collectonly
    session.config.stash[MAKER] = phantom.start_making() if wanted else None


def pytest_unconfigure(config: pytest.Config) -> None:
    maker = config.stash.get(MAKER, None)
    if maker is not None and maker.poll() is None:
        maker.kill()
        maker.wait()


@pytest.fixture(scope="session")
def tiny_phantom(pytestconfig: pytest.Config) -> Path:
    """A phantom of one speaker and two utterances of about two seconds. Not to be changed."""
    return phantom.wait_for(pytestconfig.stash[MAKER])
