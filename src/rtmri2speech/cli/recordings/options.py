"""Options of ``prepare`` and ``check`` about recordings and how they become utterances."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, Fps, Many, said
from rtmri2speech.signal import defaults

if TYPE_CHECKING:
    from rtmri2speech.signal.features import FeatureConfig


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class CorpusOptions:
    """What is known of the recordings as a whole."""

    corpus: Annotated[
        Literal["usc75", "usctimit", "usclss", "uscemo", "atr503", "rtmridb", "bids"] | None,
        said(
            "A published corpus as it was downloaded: its folder is all that is needed. Speakers, sounds, labels, "
            "text, frame rate and known faults are taken as it has them."
        ),
    ] = None
    speakers: Annotated[
        Path | None,
        said(
            "Table (CSV) with a column speaker and split, sync_offset, or both; speakers without a split are left out."
        ),
    ] = None


_OF_SOUND = ("audio_stream", "channel", "denoise")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class VideoOptions:
    """Videos and their sound: of no use where there is sound alone."""

    audio_dir: Annotated[Path | None, said("Folder with the sound files.")] = None
    audio: Annotated[Path | None, said("Sound file of a single video, whatever its name.")] = None
    pairs: Annotated[
        Path | None, said("Table (CSV) with columns video, audio and, optionally, id, speaker, sync_offset.")
    ] = None
    sound: Annotated[
        Literal["auto", "file", "track"],
        said("The sound file next to the video, or the video's own track; auto takes the file if there is one."),
    ] = "auto"
    fps: Fps = None
    sync_offset: Annotated[
        float, said("Seconds of sound before the first frame (negative: the sound starts later).")
    ] = 0.0
    on_mismatch: Annotated[
        Literal["refuse", "trim"],
        said("When sound and video disagree in length: refuse the recording, or trim to what both have."),
    ] = "refuse"
    trim_over_bright: Annotated[bool, Flag, said("Leave out over-bright frames at the start.")] = False
    video_stream: Annotated[
        int | None, said("Number of the video in files with several, from 1; by default the one flagged as default.")
    ] = None
    audio_stream: Annotated[
        int | None, said("Number of the sound track in videos with several, from 1; by default the flagged one.")
    ] = None
    channel: Annotated[
        str | None,
        said(
            "Channel of the sound: left, right, a number from 1, or mix for the mean; by default the mean, and where "
            "channels differ the one with speech."
        ),
    ] = None

    denoise: Annotated[
        str | None,
        said(
            "Take the scanner's noise off the sound: spectral (steady noise, by frequency), or command:'PROGRAM {in} "
            "{out}' (a program that reads a wav file and writes another); by default none."
        ),
    ] = None

    def files(self) -> dict[str, Any]:
        """What says where the recordings are, by the names of :func:`rtmri2speech.corpora.inputs.open_corpus`."""
        return {name: getattr(self, name) for name in ("audio_dir", "audio", "pairs", "sync_offset", "sound")}

    def reading(self) -> dict[str, Any]:
        """What says how they are read: fields of the library's options."""
        return {
            "fps": self.fps,
            "on_mismatch": self.on_mismatch,
            "trim_over_bright": self.trim_over_bright,
            "video_stream": self.video_stream,
            "audio_stream": self.audio_stream,
            "channel": self.channel,
            "denoise": self.denoise,
        }

    def refuse_for_sound_only(self, **others: object) -> None:
        """Refuse options about frames; ``others`` are the command's own, by name, false where they were not given.

        Raises:
            ConfigError: naming those that were given.
        """
        from rtmri2speech.corpora.inputs import refuse_with_sound_only

        chosen = {"on_mismatch": self.on_mismatch != "refuse", "sound": self.sound != "auto"}
        of_frames = {name: value for name, value in asdict(self).items() if name not in _OF_SOUND}
        refuse_with_sound_only({**of_frames, **chosen, **others})


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class FeatureOptions:
    """The mel spectrogram."""

    frame_rate: Annotated[
        str | None,
        said(
            "Frames per second of the dataset: native for the recordings' own, or a number such as 83.278 or 625/23. "
            "Sampling rate, hop, window and transform follow it; by default it follows --sr and --hop-length."
        ),
    ] = None
    sr: Annotated[int, said("Sampling rate in Hz.")] = defaults.SAMPLE_RATE
    n_mels: Annotated[int, said("Mel bands.")] = defaults.N_MELS
    n_fft: Annotated[int, said("Length of the Fourier transform in samples.")] = defaults.N_FFT
    hop_length: Annotated[int, said("Samples per frame.")] = defaults.HOP_LENGTH
    win_length: Annotated[int, said("Length of the window in samples.")] = defaults.WIN_LENGTH
    preemph: Annotated[float, said("Pre-emphasis.")] = defaults.PREEMPHASIS
    fmin: Annotated[float, said("Lowest frequency of the filterbank in Hz.")] = 0.0
    fmax: Annotated[
        float | None, said("Highest frequency of the filterbank in Hz; by default half the sampling rate.")
    ] = None

    def config(self) -> FeatureConfig:
        """The definition that they make.

        Raises:
            ConfigError: for values that are impossible alone or together.
        """
        from rtmri2speech.signal.features import FeatureConfig

        values = asdict(self)
        values.pop("frame_rate")  # of the whole dataset: native is known when its recordings are
        return FeatureConfig.parse(
            {"sample_rate": values.pop("sr"), "preemphasis": values.pop("preemph"), **values}, "prepare"
        )


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class UtteranceOptions:
    """How recordings are cut into utterances, and these put into splits."""

    cut: Annotated[
        Literal["auto", "whole", "textgrid", "silence", "every"],
        said(
            "Utterances: whole recordings, TextGrid intervals, at the quietest moments, every N seconds; auto leaves "
            "recordings of up to three times --cut-seconds whole and cuts longer ones at quiet moments."
        ),
    ] = "auto"
    cut_seconds: Annotated[float, said("Longest utterance in seconds.")] = 10.0
    tier: Annotated[str | None, said("TextGrid tier with the utterances.")] = None
    split: Annotated[
        Literal["auto", "corpus", "recording", "speaker", "blocks", "test"],
        said(
            "Training, validation and test as the corpus itself has them, by recording, by speaker, or as blocks of "
            "each recording; test: all of it is for testing, to evaluate a model that was trained on others; auto "
            "takes the corpus's own, else blocks when there are fewer than ten recordings."
        ),
    ] = "auto"
    split_ratio: Annotated[
        tuple[float, float, float], Parameter(negative="", help="Shares of training, validation and test.")
    ] = (80.0, 10.0, 10.0)
    seed: Annotated[int, said("Seed of the split.")] = 42
    test_speakers: Annotated[
        list[str] | None,
        Many,
        said("Speakers who are for the test split alone: how well does a model know someone it has never seen?"),
    ] = None

    def fields(self) -> dict[str, Any]:
        """Fields of the library's options."""
        return {
            "cut": {"mode": self.cut, "seconds": self.cut_seconds, "tier": self.tier},
            "split": self.split,
            "split_ratio": self.split_ratio,
            "seed": self.seed,
            "test_speakers": tuple(self.test_speakers or ()),
        }
