"""One simulated utterance: script, movements, sound, frames and truth, written as four files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.corpora.phantom import PHONES, SOUND, SUFFIXES, TRUTH, VIDEO, utterance_file
from rtmri2speech.data.files import replacing_name
from rtmri2speech.data.labels import Label
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.media.video import write_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation.acquisition.microphone import record
from rtmri2speech.simulation.acquisition.mri import Scanner
from rtmri2speech.simulation.head.contour_sampling import sample_contours, sample_movement
from rtmri2speech.simulation.head.head import Head, to_pixels
from rtmri2speech.simulation.options import PhantomOptions
from rtmri2speech.simulation.speaker.anatomy import Stream
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract
from rtmri2speech.simulation.speaker.voice import Voice
from rtmri2speech.simulation.speech.gestural_score import GesturalScore, compose_score
from rtmri2speech.simulation.speech.reading import Text, script_of
from rtmri2speech.simulation.speech.script import Script, Segment, phones_of, write_script
from rtmri2speech.simulation.truth import TubeTruth, measure, port_is_open, section_map, section_positions

SAMPLE_RATE = 20_000
"""Samples per second of the ATR-503 recordings: 736 per frame of theirs."""

# A passage by the tongue below this area closes in the frame, the more the narrower it is.
_NEARLY_CLOSED_CM2 = 0.15


@dataclass(frozen=True)
class Job:
    """An utterance to simulate.

    Attributes:
        folder: of the whole phantom.
        speaker: name of the speaker, whose files lie in ``speakers/``.
        number: of the utterance.
        speaker_index: position of the speaker, which its utterances' random numbers come from.
        options: of the whole phantom, but for its text.
        text: what is said; None for a script that is drawn.
    """

    folder: Path
    speaker: str
    number: int
    speaker_index: int
    options: PhantomOptions
    text: Text | None = None

    @property
    def id(self) -> str:
        """Name of the utterance."""
        return f"{self.speaker}_{self.number:04d}"

    def file(self, suffix: str) -> Path:
        """One of the utterance's files."""
        return utterance_file(self.folder, self.speaker, self.id, suffix)

    def rng(self, purpose: Stream) -> np.random.Generator:
        """Random numbers that depend on nothing but seed, speaker, utterance and purpose."""
        return np.random.default_rng((self.options.seed, self.speaker_index, self.number, purpose))

    def script(self) -> Script:
        """What is said."""
        rng = self.rng(Stream.SCRIPT)
        if self.text is not None:
            return script_of(self.text, self.number, rng)
        return write_script(self.number, self.options.utterance_seconds, rng)

    @property
    def frames(self) -> int:
        """Frames of the utterance: the script's time, rounded up."""
        return ceil(self.script().duration * self.options.frame_rate)

    def is_done(self) -> bool:
        """Whether all files are there; the truth comes last."""
        return all(self.file(suffix).is_file() for suffix in SUFFIXES)


def simulate_utterance(job: Job) -> None:
    """Make one utterance; the process's vocal tract becomes its speaker.

    Raises:
        UserError: when a file cannot be written.
    """
    script = job.script()
    own = speaker_file(job.folder, job.speaker)
    voice, head = speaker_of(own, voice_file(job.folder, job.speaker).read_text(encoding="utf-8"))
    tract = VocalTract(own)
    options = job.options
    rate = options.frame_rate
    count = job.frames
    duration = float(count / rate)
    score = compose_score(script, voice, tract, duration, job.rng(Stream.MOVEMENTS))
    sound = record(
        tract.synthesize(score.tract, score.glottis),
        round(count * SAMPLE_RATE / rate),
        SAMPLE_RATE,
        job.rng(Stream.SOUND),
        options.scanner.tr_ms / 1000.0,
        float(1 / rate),
        options.scanner_snr_db,
    )
    # Edges and centers of the frames in turn.
    instants = np.arange(2 * count + 1) / (2.0 * float(rate))
    centers = instants[1::2]
    tube = measure(tract, score.tract_at(centers))
    scanner = Scanner(head, float(1 / rate), options.scanner)
    frames, regions = scan_states(tract, scanner, score.tract_at(instants), tube.tongue_areas, job.rng(Stream.FRAMES))
    truth = _truth(rate, script, score, centers, tube, regions)
    if options.look is not None:
        from rtmri2speech.simulation.acquisition.look import with_look

        frames, truth = with_look(frames, truth, options.look, int(job.rng(Stream.LOOK).integers(2**62)))
    grid = options.grid
    truth = replace(
        truth,
        regions=grid.labels(truth.regions),
        sections=grid.labels(truth.sections),
        positions=grid.points(truth.positions),
    )
    write_video(job.file(VIDEO), grid.frames(frames), rate)
    write_wav(job.file(SOUND), sound, SAMPLE_RATE)
    phones = [phone for phone in phones_of(script) if phone[2]]
    morae = [(items[0].start, items[-1].end, text) for items, text in _phrases(script)]
    with replacing_name(job.file(PHONES)) as temporary:
        write_textgrid(interval_grid({"phones": phones, "phrases": morae}, duration), temporary)
    truth.save(job.file(TRUTH))


