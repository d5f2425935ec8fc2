"""What an evaluation measures: its options, the speakers' formant ceilings, and what cannot be measured here."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from rtmri2speech.data.dataset.layout import Dataset, Split, Utterance
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.evaluation.intelligibility.recognizers import Recognizer
from rtmri2speech.evaluation.scoring import Job, Source, read_recorded
from rtmri2speech.metrics.listening_models import NO_LISTENERS, Listeners
from rtmri2speech.metrics.waveform import pesq_available
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.formants import ceiling_for, require_ceiling
from rtmri2speech.phonetics.pitch import WIDEST_RANGE, pitch_track
from rtmri2speech.phonetics.vowels.spans import VowelFinder, textgrid_of

# Training utterances of a speaker that the vowel plane is taken from: some hundreds of vowels.
_PLANE_UTTERANCES = 60
# GPU memory per process: PyTorch's own, both networks, and their activations for some frames at a time.
_BYTES_PER_PROCESS = 3 * 2**30
# Utterances of a speaker, and seconds of each, that the median F0 is taken from.
_VOICE_UTTERANCES, _VOICE_SECONDS = 3, 20


@dataclass(frozen=True)
class Options:
    """What to evaluate, and how vowels are found.

    Attributes:
        split: which utterances.
        finder: of the vowels.
        formant_ceiling: Hz, for every speaker; None for 5000 or 5500 by the speaker's F0.
        device: ``cpu`` or ``cuda``.
        workers: processes; 0 for one per core.
        further: also the measures of :mod:`rtmri2speech.metrics.further`.
        listeners: the user's networks that judge sounds.
    """

    split: Split = "test"
    finder: VowelFinder = field(default_factory=VowelFinder)
    formant_ceiling: float | None = None
    device: str = "cpu"
    workers: int = 0
    further: bool = False
    listeners: Listeners = NO_LISTENERS

    def check_ceiling(self, nyquist: float) -> None:
        """Refuse a ceiling of the formant search that the sounds cannot have.

        Raises:
            ConfigError: when it is too low, or above Nyquist.
        """
        if self.formant_ceiling is not None:
            require_ceiling(self.formant_ceiling, nyquist, "formant_ceiling")

    def processes(self) -> int:
        """Worker processes: as many as asked for, but by default no more than the GPU has memory for."""
        if self.workers or self.device != "cuda":
            return self.workers
        free, _ = torch.cuda.mem_get_info()
        return max(1, min(os.cpu_count() or 1, free // _BYTES_PER_PROCESS))


@dataclass(frozen=True)
class Plan:
    """The utterances that an evaluation needs.

    Attributes:
        utterances: of the split.
        plane: training utterances whose recorded vowels the evaluated ones are compared with.
        annotated: speakers of the split with a TextGrid.
        seen: speakers of the split with training utterances; None where the dataset has no training split.
        ceilings: of the formant search by speaker, Hz; empty where Praat is not installed.
    """

    utterances: list[Utterance]
    plane: list[Utterance]
    annotated: set[str]
    seen: set[str] | None
    ceilings: dict[str, float]

    def jobs(self, source: Source, options: Options, recognizer: Recognizer | None = None) -> list[Job]:
        """A job for each utterance, those of the split first."""
        further = options.further, options.listeners, recognizer
        return [
            Job(source, row, options.finder, self.ceilings.get(row.speaker), recorded_only, *further)
            for recorded_only, rows in ((False, self.utterances), (True, self.plane))
            for row in rows
        ]


def require_sound(dataset: Dataset, utterances: Sequence[Utterance], split: Split) -> None:
    """Refuse a split without any recorded sound to compare with.

    Raises:
        DatasetError: when none of the utterances has its sound.
    """
    if not any(dataset.audio_path(row).is_file() for row in utterances):
        raise DatasetError(
            f"{dataset.root}: no utterance of the {split} split has its sound (audio.wav), which is the reference.",
            "Prepare the recordings again, with their sound: rtmri2speech prepare VIDEOS --out DIR",
        )


def plan(dataset: Dataset, utterances: Sequence[Utterance], options: Options) -> Plan:
    """What there is to measure of a split.

    Args:
        dataset: the dataset.
        utterances: of the split.
        options: as asked for.
    """
    training = [row for row in dataset.utterances if row.split == "train"]
    annotated = {row.speaker for row in utterances if textgrid_of(dataset, row) is not None}
    ceilings = formant_ceilings(dataset, annotated, options.formant_ceiling) if praat.available() else {}
    # For vowels alone, of speakers whose vowels are identified; not needed where the split is the training itself.
    plane = [] if not ceilings or options.split == "train" else plane_utterances(training, annotated)
    seen = {row.speaker for row in training} & {row.speaker for row in utterances} if training else None
    return Plan(list(utterances), plane, annotated, seen, ceilings)


def plane_utterances(training: Sequence[Utterance], speakers: set[str]) -> list[Utterance]:
    """Training utterances that the speakers' vowel planes are taken from, evenly over those of each speaker."""
    of: dict[str, list[Utterance]] = defaultdict(list)
    for row in training:
        if row.speaker in speakers:
            of[row.speaker].append(row)
    chosen = []
    for rows in of.values():
        places = np.linspace(0, len(rows) - 1, min(len(rows), _PLANE_UTTERANCES)).round().astype(int)
        chosen += [rows[place] for place in places]
    return chosen


def formant_ceilings(dataset: Dataset, speakers: set[str], ceiling: float | None) -> dict[str, float]:
    """Ceiling of the formant search of each speaker: the one given, or by the median F0 of some recorded sound."""
    if ceiling is not None:
        return dict.fromkeys(speakers, ceiling)
    features = dataset.meta.features
    found = {}
    for speaker in sorted(speakers):
        own = sorted((row for row in dataset.utterances if row.speaker == speaker), key=lambda row: -row.seconds)
        tracks = []
        for row in own[:_VOICE_UTTERANCES]:
            try:
                wave = read_recorded(dataset, row)[: _VOICE_SECONDS * features.sample_rate]
            except UserError:
                continue  # reported when it is measured
            highest = min(WIDEST_RANGE[1], features.nyquist)
            tracks.append(pitch_track(wave.astype(np.float64), features.sample_rate, WIDEST_RANGE[0], highest))
        found[speaker] = ceiling_for(np.concatenate([np.zeros(0), *tracks]), features.nyquist)
    return found


def what_is_left_out(annotated: bool, vowels: bool) -> list[str]:
    """What cannot be measured here, and what to do about it.

    Args:
        annotated: whether the split has a TextGrid.
        vowels: whether a vowel was found.
    """
    left = []
    if not praat.available():
        left.append(f"F0, voicing, formants, vowels: Praat is not installed. {praat.INSTALL}")
    elif not annotated:
        left.append(
            "formants and vowels: the split has no TextGrid. Put NAME.TextGrid next to the videos and prepare again."
        )
    elif not vowels:
        left.append(
            "formants and vowels: no TextGrid of the split holds a vowel. Name tier and labels: `tier`, `vowels`"
        )
    if not pesq_available():
        left.append("PESQ: not installed. Install it (it needs a C compiler): pip install 'rtmri2speech[pesq]'")
    return left
