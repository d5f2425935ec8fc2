"""Tracts of one video's utterances, measured under several looks: what a worker process does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.tract_folder import TractArrays, TractItem, inputs_path, item_of, key_of, write_arrays
from rtmri2speech.errors import DatasetError
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.tract.inputs import INPUTS
from rtmri2speech.preparation.tracts.sources import Source, seed_of_look
from rtmri2speech.preparation.tracts.targets import heard_targets, true_targets
from rtmri2speech.signal.retiming import plan_retiming
from rtmri2speech.vocal_tract.measurement.measure import tract
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter, load_segmenter
from rtmri2speech.vocal_tract.size import pixel_size

# An utterance may reach so many frames beyond the last whole one of its video.
_ROUNDING = 2


@dataclass(frozen=True)
class Measuring:
    """How tracts are measured.

    Attributes:
        segmenter: model file.
        segmenter_hash: of its weights.
        look: what random looks are drawn from.
        looks: how many of a simulated video.
        people_looks: how many of any other, the first being the video as it is.
        seed: of the looks.
        pixel_mm: size of a pixel of people's videos; None to estimate it.
        device: where looks and labels are made.
    """

    segmenter: Path
    segmenter_hash: str
    look: LookConfig
    looks: int
    people_looks: int
    seed: int
    pixel_mm: float | None
    device: str


@dataclass(frozen=True)
class Job:
    """A video of a dataset with its utterances."""

    dataset: Path
    out: Path
    utterances: tuple[Utterance, ...]
    how: Measuring

    def key(self, utterance: Utterance) -> str:
        """Hash of all that the file of an utterance depends on, but for the video's own content."""
        how = {name: value for name, value in asdict(self.how).items() if name not in ("segmenter", "device", "look")}
        content = {"utterance": utterance.as_row(), **how, "look": self.how.look.model_dump(mode="json")}
        return hashlib.sha256(json.dumps([content, INPUTS], sort_keys=True).encode()).hexdigest()

    def is_done(self) -> bool:
        """Whether all files are there, made from the same."""
        return all(key_of(inputs_path(self.out, row.id)) == self.key(row) for row in self.utterances)

    def items(self) -> list[TractItem]:
        """Rows of its utterances, whose files are there."""
        found = []
        for row in self.utterances:
            with np.load(inputs_path(self.out, row.id), allow_pickle=False) as file:
                looks = len(file["size_factors"])
            found.append(item_of(self.out, row.id, row.speaker, row.split, looks, row.n_frames, self.key(row)))
        return found


@lru_cache(maxsize=1)
def _segmenter(path: Path, device: str) -> FrameSegmenter:
    return load_segmenter(path, device)


@lru_cache(maxsize=1)
def _dataset(path: Path) -> Dataset:
    return Dataset(path)


def measure_video(job: Job) -> list[TractItem]:
    """Write the files of a video's utterances.

    Raises:
        UserError: when the video or the sound of an utterance cannot be used.
    """
    dataset, features = _dataset(job.dataset), _dataset(job.dataset).meta.features
    source = Source.open(Path(job.utterances[0].source_video), job.how.pixel_mm)
    first = source.first_frame(job.utterances, features)
    looks = list(_looks(job, source, dataset, first))
    for row in job.utterances:
        start = source.place(row, first, features)
        inputs = np.stack([_span(rows, start, row, source.scan.path) for rows, _ in looks])
        times = source.times(row, features)
        f0, formants = heard_targets(dataset, row) if source.truth is None else true_targets(source.truth, times)
        factors = np.array([factor for _, factor in looks], np.float32)
        arrays = TractArrays(inputs, np.array(dataset.mel_db(row)), f0, formants, factors)
        write_arrays(inputs_path(job.out, row.id), arrays, job.key(row))
    return job.items()


def _looks(job: Job, source: Source, dataset: Dataset, first: int) -> Iterator[tuple[Float32, float]]:
    """Inputs (T, C) of the whole video and the factor of its pixels' estimated size, for every look."""
    how, name = job.how, source.scan.path.stem
    segmenter = _segmenter(how.segmenter, how.device)
    people = source.truth is None
    retiming = plan_retiming(source.scan.starts[first:], source.scan.end, dataset.meta.features.frame_rate)
    for number in range(how.people_looks if people else how.looks):
        if people and number == 0:
            scan, pixel = source.plain()
        else:
            seed = seed_of_look(how.seed, name, number)
            scan, pixel = source.looked_at(how.look, seed, segmenter.size, segmenter.device)
        found = tract(scan, segmenter, pixel_mm=pixel)
        estimated, _ = pixel_size(found.contours.points, found.confidence, None)
        factor = np.nan if pixel is None or estimated is None else estimated / pixel
        yield tract_inputs(found, retiming, first), factor


def _span(rows: Float32, start: int, utterance: Utterance, video: Path) -> Float32:
    part = rows[start : start + utterance.n_frames]
    missing = utterance.n_frames - len(part)
    if missing > _ROUNDING:
        raise DatasetError(
            f"{video}: ends {missing} frames before utterance {utterance.id} does; it was changed since.",
            "Prepare the dataset again.",
        )
    return np.concatenate([part, np.full((missing, rows.shape[1]), np.nan, np.float32)])
