"""Every look that ships loads and can be drawn; a wrong one is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rtmri2speech.appearance.config import RANDOM, LookConfig, load_look, shipped_looks
from rtmri2speech.appearance.look import apply_looks, draw_looks
from rtmri2speech.errors import ConfigError


def test_looks_ship() -> None:
    assert {RANDOM, "usc_15t_spiral", "radial_3t", "atr_15t"} <= set(shipped_looks())
    assert load_look(RANDOM) == LookConfig(description="any scanner")


@pytest.mark.parametrize("name", shipped_looks())
def test_shipped_looks_load_and_give_frames(name: str) -> None:
    config = load_look(name)
    assert config == load_look(shipped_looks()[name]) and config.description
    frames, _ = apply_looks(draw_looks(3, torch.Generator().manual_seed(0), config), torch.rand(3, 40, 40))
    assert bool(frames.isfinite().all())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("geometry: {zoom: [2.0, 1.0]}", "geometry.zoom: .* runs downwards"),
        ("geometry: {zoom: [0.0, 1.0]}", "at or below 0"),
        ("coil: {fallof: 1.0}", "unknown key 'coil.fallof'"),
        ("sampling: {cartesian: 0, spiral: 0, radial: 0}", "are all 0"),
        ("coil: {weights: [[0.1, 1.0]]}", "3 places and 1 weights"),
        ("recording: {marks: 2.0}", "recording.marks"),
    ],
)
def test_wrong_looks_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_look(path)


def test_an_unknown_look_names_those_that_ship() -> None:
    with pytest.raises(ConfigError, match=r"`look=usc`(.|\n)*usc_15t_spiral"):
        load_look("usc")
