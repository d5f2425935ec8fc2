"""The tube's formants compared with those of the recording's own sound, as Praat finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.media.audio import Sound
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Row, finite_or_none, write_table
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval
from rtmri2speech.phonetics.formants import formants_at
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.phonetics.tracks import formants as sound_formants
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.vocal_tract.against_sound.agreement import FEWEST, Agreement, agreements, blocks_of
from rtmri2speech.vocal_tract.against_sound.delay import Delay, best_delay
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

KIND, SCHEMA = "tract_formants", 1
SUFFIX = "_tract_formants"
"""What is added to the name of a recording."""

SETTINGS_HZ = 500.0
"""The ceiling of Praat's search is lowered and raised by this to see what its own values are worth."""

_TUBE = tuple(f"tube_F{number}_hz" for number in range(1, FORMANTS + 1))
_SOUND = tuple(f"sound_F{number}_hz" for number in range(1, FORMANTS + 1))
_COLUMNS = ("frame", "time_s", "voiced", "open", *_TUBE, *_SOUND)
# Share of a vowel, in its middle, that is taken of it.
_MIDDLE = 1.0 / 3.0
# The formant that the size of pixels is taken from. On simulated speakers F2 of the tube is right within 2 %, F3 within
# 6; F4 depends on the narrow tube above the folds, of which a frame shows little, and is 8 to 14 % off. F1 depends on
# walls and losses as well.
_OF_LENGTH = 1
# Below this correlation of Praat's values with each other they are no reference.
_LEAST_REFERENCE = 0.5
_NAN = float("nan")


@dataclass(frozen=True)
class VowelFormants:
    """Formants of a vowel: medians over its tokens, of each the median over its middle third.

    Attributes:
        label: which vowel.
        tokens: how many there are.
        compared: tokens with voiced frames whose tract is open and to be trusted in their middle third.
        tube: (4,), Hz; NaN where unknown.
        sound: (4,), Hz.
    """

    label: str
    tokens: int
    compared: int
    tube: Float64
    sound: Float64

    def row(self) -> Row:
        """Label, numbers, and formants of both; None where unknown."""
        values = dict(zip((*_TUBE, *_SOUND), map(finite_or_none, (*self.tube, *self.sound)), strict=True))
        return {"label": self.label, "tokens": self.tokens, "compared": self.compared, **values}


