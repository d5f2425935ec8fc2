"""Hz per millimeter of a model compared with physics, over stretches and tokens of vowels, of any number of clips."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rtmri2speech.analysis.regions.masks import AUTO
from rtmri2speech.analysis.validation.clip_probe import acoustic_parts
from rtmri2speech.analysis.validation.randomization import permute_weights, recalibrate_batch_norm
from rtmri2speech.analysis.validation.signed.scores import SignedScore, signed_score
from rtmri2speech.analysis.validation.signed.stretches import by_stretch
from rtmri2speech.analysis.widening.compute import WhichTract, tract_for, widening_of_clip
from rtmri2speech.analysis.widening.finite import STRETCHES
from rtmri2speech.analysis.widening.formant_targets import FormantTarget
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.tables import Row, write_table
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.tract.way import TractWay
from rtmri2speech.metrics.known import mean_of_known
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import model_input

SIGNED = "physics_signed.csv"
"""The table of scores."""

TARGET: FormantTarget = "formant"
"""What is differentiated: the formant itself agreed better with physics than the center of gravity about it."""

# Frames that BatchNorm's statistics of permuted weights are measured on.
_CALIBRATION = 32


@dataclass(frozen=True)
class _Tokens:
    """V tokens of a clip: (V, N, S) each."""

    vowels: list[str]
    ours: Float64
    physics: Float64
    permuted: list[Float64]

    @property
    def names(self) -> list[str]:
        """Different vowels, in order."""
        return list(dict.fromkeys(self.vowels))

    def by_vowel(self, values: Float64) -> Float64:
        """Means over each vowel's tokens, (vowels, N, S); NaN where none is known."""
        rows = np.array(self.vowels)
        return np.stack([mean_of_known(values[rows == name]) for name in self.names])


@dataclass
class SignedAgreement:
    """Tokens gathered from clips, and their scores.

    Attributes:
        names: of the formants that physics has an answer for.
        seed: of permutations and intervals.
    """

    names: tuple[str, ...]
    seed: int = 0
    _clips: list[_Tokens] = field(default_factory=list)

    def add(
        self,
        model: Model,
        clip: Clip,
        vowels: Mapping[str, Int64],
        *,
        regions: WhichTract = AUTO,
        area_model: str | None = None,
        truth: Float64 | None = None,
        permuted: int = 0,
        progress: Progress = SILENT,
    ) -> Float64:
        """Add the vowels of a clip; Hz per mm of the model by stretch, (T, n, 8).

        Args:
            model: that is asked.
            clip: the clip.
            vowels: frames by vowel; each run of frames is a token.
            regions: where the walls are.
            area_model: of a tract that is measured here.
            truth: (T, n, 8), Hz per mm by physics, where it is known better than from the measured tube.
            permuted: models with permuted weights that are asked, too.
            progress: counts frames.

        Raises:
            ConfigError: when no tract is found.
        """
        about: dict[str, Any] = {"area_model": area_model, "target": TARGET}
        tract = tract_for(regions, clip, None, area_model, None)
        found = widening_of_clip(model, clip, tract, progress=progress, **about)
        count = len(self.names)
        # Where nothing is known of the tube, nothing is compared with it.
        known = np.where(np.isfinite(found.tube), found.model, np.nan) if truth is None else found.model
        ours = by_stretch(known[:, :count])
        physics = by_stretch(found.tube[:, :count]) if truth is None else truth[:, :count]
        nulls = []
        for number in range(permuted):
            strange = widening_of_clip(permuted_model(model, clip, self.seed + number), clip, tract, **about)
            nulls.append(by_stretch(strange.model[:, :count]))
        tokens = list(runs(vowels))
        self._clips.append(
            _Tokens(
                [name for name, _ in tokens],
                _means(ours, tokens),
                _means(physics, tokens),
                [_means(one, tokens) for one in nulls],
            )
        )
        return ours

    def scores(self) -> list[SignedScore]:
        """By formant, over stretches and the vowels of each clip, means over tokens."""
        if not self._clips:
            return []
        groups = np.concatenate([np.full(len(one.names), number) for number, one in enumerate(self._clips)])
        ours, physics = (
            np.concatenate([one.by_vowel(values) for one, values in zip(self._clips, parts, strict=True)])
            for parts in ([one.ours for one in self._clips], [one.physics for one in self._clips])
        )
        fewest = min(len(one.permuted) for one in self._clips)
        nulls = [np.concatenate([one.by_vowel(one.permuted[k]) for one in self._clips]) for k in range(fewest)]
        return [
            signed_score(
                name,
                ours[:, number],
                physics[:, number],
                groups.tolist(),
                [null[:, number] for null in nulls],
                self.seed,
            )
            for number, name in enumerate(self.names)
        ]

    def rows(self) -> list[Row]:
        """The scores as a table."""
        return [score.row() for score in self.scores()]

    def token_rows(self) -> Iterator[Row]:
        """A row per clip, token, formant and stretch from glottis to lips."""
        for clip, tokens in enumerate(self._clips):
            for token, vowel in enumerate(tokens.vowels):
                for number, name in enumerate(self.names):
                    for stretch in range(STRETCHES):
                        yield {
                            "clip": clip,
                            "token": token,
                            "vowel": vowel,
                            "formant": name,
                            "stretch": stretch,
                            "model": float(tokens.ours[token, number, stretch]),
                            "physics": float(tokens.physics[token, number, stretch]),
                        }

    def save(self, folder: Path) -> list[Path]:
        """Write ``physics_signed.csv`` and ``physics_signed_tokens.csv``; nothing where there is nothing.

        Raises:
            UserError: when they cannot be written.
        """
        rows = self.rows()
        if not rows:
            return []
        tokens = ("clip", "token", "vowel", "formant", "stretch", "model", "physics")
        return [
            write_table(folder / SIGNED, list(rows[0]), rows, digits=5),
            write_table(folder / "physics_signed_tokens.csv", tokens, self.token_rows(), digits=5),
        ]


