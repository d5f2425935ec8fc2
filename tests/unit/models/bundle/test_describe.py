"""What a bundle says about itself."""

from __future__ import annotations

from dataclasses import replace

from rtmri2speech.models.bundle.describe import describe
from rtmri2speech.models.bundle.model_file import Bundle, join
from rtmri2speech.signal.frames import FrameConfig


def test_describe(acoustic_bundle: Bundle, vocoder_bundle: Bundle) -> None:
    rows = dict(describe(join(acoustic_bundle, vocoder_bundle)))
    assert rows["kind"] == "synthesizer" and rows["inference"] == "sequence"
    assert "test_efficientnet" in rows["acoustic model"] and "parameters" in rows["vocoder"]
    assert rows["mask"] == "75.0 % of the pixels visible" and "memo" in rows["frames"]
    assert rows["acoustic.metrics.mae"] == "1.25"
    robust = replace(acoustic_bundle, frames=FrameConfig(size=32, mode="robust"))
    assert "percentiles 0.5-99.5" in dict(describe(robust))["frames"]
    assert "frames" not in dict(describe(vocoder_bundle))


def test_parameter_count_is_the_models(vocoder_bundle: Bundle, acoustic_bundle: Bundle) -> None:
    for bundle, model, row in (
        (vocoder_bundle, vocoder_bundle.build_vocoder(), "vocoder"),
        (acoustic_bundle, acoustic_bundle.build_acoustic(), "acoustic model"),
    ):
        count = sum(value.numel() for value in model.parameters())
        assert f"{count / 1e6:.2f} M parameters" in dict(describe(bundle))[row]
