"""The segmenter: shapes, what it does not depend on, folding, its bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rtmri2speech.data.labels import CLASSES
from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.container import read_container
from rtmri2speech.models.bundle.describe import describe
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig, standardize


@pytest.fixture
def segmenter() -> Segmenter:
    torch.manual_seed(0)
    model = Segmenter(SegmenterConfig(size=32, widths=(4, 8, 12)))
    model(torch.randn(4, 1, 32, 32))  # moves the running statistics
    return model.eval()


@torch.inference_mode()
def test_logits_have_the_frames_size(segmenter: Segmenter) -> None:
    assert segmenter.config.multiple == 8 and segmenter.config.classes == tuple(CLASSES)
    assert segmenter(torch.rand(2, 1, 32, 32)).shape == (2, 11, 32, 32)
    assert segmenter(torch.rand(1, 1, 40, 24)).shape == (1, 11, 40, 24)


@torch.inference_mode()
def test_brightness_and_scale_do_not_matter(segmenter: Segmenter) -> None:
    frames = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(segmenter(frames), segmenter(frames * 255 + 20), rtol=1e-3, atol=1e-4)
    assert standardize(torch.full((1, 4, 4), 200.0)).abs().max() < 1e-3
    assert standardize(torch.zeros(1, 4, 4)).abs().max() == 0


@torch.inference_mode()
def test_folding_keeps_the_logits(segmenter: Segmenter) -> None:
    frames = torch.rand(2, 1, 32, 32)
    folded = segmenter.folded()
    torch.testing.assert_close(folded(frames), segmenter(frames), rtol=1e-4, atol=1e-5)
    assert not any("running" in name for name in folded.state_dict())
    assert any("running" in name for name in segmenter.state_dict())


def test_default_size_fits_the_shipped_file() -> None:
    model = Segmenter(SegmenterConfig())
    assert 2 * sum(value.numel() for value in model.state_dict().values()) < 8e6
    assert SegmenterConfig().size % SegmenterConfig().multiple == 0


@torch.inference_mode()
def test_bundle_round_trip_in_half_precision(segmenter: Segmenter, tmp_path: Path) -> None:
    path = tmp_path / "segmenter.safetensors"
    save_bundle(Bundle.from_segmenter(segmenter, provenance={"seed": 3}, card="Heads."), path, half=True)
    loaded = load_bundle(path)
    assert (loaded.kind, loaded.segmenter, loaded.card) == ("segmenter", segmenter.config, "Heads.")
    assert read_container(path)[0]["features"] is None
    frames = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(loaded.build_segmenter()(frames), segmenter(frames), rtol=0.02, atol=0.02)
    rows = dict(describe(loaded))
    assert rows["kind"] == "segmenter" and "U-Net 4 8 12, frames of 32 x 32" in rows["segmenter"]
    assert "float16" in rows["segmenter"] and rows["seed"] == "3" and "mel" not in rows


def test_bundle_is_strict(segmenter: Segmenter) -> None:
    bundle = Bundle.from_segmenter(segmenter)
    broken = dict(bundle.tensors)
    broken.pop("segmenter.head.bias")
    with pytest.raises(BundleError, match=r"missing: head\.bias"):
        replace(bundle, tensors=broken).build_segmenter()
    with pytest.raises(BundleError, match="its stages are not those of kind acoustic"):
        replace(bundle, kind="acoustic")
    with pytest.raises(BundleError, match="holds no acoustic model"):
        bundle.build_acoustic()


def test_a_bundle_of_another_kind_holds_no_segmenter(vocoder_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="holds no segmenter"):
        vocoder_bundle.build_segmenter()
    assert "segmenter" not in vocoder_bundle.header()["model"]