def runs(vowels: Mapping[str, Int64]) -> Iterator[tuple[str, Int64]]:
    """Frames of each token: runs of a vowel's frames."""
    for name, frames in vowels.items():
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
            yield name, run


def permuted_model(model: Model, clip: Clip, seed: int) -> Model:
    """The model once more, with every tensor of its acoustic model permuted, and BatchNorm's statistics measured anew.

    Args:
        model: to copy; of frames or of a measured tract.
        clip: whose frames they are measured on.
        seed: of the permutations.
    """
    generator = torch.Generator().manual_seed(seed)
    if model.bundle.tract is not None:
        return _permuted_reader(model, generator)
    acoustic = model.bundle.build_acoustic(model.device)
    for _, part in acoustic_parts(acoustic):
        permute_weights(part, generator)
    frames = np.concatenate(list(clip.blocks()))
    chosen = torch.from_numpy(frames[np.linspace(0, len(frames) - 1, min(_CALIBRATION, len(frames))).astype(int)])

    def calibrate(changed: torch.nn.Module) -> None:
        changed.encode(model_input(chosen.to(model.device), model.pixel_mask))  # type: ignore[operator]

    recalibrate_batch_norm(acoustic, calibrate)
    acoustic.lstm.flatten_parameters()
    result = copy.copy(model)
    result.__dict__["acoustic"] = result.__dict__["acoustic_float32"] = acoustic.eval().fuse()
    return result


def _permuted_reader(model: Model, generator: torch.Generator) -> Model:
    """The same of a model that reads a measured tract, which has no BatchNorm; the scale of its inputs stays."""
    way = TractWay(model.bundle, model.device)
    permute_weights(way.model, generator)
    way.model.lstm.flatten_parameters()
    result = copy.copy(model)
    result.__dict__["tract_way"] = way
    return result


def _means(values: Float64, tokens: Sequence[tuple[str, Int64]]) -> Float64:
    """Of each token's frames, (V, N, S) from (T, N, S); NaN where none is known. The truth may be a frame shorter."""
    rows = [mean_of_known(values[np.minimum(frames, len(values) - 1)]) for _, frames in tokens]
    return np.stack(rows) if rows else np.zeros((0, *values.shape[1:]))
