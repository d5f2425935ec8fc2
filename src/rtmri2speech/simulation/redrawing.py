"""A simulated utterance whose articulators are moved: its states changed, its formants and frames made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.corpora.phantom import MANIFEST, TRUTH
from rtmri2speech.data.files import read_object
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.simulation.acquisition.grid import FrameGrid
from rtmri2speech.simulation.acquisition.mri import Scanner, ScannerConfig
from rtmri2speech.simulation.speaker.anatomy import Stream
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract, is_speaker_file
from rtmri2speech.simulation.utterance import scan_states, speaker_file, speaker_of, voice_file

SURFACE = 34
"""Points of the tongue's outline that are its surface, from the root to the tip."""

TONGUE_PARAMETERS = ("TCX", "TCY", "TTX", "TTY", "TBX", "TBY")
"""What moves the tongue. VocalTractLab computes the root (TRX, TRY) from these."""

Wanted = Callable[[Float64], tuple[Float64, Float64]]
"""From the tongue's surface (34, 2), cm, to where each of its points is to go, (34, 2), cm, and how much it counts as
moved, (34,), 0 to 1."""

# A change of a parameter that outlines follow evenly, and how far parameters may change at all, cm.
_STEP, _MOST = 0.02, 3.0
# Weight of a parameter's own change in the fit, so that what the outline hardly depends on stays where it is.
_STAY = 0.05
# Steps towards the movement that is wanted: the outline follows its parameters only nearly in proportion.
_ROUNDS = 2


@dataclass(frozen=True)
class SimulatedSpeaker:
    """The speaker of a simulated utterance, from the phantom that it belongs to.

    Attributes:
        folder: of the phantom.
        name: of the speaker.
        number: of the utterance.
        index: position of the speaker in the phantom.
        about: the phantom's manifest.
        truth: of the utterance.
    """

    folder: Path
    name: str
    number: int
    index: int
    about: dict[str, Any]
    truth: Truth

    @classmethod
    def of_video(cls, video: Path) -> SimulatedSpeaker | None:
        """The speaker of a video of a phantom; None for any other, and where the speaker's files are not kept.

        Raises:
            DatasetError: when the truth next to it is damaged.
        """
        folder = video.resolve().parent.parent
        about = read_object(folder / MANIFEST) or {}
        names = [one.get("name") for one in about.get("speakers", []) if isinstance(one, dict)]
        name, _, number = video.stem.rpartition("_")
        truth = video.with_suffix(TRUTH)
        if name not in names or not number.isdigit() or not truth.is_file():
            return None
        if not (is_speaker_file(speaker_file(folder, name)) and voice_file(folder, name).is_file()):
            return None
        return cls(folder, name, int(number), names.index(name), about, Truth.load(truth))

    @property
    def states(self) -> Float64:
        """Tract parameters, (T, 19)."""
        return self.truth.tract.astype(np.float64)

    def tract(self) -> VocalTract:
        """The speaker's vocal tract, which becomes the process's.

        Raises:
            UserError: when the extra is missing.
        """
        return VocalTract(speaker_file(self.folder, self.name))

    @property
    def is_redrawable(self) -> bool:
        """Whether frames can be drawn anew: not those with the random look of a scanner."""
        return self.about.get("look") is None

    def frames(self, states: Float64) -> UInt8:
        """Frames (T, H, W) of states (T, 19), drawn as those of the utterance were, with the same noise.

        States between frames lie in the middle of those of the frames.

        Raises:
            DatasetError: when the manifest is damaged.
        """
        try:
            rate = Fraction(str(self.about["frame_rate"]))
            config = ScannerConfig.parse(self.about["scanner"], MANIFEST)
            grid = FrameGrid(self.about.get("field_of_view_mm"), self.about.get("pixel_mm"))
            seed = int(self.about["seed"])
        except (KeyError, ValueError, TypeError, ZeroDivisionError, ConfigError) as error:
            raise DatasetError(f"{self.folder / MANIFEST}: damaged ({error}).", "Simulate it again.") from None
        text = voice_file(self.folder, self.name).read_text(encoding="utf-8")
        _, head = speaker_of(speaker_file(self.folder, self.name), text)
        tract = self.tract()
        places = np.arange(2 * len(states) + 1)
        between = np.stack([np.interp(places, places[1::2], one) for one in states.T], axis=1)
        areas = np.array([_narrowest_at_tongue(tract, state) for state in states])
        rng = np.random.default_rng((seed, self.index, self.number, Stream.FRAMES))
        frames, _ = scan_states(tract, Scanner(head, float(1 / rate), config), between, areas, rng)
        return grid.frames(frames)


def formants_of(tract: VocalTract, states: Float64) -> Float64:
    """F1 to F4 (T, 4) of states (T, 19): the first peaks of the transfer function, Hz."""
    return np.stack([tract.formants(state) for state in states]) if len(states) else np.zeros((0, 4))


def move_tongue(tract: VocalTract, state: Float64, wanted: Wanted) -> tuple[Float64, float]:
    """A state (19,) whose tongue has moved as nearly as its parameters allow, and the share of the way it went.

    Parameters follow from the outline's derivatives by them, by least squares, and are then scaled so that the points
    that count go as far as is wanted on average.

    Args:
        tract: the speaker's.
        state: to start from.
        wanted: where the surface is to go.
    """
    before = _surface(tract, state)
    target, counts = wanted(before)
    numbers = [TRACT.index(name) for name in TONGUE_PARAMETERS]
    slopes = []
    for number in numbers:
        # Away from the end of the parameter's range.
        step = -_STEP if state[number] + _STEP > tract.high[number] else _STEP
        changed = state.copy()
        changed[number] += step
        slopes.append((_surface(tract, changed) - before) / step)
    columns = np.stack(slopes, axis=-1).reshape(-1, len(numbers))
    by_state = np.concatenate([columns, _STAY * np.sqrt(len(before)) * np.eye(len(numbers))])
    aim = np.concatenate([target.ravel(), np.zeros(len(numbers))])
    change = np.clip(np.linalg.lstsq(by_state, aim, rcond=None)[0], -_MOST, _MOST)
    whole = float((counts[:, None] * target**2).sum())
    result, went = state, 0.0
    scale = 1.0
    for _ in range(_ROUNDS + 1):
        result = state.copy()
        result[numbers] = np.clip(state[numbers] + scale * change, tract.low[numbers], tract.high[numbers])
        moved = _surface(tract, result) - before
        went = float((counts[:, None] * moved * target).sum()) / max(whole, 1e-12)
        if abs(went - 1.0) < 0.02 or went <= 0.05:
            break
        scale = float(np.clip(scale / went, 0.0, 4.0))
    return result, went


def _surface(tract: VocalTract, state: Float64) -> Float64:
    return np.asarray(tract.outlines(state)["tongue"][:SURFACE], np.float64)


def _narrowest_at_tongue(tract: VocalTract, state: Float64) -> float:
    _, areas, tongue = tract.tube_with_tongue(state)
    return float(areas[tongue].min(initial=np.inf))