@dataclass(frozen=True)
class PixelSize:
    """The pixel's size at which the tube would sound as high as the voice.

    Formants of a tube go with one over its length: a pixel that is taken 10 % too small makes them 10 % too high. F2
    in open and trusted frames.

    Attributes:
        mm: millimeters; NaN where there was too little to compare.
        range: its 95 % interval, from chance alone. On simulated speakers the size is right within some 3 %.
    """

    mm: float = _NAN
    range: Interval = (_NAN, _NAN)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SoundComparison:
    """Formants of the tube and of the sound in T frames, at the frames' middles.

    Attributes:
        name: of the recording.
        times: (T,), seconds.
        tube: (T, 4), Hz; NaN where unknown.
        sound: (T, 4), by Praat, Hz; NaN where it found none. They mean little where unvoiced.
        voiced: (T,), where the sound is.
        open: (T,), voiced frames in which the tract is nowhere closed, and its labels are to be trusted.
        agreement: per formant, over voiced frames.
        open_agreement: the same over ``open`` frames.
        vowels: per vowel; none where none were given.
        delay: of the sound against the frames. Nothing is shifted by it.
        pixel: its size, from the ratio of formants.
        tracks: what Praat measured every 10 ms, with the sound.
        notes: what was noticed, and what to do about it, a line each.
    """

    name: str
    times: Float64
    tube: Float64
    sound: Float64
    voiced: Bool
    open: Bool
    agreement: tuple[Agreement, ...]
    open_agreement: tuple[Agreement, ...]
    vowels: tuple[VowelFormants, ...]
    delay: Delay
    pixel: PixelSize
    tracks: Tracks
    notes: tuple[str, ...] = field(default=())

    def rows(self) -> list[Row]:
        """A row per frame: ``voiced``, ``open``, formants of tube and sound in Hz; None where unknown."""
        values = np.concatenate([self.tube, self.sound], axis=1).tolist()
        columns = zip(self.times.tolist(), self.voiced.tolist(), self.open.tolist(), values, strict=True)
        return [
            dict(zip(_COLUMNS, (number, time, voiced, is_open, *map(finite_or_none, one)), strict=True))
            for number, (time, voiced, is_open, one) in enumerate(columns)
        ]

    def about(self) -> dict[str, Any]:
        """What was found, as the JSON file has it; unknown numbers are null."""
        settings = {
            "ceiling_hz": self.tracks.ceiling,
            "pitch_range_hz": self.tracks.pitch_range,
            "voiced_frames": int(self.voiced.sum()),
            "open_frames": int(self.open.sum()),
        }
        found = {
            "agreement": {
                "voiced": [asdict(one) for one in self.agreement],
                "open": [asdict(one) for one in self.open_agreement],
            },
            "vowels": [one.row() for one in self.vowels],
            "delay": asdict(self.delay),
            "pixel": asdict(self.pixel),
        }
        plain = _plain({"recording": self.name, **settings, **found, "notes": self.notes})
        assert isinstance(plain, dict)
        return plain

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_tract_formants.csv``, a row per frame, and ``<name>_tract_formants.json``.

        Raises:
            UserError: when they cannot be written.
        """
        stem = f"{self.name}{SUFFIX}"
        rows = [{**row, "voiced": int(bool(row["voiced"])), "open": int(bool(row["open"]))} for row in self.rows()]
        table = write_table(Path(folder) / f"{stem}.csv", _COLUMNS, rows, digits=6)
        return [table, write_about(Path(folder) / f"{stem}.json", KIND, SCHEMA, self.about())]

    def show(self) -> Drawing:
        """Formants of both over the spectrogram, and against each other, as a figure that a notebook shows."""
        from rtmri2speech.drawing.style import new_drawing
        from rtmri2speech.vocal_tract.against_sound.figures import plot_comparison

        figure = new_drawing(9.0, 5.0)
        plot_comparison(figure, self)
        return figure

    def lines(self) -> list[str]:
        """What was found, in words, a line per formant."""
        return [_line(*pair) for pair in zip(self.agreement, self.open_agreement, strict=True)]

    def _repr_html_(self) -> str:
        lines = (repr(self), *self.lines(), *self.notes)
        return self.show().html("formants of tube and sound") + "".join(f"<p>{escape(line)}</p>" for line in lines)

    def __repr__(self) -> str:
        return (
            f"SoundComparison of {self.name}: {len(self.times)} frames, {int(self.voiced.sum())} voiced, "
            f"{int(self.open.sum())} of them open and to be trusted"
        )


def compare_formants(
    tract: Tract, sound: Sound, *, spans: Sequence[Span] = (), ceiling: float | None = None
) -> SoundComparison:
    """Compare the tube's formants with those of the sound.

    Args:
        tract: what was measured.
        sound: its time 0 is the start of the first frame
            (:func:`rtmri2speech.corpora.sound_of_recording.sound_of_frames`).
        spans: vowels, on the same clock.
        ceiling: highest frequency of five formants, Hz; None for 5000 or 5500 by the speaker's F0.

    Raises:
        ConfigError: when the ceiling lies above Nyquist.
        MediaError: when the sound is too short to measure.
        UserError: when Praat (extra ``phonetics``) is not installed.
    """
    tracks = sound_formants(sound, ceiling)
    times, blocks = tract.times, blocks_of(tract.times)
    low, found, high = (_formants(sound, times, tracks.ceiling + step) for step in (-SETTINGS_HZ, 0.0, SETTINGS_HZ))
    voiced = _voiced_at(times, tracks)
    trusted = np.isfinite(tract.length) & ~tract.closed.any(axis=1) & (tract.confidence >= CONFIDENT)
    chosen = voiced & trusted
    delay = best_delay(times, tract.formants, trusted, tracks, blocks)
    pixel = _pixel_size(tract.pixel_mm, tract.formants / found, chosen, times)
    result = SoundComparison(
        name=tract.name,
        times=times,
        tube=tract.formants,
        sound=found,
        voiced=voiced,
        open=chosen,
        agreement=agreements(tract.formants, found, (low, high), voiced, blocks),
        open_agreement=agreements(tract.formants, found, (low, high), chosen, blocks),
        vowels=tuple(_of_vowels(spans, times, tract.formants, found, chosen)),
        delay=delay,
        pixel=pixel,
        tracks=tracks,
    )
    return replace(result, notes=tuple(_notes(tract, result)))


def _formants(sound: Sound, times: Float64, ceiling: float) -> Float64:
    """By Praat, (T, 4), Hz; a ceiling above Nyquist is lowered to it."""
    return formants_at(sound.samples.astype(np.float64), sound.rate, times, min(ceiling, sound.rate / 2.0), FORMANTS)


def _voiced_at(times: Float64, tracks: Tracks) -> Bool:
    """Whether the sound is voiced at each of some times (T,), seconds."""
    before = np.clip(np.searchsorted(tracks.times, times) - 1, 0, len(tracks.times) - 1)
    after = np.minimum(before + 1, len(tracks.times) - 1)
    inside = (times >= tracks.times[0]) & (times <= tracks.times[-1])
    return np.asarray(tracks.voiced[before] & tracks.voiced[after] & inside)


def _pixel_size(pixel_mm: float, ratios: Float64, chosen: Bool, times: Float64) -> PixelSize:
    """From ratios (T, 4) of the tube's formants to the sound's."""
    factors = ratios[:, _OF_LENGTH]
    known = chosen & np.isfinite(factors)
    if known.sum() < FEWEST:
        return PixelSize()
    low, high = Bootstrap().median(factors[known], blocks_of(times[known]))
    return PixelSize(float(pixel_mm * np.median(factors[known])), (pixel_mm * low, pixel_mm * high))


def _of_vowels(
    spans: Sequence[Span], times: Float64, tube: Float64, sound: Float64, chosen: Bool
) -> Iterator[VowelFormants]:
    frame = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    for label in dict.fromkeys(span.label for span in spans):
        tokens = [span for span in spans if span.label == label]
        found = []
        for span in tokens:
            inside = np.abs(times - 0.5 * (span.start + span.end)) <= 0.5 * _MIDDLE * (span.end - span.start)
            # A token shorter than three frames has the frame that its middle lies in.
            inside |= np.abs(times - 0.5 * (span.start + span.end)) <= 0.5 * frame
            known = inside & chosen
            if known.any():
                found.append([_medians(one[known]) for one in (tube, sound)])
        both = np.array(found) if found else np.full((1, 2, FORMANTS), np.nan)
        yield VowelFormants(label, len(tokens), len(found), _medians(both[:, 0]), _medians(both[:, 1]))


def _medians(values: Float64) -> Float64:
    """Of each column of (N, 4) what is known; NaN where nothing is."""
    return np.array([np.median(one[np.isfinite(one)]) if np.isfinite(one).any() else np.nan for one in values.T])


def _notes(tract: Tract, found: SoundComparison) -> Iterator[str]:
    voiced, opened, delay, pixel = int(found.voiced.sum()), int(found.open.sum()), found.delay, found.pixel
    unsure = [one for one in found.open_agreement[:2] if one.reference_r < _LEAST_REFERENCE]
    if voiced < FEWEST:
        yield (
            f"the sound is voiced in {voiced} of {len(found.times)} frames: there is nothing to compare formants with. "
            "Is it the sound of this recording (`audio`)?"
        )
    elif opened < FEWEST:
        yield f"the tract is open and to be trusted in {opened} of {voiced} voiced frames only."
    elif unsure:
        names = " and ".join(f"F{one.formant} {one.reference_r:.2f}" for one in unsure)
        yield (
            f"Praat's own values with a ceiling 500 Hz lower and higher correlate by no more than {names}: the sound "
            "is too noisy to judge the tube by. Give a denoised one as `audio`, if there is one."
        )
    if delay.clear:
        way = "later" if delay.seconds > 0 else "earlier"
        yield (
            f"formants of tube and sound agree better (r {delay.r:.2f} instead of {delay.r_in_time:.2f}) with the "
            f"sound {abs(1000 * delay.seconds):.0f} ms {way} than the frames: the recording may be out of "
            "sync. Nothing was shifted; cut the sound and give it as `audio`, if you know that it is."
        )
    if tract.pixel_source in ("estimated", "unknown") and np.isfinite(pixel.mm) and not unsure:
        yield (
            f"formants of the sound speak for pixels of {pixel.mm:.2f} mm ({pixel.range[0]:.2f} to "
            f"{pixel.range[1]:.2f}); {tract.pixel_mm:.2f} mm was taken. To take it: `pixel_mm={pixel.mm:.2f}`"
        )


def _line(every: Agreement, opened: Agreement) -> str:
    def words(one: Agreement) -> str:
        low, high = one.r_range
        return (
            f"r {one.r:.2f} ({low:.2f} to {high:.2f}; Praat with itself {one.reference_r:.2f}), ratio {one.ratio:.2f}, "
            f"error {one.error:.0%} in {one.frames} frames"
        )

    return f"F{every.formant}: {words(every)}; open: {words(opened)}"


def _plain(value: Any) -> Any:
    """As JSON knows it: unknown numbers are null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return finite_or_none(value) if isinstance(value, float) else value
