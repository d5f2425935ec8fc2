"""Frames on the device, and batches drawn from them, every frame with a look of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from rtmri2speech.appearance.config import RANDOM, LookConfig, load_look
from rtmri2speech.appearance.look import apply_looks, draw_looks
from rtmri2speech.appearance.paint import Palette, paint_looks
from rtmri2speech.data.labels import UNKNOWN, class_of_label
from rtmri2speech.errors import DatasetError
from rtmri2speech.training.segmenter.frame_sets import FrameSet, Origin, evenly
from rtmri2speech.training.segmenter.recipe import SegmenterDataConfig

# Frames of the fixed looks that are made at once.
_CHUNK = 32
_LEVELS = 255.0

Batch = tuple[Tensor, Tensor]
"""Frames (B, 1, S, S), float32, and classes (B, S, S), long; UNKNOWN where they are not known."""


class FrameBank(nn.Module):
    """Frames of one origin, uint8 on the module's device, and the looks that they are drawn with.

    Args:
        sets: frames of one origin.
        look: what their looks are drawn from.

    Raises:
        DatasetError: when codes stand for different things from head to head.
    """

    images: Tensor
    labels: Tensor
    classes: Tensor

    def __init__(self, sets: Sequence[FrameSet], look: LookConfig) -> None:
        super().__init__()
        self.origin: Origin = sets[0].origin
        self._look = look
        for name in ("images", "labels"):
            values = torch.from_numpy(np.concatenate([getattr(one, name) for one in sets]))
            self.register_buffer(name, values, persistent=False)
        table = np.full(256, UNKNOWN, np.int64)
        table[: len(class_of_label())] = class_of_label()
        self.register_buffer("classes", torch.from_numpy(table), persistent=False)
        palette = sets[0].palette
        if palette is not None:
            if any(one.palette is None or not _equal(one.palette, palette) for one in sets):
                raise DatasetError("Two corpora of poses hold different codes.", "Simulate both with one version.")
            for name, values in vars(palette).items():
                self.register_buffer(f"palette_{name}", values, persistent=False)

    def __len__(self) -> int:
        return len(self.images)

    def looked_at(self, index: Tensor, size: int, generator: torch.Generator) -> Batch:
        """Frames by number, (B,), each with a new look.

        Args:
            index: which.
            size: pixels per side, S.
            generator: on the module's device.
        """
        looks = draw_looks(len(index), generator, self._look)
        images, labels = self.images[index], self.labels[index]
        if self.origin == "poses":
            frames, moved = paint_looks(looks, images, self._palette(), labels, size)
        else:
            # Partial labels would lend their outlines to the brightness of people's frames.
            gray = self.origin == "phantom"
            frames, found = apply_looks(looks, images / _LEVELS, labels, size, gray=gray)
            assert found is not None
            moved = found
        return frames[:, None], self.classes[moved.long()]

    def plain(self, index: Tensor, size: int) -> Batch:
        """Frames by number, (B,), as they are, resized."""
        frames = functional.interpolate(self.images[index][:, None] / _LEVELS, (size, size), mode="area")
        labels = functional.interpolate(self.labels[index][:, None].float(), (size, size), mode="nearest-exact")
        return frames, self.classes[labels[:, 0].long()]

    def _palette(self) -> Palette:
        return Palette(*(getattr(self, f"palette_{name}") for name in ("signal", "label", "tissue")))


def make_banks(sets: Sequence[FrameSet], config: SegmenterDataConfig) -> nn.ModuleDict:
    """A bank for each origin that there is.

    Raises:
        UserError: when a look cannot be read.
    """
    looks = {"poses": config.look, "phantom": config.look, "people": config.people_look}
    banks = nn.ModuleDict()
    for origin, look in looks.items():
        some = [one for one in sets if one.origin == origin]
        if some:
            banks[origin] = FrameBank(some, LookConfig() if look == RANDOM else load_look(look))
    return banks


class Draws(nn.Module):
    """Batches of frames drawn at random from all banks.

    Poses and phantoms are drawn from evenly by their frames.

    Args:
        sets: what to draw from.
        config: looks, and how many frames are of people.
        size: pixels per side, S.
    """

    def __init__(self, sets: Sequence[FrameSet], config: SegmenterDataConfig, size: int) -> None:
        super().__init__()
        self.banks = make_banks(sets, config)
        self._size = size
        self._people = config.people_share

    def batch(self, count: int, seed: int) -> Batch:
        """``count`` frames; a function of the seed alone, on the same kind of device."""
        banks = [bank for bank in self.banks.values() if isinstance(bank, FrameBank)]
        device = banks[0].images.device
        generator = torch.Generator(device).manual_seed(seed)
        parts = []
        for bank, share in zip(banks, self._shares(count), strict=True):
            if share:
                index = torch.randint(len(bank), (share,), generator=generator, device=device)
                parts.append(bank.looked_at(index, self._size, generator))
        frames, classes = (torch.cat(part) for part in zip(*parts, strict=True))
        return frames, classes

    def _shares(self, count: int) -> list[int]:
        """Frames of each bank, ``count`` together."""
        sizes = {name: len(bank) for name, bank in self.banks.items() if isinstance(bank, FrameBank)}
        people = 0
        if "people" in sizes:
            people = count if len(sizes) == 1 else round(count * self._people)
        simulated = {name: size for name, size in sizes.items() if name != "people"}
        total, left, shares = sum(simulated.values()), count - people, {}
        for name, size in simulated.items():
            shares[name] = round(left * size / total)
            left, total = left - shares[name], total - size
        return [people if name == "people" else shares[name] for name in sizes]


class FixedFrames(nn.Module):
    """What is validated on: the same frames with the same looks every time, those of people as they are.

    Args:
        sets: of the validation split.
        config: number of frames, and looks.
        size: pixels per side, S.
        seed: of the looks.
    """

    def __init__(self, sets: Sequence[FrameSet], config: SegmenterDataConfig, size: int, seed: int) -> None:
        super().__init__()
        self.banks = make_banks(sets, config)
        self._size, self._seed, self._most = size, seed, config.validation_frames

    def __len__(self) -> int:
        return sum(len(self._chosen(bank)) for bank in self.banks.values())

    def batches(self) -> Iterator[tuple[bool, Tensor, Tensor]]:
        """Whether they are people's, frames (b, 1, S, S) and classes (b, S, S)."""
        for bank in self.banks.values():
            assert isinstance(bank, FrameBank)
            device, people = bank.images.device, bank.origin == "people"
            generator = torch.Generator(device).manual_seed(self._seed)
            for index in torch.split(torch.from_numpy(self._chosen(bank)).to(device), _CHUNK):
                made = bank.plain(index, self._size) if people else bank.looked_at(index, self._size, generator)
                yield people, *made

    def _chosen(self, bank: nn.Module) -> np.ndarray:
        assert isinstance(bank, FrameBank)
        simulated = [one for one in self.banks.values() if isinstance(one, FrameBank) and one.origin != "people"]
        return evenly(len(bank), None if bank.origin == "people" else -(-self._most // len(simulated)))


def _equal(one: Palette, other: Palette) -> bool:
    return all(torch.equal(mine, vars(other)[name]) for name, mine in vars(one).items())
