"""Options of a phantom: how much speech, by whom, in what scanner."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from pydantic import Field

from rtmri2speech.appearance.config import LookConfig, load_look
from rtmri2speech.config import Config
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.frame_rate import FrameRate, frame_rate
from rtmri2speech.simulation.acquisition.grid import FrameGrid
from rtmri2speech.simulation.acquisition.mri import ScannerConfig
from rtmri2speech.simulation.speaker.anatomy import Speaker, draw_speakers, read_speakers
from rtmri2speech.simulation.speaker.speaker_file import SpeakerFile, speakers_of
from rtmri2speech.simulation.speech.reading import Text, read_lines

_SPEAKERS = 3

# Fields by the parameters that set them, as messages write those.
_PARAMETERS = {
    "minutes": "`minutes`",
    "seed": "`seed`",
    "utterance_seconds": "`utterance_seconds`",
    "scanner.matrix": "`matrix`",
    "scanner.snr": "`snr`",
    "scanner.ghosting": "`undersampling`",
    "scanner_snr_db": "`scanner_snr`",
    "frame_rate": "`fps`",
    "field_of_view_mm": "`field_of_view`",
    "pixel_mm": "`pixel_mm`",
}


FRAME_RATE = Fraction(625, 23)
"""Frames per second of the ATR-503 recordings, unless another scanner is asked for."""


class PhantomOptions(Config):
    """How much a phantom holds, and how it is recorded."""

    minutes: float = Field(gt=0.0, le=1e5, description="of all speakers together, filled up with whole utterances")
    seed: int = Field(0, ge=0, description="of everything")
    utterance_seconds: float = Field(6.0, ge=1.5, le=60.0, description="length of an utterance, about")
    scanner: ScannerConfig = ScannerConfig()
    scanner_snr_db: float | None = Field(None, ge=-20.0, le=60.0, description="speech above the scanner's noise, dB")
    look: LookConfig | None = Field(None, description="what the look of each recording is drawn from")
    frame_rate: Fraction = Field(FRAME_RATE, ge=10, le=100, description="frames per second")
    field_of_view_mm: float | None = Field(None, description="side of the frames, mm; None for the scanner's 256")
    pixel_mm: float | None = Field(None, description="side of a pixel, mm; None for the scanner's 1")
    text: tuple[Text, ...] | None = Field(None, description="what is said, in place of scripts that are drawn")

    @property
    def grid(self) -> FrameGrid:
        """Pixels of the frames.

        Raises:
            ConfigError: for a field of view or a pixel that no scanner has.
        """
        return FrameGrid(self.field_of_view_mm, self.pixel_mm)


def make_options(
    *,
    minutes: float,
    seed: int,
    utterance_seconds: float,
    matrix: int | None,
    snr: float | None,
    undersampling: float,
    scanner_snr: float | None,
    look: str | Path | None = None,
    fps: FrameRate | None = None,
    field_of_view: float | None = None,
    pixel_mm: float | None = None,
    text: str | Path | None = None,
) -> PhantomOptions:
    """Options from the parameters of :func:`rtmri2speech.simulation.phantom.simulate`; None for a default.

    Raises:
        ConfigError: naming the parameter that is out of range.
    """
    scanner = {"matrix": matrix, "snr": snr, "ghosting": undersampling}
    values = {
        "minutes": minutes,
        "seed": seed,
        "utterance_seconds": utterance_seconds,
        "scanner": {name: value for name, value in scanner.items() if value is not None},
        "scanner_snr_db": scanner_snr,
        "look": None if look is None else load_look(look),
        "frame_rate": FRAME_RATE if fps is None else frame_rate(fps),
        "field_of_view_mm": field_of_view,
        "pixel_mm": pixel_mm,
        "text": None if text is None else tuple(read_lines(Path(text))),
    }
    options = PhantomOptions.parse(values, "simulate", _PARAMETERS)
    _ = options.grid  # refuses what no scanner has, before anything is made
    return options


def choose_speakers(
    speakers: int | Sequence[Speaker] | None,
    anatomy: str | Path | None,
    seed: int,
    files: Sequence[SpeakerFile] = (),
) -> list[Speaker]:
    """The speakers of a phantom.

    Args:
        speakers: themselves, or how many to draw; None for three, or for those of ``anatomy`` and ``files``.
        anatomy: YAML file with speakers, see :func:`read_speakers`.
        seed: of what is drawn.
        files: of VocalTractLab's speakers, who come first, so that more may be drawn later.

    Raises:
        ConfigError: for fewer than one, both ways at once, or a file that cannot be used.
    """
    if anatomy is not None:
        if speakers is not None:
            raise ConfigError(
                "`speakers` and `anatomy` exclude each other.", "Leave out `speakers`: the file names them all."
            )
        others = read_speakers(Path(anatomy), seed)
    elif speakers is None or isinstance(speakers, int):
        others = [] if speakers is None and files else draw_speakers(_SPEAKERS if speakers is None else speakers, seed)
    else:
        others = list(speakers)
    chosen = [*speakers_of(files, seed), *others]
    names = [speaker.name.casefold() for speaker in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"two speakers would share the folder '{name}'.",
                "Give one another name; those of files have the files'.",
            )
    return chosen
