"""Measured tracts on the device, and batches drawn from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.tract_folder import TractFolder, TractItem
from rtmri2speech.errors import DatasetError
from rtmri2speech.models.tract.inputs import INPUTS, PLACES

_TOGETHER = 16
"""Recordings that are validated at a time."""


@dataclass(frozen=True)
class Batch:
    """B utterances of at most L frames; what is behind an utterance's end is padding.

    Attributes:
        rows: (B, L, C), inputs; NaN where unknown.
        real: (B, L), bool.
        mel_db: (B, L, M), dB.
        f0_hz: (B, L); 0 where there is no voice, NaN where nothing is known.
        formants_hz: (B, L, 4); NaN where unknown.
        factors: (B,), the pixels' size as it would be estimated by the true one; NaN where that is not known.
    """

    rows: Tensor
    real: Tensor
    mel_db: Tensor
    f0_hz: Tensor
    formants_hz: Tensor
    factors: Tensor


class TractBank(nn.Module):
    """Utterances of one split, half precision, on the module's device.

    Args:
        folder: where they are.
        items: which.
        least_known: looks in which a smaller share of frames shows a tract are left out, where others are left.

    Raises:
        DatasetError: when a file is damaged, or no look of any utterance shows a tract.
    """

    rows: Tensor
    mel_db: Tensor
    f0_hz: Tensor
    formants_hz: Tensor
    table: Tensor
    factors: Tensor

    def __init__(self, folder: TractFolder, items: Sequence[TractItem], least_known: float) -> None:
        super().__init__()
        arrays = [folder.load(item) for item in items]
        frames = np.cumsum([0, *(item.n_frames for item in items)])
        length = PLACES["length"].start
        rows: list[Float32] = []
        # Of every look: first row, first frame of its utterance, frames.
        looks: list[tuple[int, int, int]] = []
        factors: list[float] = []
        first = 0
        for number, one in enumerate(arrays):
            known = np.isfinite(one.inputs[:, :, length]).mean(axis=1)
            for look, share in enumerate(known):
                if share >= least_known:
                    count = one.inputs.shape[1]
                    looks.append((first, int(frames[number]), count))
                    factors.append(float(one.size_factors[look]))
                    rows.append(one.inputs[look])
                    first += count
        if not looks:
            raise DatasetError(
                f"{folder.root}: no recording shows a whole tract in {100 * least_known:.0f} % of its frames.",
                "Look at the videos with: rtmri2speech segment VIDEO --out labels",
            )
        self._looks = looks
        self.register_buffer("table", torch.tensor(looks), persistent=False)
        self.register_buffer("factors", torch.tensor(factors), persistent=False)
        self._register("rows", np.concatenate(rows))
        self._register("mel_db", np.concatenate([one.mel_db for one in arrays]))
        self._register("f0_hz", np.concatenate([one.f0_hz for one in arrays]))
        self._register("formants_hz", np.concatenate([one.formants_hz for one in arrays]))

    def _register(self, name: str, values: Float32) -> None:
        self.register_buffer(name, torch.from_numpy(values.astype(np.float16)), persistent=False)

    def __len__(self) -> int:
        return len(self._looks)

    def recordings(self) -> Iterator[Tensor]:
        """Rows (T, C) of every look, float32."""
        for first, _, count in self._looks:
            yield self.rows[first : first + count].float()

    def draw(self, count: int, most: int, stretch: float, generator: torch.Generator) -> Batch:
        """Utterances at random, each under one of its looks, at another tempo, long ones in part.

        Args:
            count: B.
            most: largest L.
            stretch: largest change of tempo, either way.
            generator: on the module's device.
        """
        device = self.rows.device
        chosen = torch.randint(len(self), (count,), generator=generator, device=device)
        shares, tempo = torch.rand(2, count, generator=generator, device=device)
        speed = 1.0 + stretch * (2.0 * tempo - 1.0)
        table = self.table[chosen]
        lengths = ((table[:, 2] - 1) / speed).floor().long().clamp(max=most - 1) + 1
        room = (table[:, 2] - 1) - (lengths - 1) * speed
        start = shares * room.clamp(min=0.0)
        line = torch.arange(int(lengths.max()), device=device)
        places = (start[:, None] + line * speed[:, None]).minimum(table[:, 2:].float() - 1.0)
        return self._gather(table, places, line < lengths[:, None], self.factors[chosen])

    def batches(self) -> Iterator[Batch]:
        """All recordings as they are, whole, a few of like length at a time."""
        device = self.rows.device
        order = sorted(range(len(self)), key=lambda number: self._looks[number][2])
        for start in range(0, len(order), _TOGETHER):
            chosen = torch.tensor(order[start : start + _TOGETHER], device=device)
            table = self.table[chosen]
            line = torch.arange(int(table[:, 2].max()), device=device)
            places = line.float().expand(len(chosen), -1).minimum(table[:, 2:].float() - 1.0)
            yield self._gather(table, places, line < table[:, 2:], self.factors[chosen])

    def _gather(self, table: Tensor, places: Tensor, real: Tensor, factors: Tensor) -> Batch:
        low = places.floor().long()
        high = (low + 1).minimum(table[:, 2:] - 1)
        share = (places - low)[..., None]

        def between(values: Tensor, first: Tensor) -> Tensor:
            one, other = values[first + low].float(), values[first + high].float()
            # What is unknown in either stays so only where it counts.
            mixed = one + share * (other - one)
            return torch.where(share < 1e-3, one, mixed)

        nearest = (places + 0.5).floor().long().minimum(table[:, 2:] - 1)
        rows = between(self.rows, table[:, :1])
        zero = self.rows[table[:, :1] + nearest][..., PLACES["distance"]] == 0
        rows[..., PLACES["distance"]] = torch.where(zero, 0.0, rows[..., PLACES["distance"]])
        return Batch(
            rows=rows,
            real=real,
            mel_db=between(self.mel_db, table[:, 1:2]),
            f0_hz=self.f0_hz[table[:, 1:2] + nearest].float(),
            formants_hz=self.formants_hz[table[:, 1:2] + nearest].float(),
            factors=factors,
        )


def require_inputs(folder: TractFolder) -> None:
    """Refuse tracts that hold other inputs than this version's.

    Raises:
        DatasetError: saying so.
    """
    if folder.meta.inputs != INPUTS:
        raise DatasetError(
            f"{folder.root}: its tracts were measured by another version of the program.",
            "Measure them again: rtmri2speech prepare-tracts DATASET",
        )
