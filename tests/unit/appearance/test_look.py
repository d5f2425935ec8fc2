"""Looks as a whole: the same seed gives the same look, and labels stay where the frames show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest
import torch
from torch import Tensor

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.geometry import positions, sample
from rtmri2speech.appearance.look import Looks, apply_looks, develop, draw_looks, scan_looks

Quiet = Callable[..., LookConfig]
Disc = Callable[..., Tensor]


def drawn(count: int, config: LookConfig | None = None, seed: int = 1) -> Looks:
    return draw_looks(count, torch.Generator().manual_seed(seed), config)


def center(images: Tensor) -> Tensor:
    """Center of mass, column and row: (N, 2)."""
    line = torch.arange(images.shape[-1]).float()
    mass = images.sum(dim=(1, 2))
    return torch.stack([(images.sum(1) * line).sum(1) / mass, (images.sum(2) * line).sum(1) / mass], dim=1)


def tensors(looks: Looks) -> list[Tensor]:
    parts = (looks.geometry, looks.contrast, looks.coil, looks.inclusions, looks.sampling, looks.recording)
    return [getattr(part, field.name) for part in parts for field in fields(part)]


def test_a_look_that_changes_nothing_changes_nothing(quiet: Quiet, disc: Disc) -> None:
    images = disc(2, 64, 30.0, 25.0, 14.0)
    frames, labels = apply_looks(drawn(2, quiet()), images, (images > 0.5).to(torch.uint8))
    # Two samples per pixel between pixels: a blur of an eighth at each side.
    assert float((frames - images).abs().max()) < 0.3 and float((frames - images).abs().mean()) < 0.02
    assert labels is not None and torch.equal(labels, (images > 0.5).to(torch.uint8))


def test_the_same_seed_gives_the_same_look(disc: Disc) -> None:
    images = disc(12, 64, 30.0, 25.0, 14.0)
    labels = (images > 0.5).to(torch.uint8)
    one, two, other = (drawn(12, seed=seed) for seed in (5, 5, 6))
    assert all(torch.equal(a, b) for a, b in zip(tensors(one), tensors(two), strict=True)) and one.seed == two.seed
    first, second, third = (apply_looks(looks, images, labels)[0] for looks in (one, two, other))
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_frames_are_gray_values_and_labels_those_of_the_source(disc: Disc) -> None:
    images = disc(40, 64, 30.0, 35.0, 14.0)
    frames, labels = apply_looks(drawn(40), images, 4 * (images > 0.5).to(torch.uint8), size=48)
    assert frames.shape == (40, 48, 48) and frames.dtype == torch.float32 and bool(frames.isfinite().all())
    assert float(frames.min()) >= 0.0 and float(frames.max()) <= 1.0
    assert labels is not None and labels.dtype == torch.uint8 and set(labels.unique().tolist()) == {0, 4}


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_labels_stay_aligned_with_frames_to_half_a_pixel(quiet: Quiet, disc: Disc, flip: float) -> None:
    # The source is finer than the frames, so that what is left is not the coarseness of its labels.
    count, size = 16, 96
    geometry = LookConfig().geometry.model_copy(update={"flip": flip}).model_dump()
    looks = drawn(count, quiet(geometry={**geometry, "aim": (0.45, 0.5)}))
    images = disc(count, 256, 120.0, 124.0, 44.0)
    frames, labels = apply_looks(looks, images, (images > 0.5).to(torch.uint8), size=size)
    assert labels is not None
    shown = labels.float()
    assert float((center(frames) - center(shown)).abs().max()) < 0.15
    # Edges: where frame and label disagree, the frame's edge is no further than half a pixel.
    inside = torch.stack([frame[mask > 0].median() for frame, mask in zip(frames, shown, strict=True)])
    level = 0.5 * inside[:, None, None]
    slope = torch.stack(torch.gradient(frames, dim=(1, 2))).square().sum(0).sqrt()
    wrong = (frames > level) != (shown > 0.5)
    distance = ((frames - level).abs() / slope)[wrong]
    # Along a diagonal half a pixel is 0.7.
    assert float(distance.quantile(0.95)) < 0.5 and float(distance.max()) < 0.7
    # And the geometry did move it.
    assert float((center(shown) - 44.7).abs().max()) > 3.0


def test_scanning_does_not_move_what_is_seen(quiet: Quiet, disc: Disc) -> None:
    config = LookConfig()
    sampling = {**config.sampling.model_dump(), "noise": (1e-6, 1e-6), "spike": 0.0, "matrix": (60.0, 90.0)}
    for readout in ("cartesian", "spiral", "radial"):
        only = {name: float(name == readout) for name in ("cartesian", "spiral", "radial")}
        looks = drawn(24, quiet(sampling={**sampling, **only}, recording={"pixels": 0.7, "nearest": 0.3}))
        images = disc(24, 128, 60.0, 62.0, 30.0)
        frames, _ = apply_looks(looks, images)
        # Where half is crossed, on the middle row and column.
        disc_mask = (frames > 0.5).float() * (disc(24, 128, 60.0, 62.0, 36.0) > 0.5)
        shift = (center(disc_mask) - torch.tensor([60.0, 62.0])).abs()
        resolved = 128.0 / looks.sampling.matrix
        assert float((shift.amax(1) / resolved).max()) < 0.5, readout


def test_one_look_for_the_frames_of_a_recording(quiet: Quiet, disc: Disc) -> None:
    config = quiet(sampling={"noise": [0.05, 0.05]}, geometry={"rotation": 10.0})
    look = drawn(1, config)
    images = disc(3, 64, 30.0, 25.0, 14.0)
    frames, _ = apply_looks(look.for_frames(3), images)
    again, _ = apply_looks(look.for_frames(3, 1), images)
    clean, _ = apply_looks(drawn(1, quiet(geometry={"rotation": 10.0})).for_frames(3), images)
    # The same geometry, noise of their own.
    assert float((frames[0] - frames[1]).abs().mean()) > 0.01 and float((frames[0] - again[0]).abs().mean()) > 0.01
    assert torch.allclose(clean[0], clean[2], atol=1.5 / 255.0)
    with pytest.raises(ValueError, match="2 looks: a recording has one"):
        drawn(2, config).for_frames(3)


def test_a_recording_is_over_bright_at_its_start(quiet: Quiet, disc: Disc) -> None:
    looks = draw_looks(8, torch.Generator().manual_seed(0), quiet(contrast={"excess": [1.0, 1.0], "settling": [3, 3]}))
    images = disc(8, 64, 30.0, 25.0, 14.0) * 0.5
    first, last = (scan_looks(looks, images, numbers=torch.full((8,), number))[0] for number in (0.0, 60.0))
    ratio = first.amax(dim=(1, 2)) / last.amax(dim=(1, 2))
    assert float(ratio.max()) > 2.0 and float(ratio.min()) == pytest.approx(1.0, abs=0.01)
    dark, bright = torch.zeros(1), last.amax(dim=(1, 2))
    assert float(develop(looks, first, None, dark, bright)[0].max()) == 1.0


def test_shapes_that_do_not_fit_are_refused() -> None:
    looks = drawn(2)
    with pytest.raises(ValueError, match="for 2 looks"):
        apply_looks(looks, torch.zeros(3, 8, 8))
    with pytest.raises(ValueError, match="labels"):
        apply_looks(looks, torch.zeros(2, 8, 8), torch.zeros(2, 8, 9))


def test_frames_that_are_not_square(quiet: Quiet) -> None:
    looks = drawn(1, quiet())
    images = torch.zeros(1, 32, 64)
    images[:, 16:, :] = 1.0
    places = positions(looks.geometry, 64)
    # The frame is as wide as the source, which lies in its middle rows.
    found = sample(images, places, nearest=True)
    assert found.shape == (1, 64, 64) and found[0, :32].sum() == 0 and found[0, 48:].sum() == 0
    assert bool((found[0, 32:48] == 1.0).all())
