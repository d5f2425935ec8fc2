"""Tissue codes painted with a random signal per tissue, label and shade.

Codes are what a phantom's drawing holds; a table says of each what it consists of. They stand on a coarse grid: painted
images are smoothed by a pixel, so that edges, seen through several samples per pixel, do not run in stairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

from rtmri2speech.appearance.contrast import CODES, LABELS, TISSUES, shared_brightness
from rtmri2speech.appearance.look import Looks, apply_looks


@dataclass(frozen=True)
class Palette:
    """What codes stand for.

    Attributes:
        signal: (256,), signal in the default scanner; the brightest is 1. 0 is air.
        label: (256,), values of :class:`rtmri2speech.data.labels.Label`.
        tissue: (256,), number of the tissue: what varies together.
    """

    signal: Tensor
    label: Tensor
    tissue: Tensor

    @classmethod
    def from_table(cls, table: Mapping[Any, Sequence[Any]]) -> Palette:
        """From a table code -> (signal, label, name of the tissue), as the file about a corpus of poses holds it.

        Raises:
            ValueError: for codes, labels or numbers of tissues that are out of range, or when nothing has a signal.
        """
        signal, label, tissue = torch.zeros(CODES), torch.zeros(CODES).long(), torch.zeros(CODES).long()
        names: dict[str, int] = {}
        for code, (value, number, name) in table.items():
            if not 0 <= int(code) < CODES or not 0 <= int(number) < LABELS:
                raise ValueError(f"code {code} with label {number}: codes are below {CODES}, labels below {LABELS}")
            signal[int(code)], label[int(code)] = float(value), int(number)
            tissue[int(code)] = names.setdefault(str(name), len(names))
        if len(names) > TISSUES or not float(signal.max()) > 0.0:
            raise ValueError(f"{len(names)} tissues, brightest signal {float(signal.max()):g}")
        return cls(signal / signal.max(), label.to(torch.uint8), tissue)

    def to(self, device: torch.device | str) -> Palette:
        """On a device."""
        return Palette(self.signal.to(device), self.label.to(device), self.tissue.to(device))


def paint(looks: Looks, codes: Tensor, palette: Palette) -> Tensor:
    """Images of tissue codes.

    Args:
        looks: N looks.
        codes: (N, H, W), uint8.
        palette: what they stand for, on the same device.

    Returns:
        (N, H, W), float32, 0 to about 1.
    """
    contrast = looks.contrast
    factor = contrast.tissue[:, palette.tissue] + contrast.label[:, shared_brightness(palette.label)] + contrast.code
    table = palette.signal * factor.exp()
    table = torch.where(palette.signal > 0.0, table, contrast.air[:, None] * table.amax(dim=1, keepdim=True))
    images = torch.gather(table, 1, codes.flatten(1).long()).reshape(codes.shape)
    return _smoothed(images)


def _smoothed(images: Tensor) -> Tensor:
    """Each pixel half of itself and a quarter of each neighbor, along rows and columns."""
    padded = functional.pad(images[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    rows = padded[:, :-2] + 2.0 * padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + 2.0 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16.0


def paint_looks(
    looks: Looks, codes: Tensor, palette: Palette, labels: Tensor | None = None, size: int | None = None
) -> tuple[Tensor, Tensor]:
    """Frames and labels of tissue codes, with their looks; see :func:`rtmri2speech.appearance.look.apply_looks`.

    Args:
        looks: N looks.
        codes: (N, H, W), uint8.
        palette: what they stand for, on the same device.
        labels: (N, H, W), where they are not the palette's.
        size: side of the frames that come out; by default the longer side of the codes.
    """
    given = palette.label[codes.long()] if labels is None else labels
    frames, moved = apply_looks(looks, paint(looks, codes, palette), given, size, gray=False)
    if moved is None:
        raise ValueError("labels were lost")
    return frames, moved
