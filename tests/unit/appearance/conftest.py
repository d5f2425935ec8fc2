"""Discs, which say where edges lie to a fraction of a pixel, and looks of which one step is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from rtmri2speech.appearance.config import LookConfig

QUIET: dict[str, dict[str, Any]] = {
    "geometry": {
        **{
            "zoom": [1.0, 1.0],
            "aspect": 0.0,
            "rotation": 0.0,
            "shear": 0.0,
            "shift": 0.0,
            "elastic": 0.0,
            "ripple": 0.0,
        },
    },
    "contrast": {
        **{
            "tissue": 0.0,
            "label": 0.0,
            "code": 0.0,
            "gray_label": 0.0,
            "air": [0.0, 0.0],
            "texture": [0.0, 0.0],
            "mottle": [0.0, 0.0],
        },
        **{"bright_start": 0.0, "excess": [0.0, 0.0]},
    },
    "coil": {"bias": [0.0, 0.0], "falloff": 0.0},
    "sampling": {
        **{
            "matrix": [256.0, 256.0],
            "fine": 0.0,
            "fade": [0.0, 0.0],
            "noise": [1e-6, 1e-6],
            "blur": [0.0, 0.0],
            "thickness": [0.0, 0.0],
        },
        **{"undersampling": 0.0, "off_resonance": 0.0, "motion": 0.0, "spike": 0.0},
    },
    "inclusions": {"vessels": 0.0, "metal": 0.0, "fillings": 0.0},
    "recording": {
        **{"pixels": 0.0, "nearest": 0.0, "gamma": [1.0, 1.0], "clipping": 0.0, "compression": 0.0},
        **{"coarse_gray": 0.0, "interlaced": 0.0, "border": 0.0, "circle": 0.0, "marks": 0.0, "noisy_rows": 0.0},
    },
}
"""A look that changes nothing."""


@pytest.fixture(scope="session")
def quiet() -> Callable[..., LookConfig]:
    """Makes looks that change nothing but what is given per group."""

    def make(**groups: dict[str, Any]) -> LookConfig:
        values = {name: {**fields, **groups.get(name, {})} for name, fields in QUIET.items()}
        return LookConfig.parse(values, "test")

    return make


@pytest.fixture(scope="session")
def disc() -> Callable[..., Tensor]:
    """Makes N images (N, size, size) of a disc, 1 in 0, whose edge is as sharp as pixels allow."""

    def make(count: int, size: int, column: float, row: float, radius: float) -> Tensor:
        line = torch.arange(size * 8) / 8.0 + (0.5 / 8.0 - 0.5)
        inside = (line[None, :] - column) ** 2 + (line[:, None] - row) ** 2 <= radius**2
        image = torch.nn.functional.avg_pool2d(inside.float()[None, None], 8)[0, 0]
        return image.expand(count, size, size)

    return make