def scan_states(
    tract: VocalTract, scanner: Scanner, states: Float64, tongue_areas: Float64, rng: np.random.Generator
) -> tuple[UInt8, UInt8]:
    """Frames (T, 256, 256) of a movement, and labels at their centers.

    Args:
        tract: the speaker's.
        scanner: with the speaker's head.
        states: (2 T + 1, 19), at edges and centers of the frames in turn.
        tongue_areas: (T,), cm2, smallest area of the sections that the tongue makes, at the centers.
        rng: of the noise.
    """
    places = np.arange(len(states), dtype=np.float64)
    # The outlines alone do not distinguish a closure by the tongue from a narrow vowel; the areas do.
    closure = np.interp(places, places[1::2], np.clip(1.0 - tongue_areas / _NEARLY_CLOSED_CM2, 0.0, 1.0))
    return scanner.scan(replace(sample_movement(tract, states), closure=closure), rng)


def speaker_file(folder: Path, name: str) -> Path:
    """VocalTractLab's file of a speaker of the phantom."""
    return folder / "speakers" / f"{name}.speaker"


def voice_file(folder: Path, name: str) -> Path:
    """The fitted repertoire of a speaker of the phantom."""
    return folder / "speakers" / f"{name}.json"


@lru_cache(maxsize=1)
def speaker_of(path: Path, voice_text: str) -> tuple[Voice, Head]:
    """Voice and head of a speaker, from its files; the process's vocal tract becomes its own.

    Asked for by the voice's text, not its name: the folder may have been made anew since the last utterance.
    """
    voice = Voice.from_json(voice_text)
    tract = VocalTract(path)
    neutral = np.mean([fit.tract for fit in voice.vowels.values()], axis=0)
    return voice, Head(sample_contours(tract, neutral[None]), voice.speaker.seed, voice.speaker.varied)


def _phrases(script: Script) -> list[tuple[list[Segment], str]]:
    spoken = [
        [segment for segment in script.segments if segment.phrase == number] for number in range(len(script.phrases))
    ]
    return [(items, "-".join(phrase)) for items, phrase in zip(spoken, script.phrases, strict=True)]


def _truth(
    rate: Fraction, script: Script, score: GesturalScore, centers: Float64, tube: TubeTruth, regions: UInt8
) -> Truth:
    phones = phones_of(script)
    tract = score.tract_at(centers)
    sections = np.stack(
        [
            section_map(
                frame == Label.AIRWAY,
                np.concatenate([to_pixels(line[:, :2]), line[:, 2:]], axis=1),
                np.cumsum(lengths),
            )
            for frame, line, lengths in zip(regions, tube.center_lines, tube.lengths, strict=True)
        ]
    )
    return Truth(
        frame_rate=np.array([rate.numerator, rate.denominator]),
        f0=score.f0_at(centers).astype(np.float32),
        formants=tube.formants.astype(np.float32),
        velum_open=port_is_open(tract[:, TRACT.index("VO")]),
        areas=tube.areas.astype(np.float32),
        lengths=tube.lengths.astype(np.float32),
        positions=to_pixels(section_positions(tube)).astype(np.float32),
        tube_formants=tube.tube_formants.astype(np.float32),
        sensitivity=tube.sensitivity.astype(np.float32),
        regions=regions,
        sections=sections,
        tract=tract.astype(np.float32),
        phones=np.array([label for _, _, label in phones]),
        phone_times=np.array([(start, end) for start, end, _ in phones]),
    )
