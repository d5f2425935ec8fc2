"""Points, images and labels move by one warp."""

from __future__ import annotations

import pytest
import torch

from rtmri2speech.appearance.config import GeometryConfig
from rtmri2speech.appearance.draws import Draws
from rtmri2speech.appearance.geometry import draw_geometry, positions, sample, supersampling, warp, warp_points


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_points_move_with_images(flip: float) -> None:
    geometry = draw_geometry(Draws(8, torch.Generator().manual_seed(2)), GeometryConfig(flip=flip))
    points = torch.tensor([[[50.0, 60.0], [70.0, 40.0], [64.0, 80.0]]]).expand(8, 3, 2)
    moved = warp_points(points, geometry, (128, 128), 96)
    # Each position in the frame, looked up where it comes from, is the point again.
    line = torch.arange(128.0)
    column = sample(line[None, None, :].expand(8, 128, 128), positions(geometry, 96))
    row = sample(line[None, :, None].expand(8, 128, 128), positions(geometry, 96))
    for look in range(8):
        for point in range(3):
            x, y = moved[look, point].tolist()
            if 1 <= x <= 94 and 1 <= y <= 94:
                near = (slice(int(y), int(y) + 2), slice(int(x), int(x) + 2))
                across, down = torch.tensor([1 - y % 1, y % 1]), torch.tensor([1 - x % 1, x % 1])
                found = [float(across @ values[look][near] @ down) for values in (column, row)]
                assert found == pytest.approx(points[look, point].tolist(), abs=0.05)


def test_a_flip_mirrors_and_zoom_enlarges() -> None:
    still = {"aspect": 0.0, "rotation": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "ripple": 0.0}
    draws = Draws(1, torch.Generator().manual_seed(0))
    image = torch.rand(1, 32, 32)
    mirrored = warp(image, draw_geometry(draws, GeometryConfig(zoom=(1.0, 1.0), flip=1.0, **still)), 32)
    straight = warp(image, draw_geometry(draws, GeometryConfig(zoom=(1.0, 1.0), flip=0.0, **still)), 32)
    assert torch.allclose(mirrored.flip(2), straight, atol=1e-5)
    twice = draw_geometry(draws, GeometryConfig(zoom=(2.0, 2.0), aim=(0.5, 0.5), flip=0.0, **still))
    moved = warp_points(torch.tensor([[[15.5, 15.5], [19.5, 15.5]]]), twice, (32, 32), 32)
    assert torch.allclose(moved[0], torch.tensor([[15.5, 15.5], [23.5, 15.5]]), atol=1e-3)


def test_large_sources_are_averaged_not_skipped() -> None:
    assert supersampling(192, (256, 256)) == 2 and supersampling(64, (256, 256)) == 4
    still = {"aspect": 0.0, "rotation": 0.0, "shear": 0.0, "shift": 0.0, "elastic": 0.0, "ripple": 0.0}
    geometry = draw_geometry(Draws(1, torch.Generator()), GeometryConfig(zoom=(1.0, 1.0), flip=0.0, **still))
    stripes = (torch.arange(256) % 2).float()[None, None, :].expand(1, 256, 256)
    assert torch.allclose(warp(stripes, geometry, 64), torch.full((1, 64, 64), 0.5), atol=1e-4)
