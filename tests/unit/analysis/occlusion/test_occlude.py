"""Hiding regions: what changes and what does not, where controls lie, what is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.analysis.attribution.explainer import Explainer, open_video
from rtmri2speech.analysis.occlusion.controls import place_controls
from rtmri2speech.analysis.occlusion.fills import FILLS, Fill, Painter, hide
from rtmri2speech.analysis.occlusion.occlude import Condition, MaskOptions, beside, mask_clip, passes
from rtmri2speech.analysis.regions.masks import Regions, read_regions, source_of
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError

each_fill = pytest.mark.parametrize("fill", FILLS)


@pytest.fixture(scope="module")
def clip(talker: Path, explainer: Explainer) -> Clip:
    return open_video(talker, explainer)


@pytest.fixture(scope="module")
def template(clip: Clip) -> Regions:
    return read_regions("template", source_of(clip))


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((size, size)) + 0.5
    return np.hypot(columns - x, rows - y) <= radius


@each_fill
@given(alpha=st.sampled_from([0.0, 0.3, 1.0]), seed=st.integers(0, 100))
def test_nothing_but_the_region_changes(fill: Fill, alpha: float, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    pictures = torch.rand(2, 16, 16, generator=rng)
    masks = torch.rand(2, 16, 16, generator=rng) < 0.3
    painter = Painter(torch.rand(16, 16, generator=rng))
    fills = painter.fill(fill, pictures, masks)
    hidden = hide(pictures, masks, fills, alpha)
    assert torch.equal(hidden[~masks], pictures[~masks])
    assert torch.equal(hidden[masks], (pictures if alpha == 1 else alpha * pictures + (1 - alpha) * fills)[masks])
    assert fills.min() >= 0 and fills.max() <= 1 + 1e-6


def test_what_each_fill_is() -> None:
    rng = torch.Generator().manual_seed(1)
    mean = torch.rand(32, 32, generator=rng)
    masks = torch.from_numpy(disc(32, 20, 12, 6))[None]
    grey = torch.full((1, 32, 32), 0.4)
    spoilt = torch.where(masks, torch.rand(1, 32, 32, generator=rng), grey)
    painter = Painter(mean)
    assert painter.fill("darken", spoilt, masks).abs().max() == 0
    assert torch.equal(painter.fill("freeze", spoilt, masks)[0], mean)
    torch.testing.assert_close(painter.fill("blur", grey, masks), grey)
    # The neighbourhood knows nothing of what it hides.
    torch.testing.assert_close(painter.fill("neighbourhood", spoilt, masks), grey)
    everywhere = torch.ones(1, 32, 32, dtype=torch.bool)
    assert torch.isfinite(painter.fill("neighbourhood", spoilt, everywhere)).all()


def test_blur_is_wide_enough_to_hide_and_keeps_brightness() -> None:
    picture = torch.zeros(1, 64, 64)
    picture[0, 32, 32] = 1.0
    blurred = Painter(torch.zeros(64, 64)).blurred(picture)[0]
    assert blurred.sum() == pytest.approx(1.0, abs=0.01)
    rows = torch.arange(64) - 32.0
    assert (blurred.sum(dim=1) * rows.square()).sum().sqrt() == pytest.approx(4.0, rel=0.02)


def test_alpha_1_is_the_unmasked_prediction_to_the_last_bit(
    clip: Clip, explainer: Explainer, template: Regions
) -> None:
    options = MaskOptions(("tongue", "lips"), FILLS, (1.0,))
    masked = mask_clip(clip, explainer, template, options)
    features = explainer.encode(clip, [32]).features
    with torch.no_grad():
        np.testing.assert_array_equal(masked.unmasked, explainer.model.predict(features).numpy())
    assert len(masked.mels) == 2 * len(FILLS) * 3
    for mel in masked.mels.values():
        np.testing.assert_array_equal(mel, masked.unmasked)


def test_hiding_is_done_to_the_normalised_picture(clip: Clip, explainer: Explainer, template: Regions) -> None:
    seen: list[int] = []
    options = MaskOptions(("velum", "tongue"), alphas=(0.0, 0.25), controls=1)
    masked = mask_clip(clip, explainer, template, options, seen.append)
    assert sum(seen) == passes(options) * clip.n_frames
    frames = torch.from_numpy(np.concatenate(list(clip.blocks()))).float() / 255
    (control,) = masked.controls["tongue"]
    for alpha in (0.0, 0.25):
        for number in (0, 1):
            mask = template.only(["tongue"]).at(0)[0]
            mask = np.roll(mask, (control.down, control.right), (0, 1)) if number else mask
            changed = torch.where(torch.from_numpy(mask), alpha * frames, frames)
            with torch.no_grad():
                expected = explainer.model.predict(explainer.model.encode(changed)).numpy()
            found = masked.mels[Condition("tongue", "darken", alpha, number)]
            np.testing.assert_allclose(found, expected, atol=2e-3)
            assert np.abs(found - masked.unmasked).max() > 0.05
    assert masked.pixels["tongue"] == template.only(["tongue"]).at(0).sum()


def test_a_moving_region_is_hidden_where_it_is(clip: Clip, explainer: Explainer) -> None:
    def at(frame: int) -> np.ndarray:
        return np.stack([disc(64, 10 + frame // 2, 30, 6), np.zeros((64, 64), bool)])

    regions = Regions(("ball", "nothing"), at, moving=True)
    masked = mask_clip(clip, explainer, regions, MaskOptions(regions.names, alphas=(0.0,), controls=1))
    assert masked.empty == ["nothing"]
    frames = np.concatenate(list(clip.blocks())) / np.float32(255)
    for frame, picture in enumerate(frames):
        picture[at(frame)[0]] = 0
    with torch.no_grad():
        expected = explainer.model.predict(explainer.model.encode(torch.from_numpy(frames))).numpy()
    np.testing.assert_allclose(masked.mels[Condition("ball", "darken", 0.0)], expected, atol=2e-3)
    with pytest.raises(ConfigError, match="belongs to nothing"):
        mask_clip(clip, explainer, regions, MaskOptions(("nothing",)))


@given(seed=st.integers(0, 50), radius=st.floats(2, 7))
def test_controls_have_the_regions_area_and_lie_on_no_articulator(seed: int, radius: float) -> None:
    rng = np.random.default_rng(seed)
    paths = [disc(64, 30 + step, 30, radius) for step in range(4)]
    footprint = np.mean(paths, axis=0)
    taken = (footprint > 0) | disc(64, 45, 45, 8)
    picture = rng.random((64, 64))
    controls = place_controls(footprint, taken, picture, 3, [seed])
    assert len(set(controls)) == 3 and controls == place_controls(footprint, taken, picture, 3, [seed])
    assert controls != place_controls(footprint, taken, picture, 3, [seed + 1])
    for one in controls:
        for mask in paths:
            assert one.apply(mask).sum() == mask.sum()
        moved = np.mean([one.apply(mask) for mask in paths], axis=0)
        overlap = (moved * taken).sum() / footprint.sum()
        assert overlap == pytest.approx(one.overlap, abs=1e-9) and overlap <= 0.02
        assert one.brightness == pytest.approx((moved * picture).sum() / footprint.sum())
        # None was turned over an edge to the other side.
        assert all(
            np.ptp(axis) <= np.ptp(other) for axis, other in zip(moved.nonzero(), footprint.nonzero(), strict=True)
        )


def test_controls_are_as_bright_as_their_region_where_they_can_be() -> None:
    picture = np.zeros((64, 64))
    picture[:, 32:] = 0.8
    region = disc(64, 50, 20, 5).astype(float)
    controls = place_controls(region, region > 0, picture, 4, [0])
    assert [one.brightness for one in controls] == pytest.approx([0.8] * 4)


def test_controls_where_there_is_little_room() -> None:
    picture = np.zeros((32, 32))
    whole = np.ones((32, 32))
    assert place_controls(whole, whole > 0, picture, 2, [0]) == []
    assert place_controls(np.zeros((32, 32)), whole > 0, picture, 2, [0]) == []
    taken = np.ones((32, 32), bool)
    (control,) = place_controls(disc(32, 16, 16, 5).astype(float), taken, picture, 1, [0])
    assert control.overlap == pytest.approx(1.0)


def test_a_condition_stands_beside_its_own_controls() -> None:
    conditions = [
        Condition(name, fill, alpha, control)
        for name in ("lips", "tongue")
        for fill in FILLS
        for alpha in (0.0, 0.3)
        for control in range(3)
    ]
    pairs = list(beside(conditions))
    assert len(pairs) == 16
    for one, controls in pairs:
        assert [(c.region, c.fill, c.alpha, c.control) for c in controls] == [
            (one.region, one.fill, one.alpha, number) for number in (1, 2)
        ]


@pytest.mark.parametrize(
    ("wrong", "word"), [({"alphas": (0.3, 1.5)}, "--alpha 1.5"), ({"controls": 0}, "--controls 0")]
)
def test_impossible_options(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        MaskOptions(("lips",), **wrong)  # type: ignore[arg-type]
