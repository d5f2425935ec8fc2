"""Augmentation: each option does what it says, no more, and the same to all frames of a segment."""

from __future__ import annotations

import pytest
import torch

from rtmri2speech.errors import ConfigError
from rtmri2speech.training.acoustic.augment import AugmentConfig, augment


@pytest.fixture
def frames() -> torch.Tensor:
    """Four equal segments of three equal frames with a bright block, (4, 3, 32, 32)."""
    picture = torch.full((32, 32), 0.2)
    picture[10:18, 12:20] = 0.8
    return picture.expand(4, 3, 32, 32).clone()


def centre(picture: torch.Tensor) -> tuple[float, float]:
    """Row and column of the bright block's middle."""
    weight = (picture > 0.5).float()
    rows, columns = torch.arange(32.0)[:, None], torch.arange(32.0)[None]
    return float((weight * rows).sum() / weight.sum()), float((weight * columns).sum() / weight.sum())


def test_nothing_is_changed_by_default(frames: torch.Tensor) -> None:
    assert not AugmentConfig().active
    assert torch.equal(augment(frames, AugmentConfig()), frames)


@pytest.mark.parametrize("option", ["shift", "rotation", "gain", "gamma", "noise"])
def test_segments_differ_and_stay_in_range(frames: torch.Tensor, option: str) -> None:
    torch.manual_seed(0)
    config = AugmentConfig(**{option: {"shift": 5.0, "rotation": 20.0}.get(option, 0.4)})
    assert config.active
    changed = augment(frames, config)
    assert changed.shape == frames.shape and float(changed.min()) >= 0.0 and float(changed.max()) <= 1.0
    assert not torch.equal(changed[0], changed[1])
    if option != "noise":
        assert torch.equal(changed[:, 0], changed[:, 2]), "one draw a segment"
    torch.manual_seed(0)
    assert torch.equal(augment(frames, config), changed)


def test_shifts_are_of_whole_pictures_and_within_the_limit(frames: torch.Tensor) -> None:
    torch.manual_seed(3)
    changed = augment(frames.repeat(8, 1, 1, 1), AugmentConfig(shift=6.0))
    before = centre(frames[0, 0])
    moves = torch.tensor([[a - b for a, b in zip(centre(picture[0]), before, strict=True)] for picture in changed])
    assert float(moves.abs().max()) <= 6.6 and float(moves.abs().max()) > 3.0  # to half a pixel of the threshold
    assert float(moves.min()) < 0 < float(moves.max())


def test_a_rotation_keeps_the_middle_and_the_shape(frames: torch.Tensor) -> None:
    torch.manual_seed(1)
    picture = torch.zeros(1, 1, 64, 32)  # not square: no shear
    picture[..., 24:40, 12:20] = 1.0
    changed = augment(picture, AugmentConfig(rotation=30.0))
    assert float(changed.sum()) == pytest.approx(float(picture.sum()), rel=0.03)
    assert centre(changed[0, 0, 16:48]) == pytest.approx(centre(picture[0, 0, 16:48]), abs=0.4)
    assert not torch.allclose(changed, picture, atol=0.1)


def test_gain_and_gamma_keep_black_and_order(frames: torch.Tensor) -> None:
    torch.manual_seed(2)
    frames[..., 0, :] = 0.0
    for config in (AugmentConfig(gain=0.5), AugmentConfig(gamma=0.5)):
        changed = augment(frames, config)
        assert float(changed[..., 0, :].abs().max()) < 1e-3
        assert (changed[..., 14, 14] > changed[..., 25, 25]).all()


def test_places_are_computed_in_full_precision(frames: torch.Tensor) -> None:
    config = AugmentConfig(shift=3.0, rotation=5.0)
    torch.manual_seed(0)
    expected = augment(frames, config)
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(augment(frames, config), expected)


def test_impossible_limits_are_refused() -> None:
    for values in ({"shift": -1.0}, {"gain": 1.0}, {"rotation": 90.0}, {"noise": 2.0}, {"flip": True}):
        with pytest.raises(ConfigError):
            AugmentConfig.parse(values, "recipe")


def test_a_look_is_the_same_for_a_segment_and_of_the_share_of_them_that_was_asked_for(frames: torch.Tensor) -> None:
    torch.manual_seed(2)
    config = AugmentConfig(look="usc_15t_spiral", look_share=0.5)
    assert config.active
    changed = augment(frames, config)
    assert changed.shape == frames.shape and float(changed.min()) >= 0.0 and float(changed.max()) <= 1.0
    same = [torch.equal(one, other) for one, other in zip(changed, frames, strict=True)]
    assert sum(same) == 2, "two of four segments keep their look"
    (first, _) = [number for number, kept in enumerate(same) if not kept]
    # Noise aside, the frames of a segment are equal, as they were.
    near, far = (
        (changed[first, 0] - changed[first, 2]).abs().mean(),
        (changed[first, 0] - frames[first, 0]).abs().mean(),
    )
    assert float(near) < 0.5 * float(far)
    torch.manual_seed(2)
    assert torch.equal(augment(frames, config), changed)


def test_no_share_is_no_look(frames: torch.Tensor) -> None:
    assert torch.equal(augment(frames, AugmentConfig(look="mild", look_share=0.0)), frames)


def test_a_tissue_keeps_black_and_equal_grays_equal(frames: torch.Tensor) -> None:
    torch.manual_seed(4)
    frames[:, :, 0] = 0.0
    changed = augment(frames, AugmentConfig(tissue=0.3))
    assert float(changed[:, :, 0].max()) == 0.0
    for segment in changed:
        assert len(torch.unique(segment)) == 3, "three grays before, three after"
    assert len(torch.unique(changed[:, 0, 20, 2])) == 4, "every segment has its own"


def test_an_unknown_look_is_named() -> None:
    with pytest.raises(ConfigError, match="look=nothing"):
        AugmentConfig.parse({"look": "nothing"}, "recipe.yaml")
