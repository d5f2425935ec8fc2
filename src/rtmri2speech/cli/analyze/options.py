"""Options that commands under ``analyze`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Backend, Many
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.data.media.clips import Clip
    from rtmri2speech.inference.model import Model
    from rtmri2speech.phonetics.labeled_segments import Segment

Target = Literal["energy", "log-energy", "centroid", "adaptive"]
Fill = Literal["darken", "blur", "freeze", "neighbourhood"]

Bands = Annotated[list[str] | None, Many, Parameter(name="--formant-band")]
Video = Annotated[Path, Parameter(name=["VIDEO", "--video"])]
Out = Annotated[Path, Parameter(name=["--out", "--output-dir"], help="Folder to write to.")]
Ceiling = Annotated[
    float | None,
    Parameter(
        help="Highest frequency of five formants, Hz; by the speaker's F0 if not given: 5000, or 5500 from 155 Hz."
    ),
]
Columns = Annotated[Literal[1, 2], Parameter(help="Width of figures: 1 for a column (85 mm), 2 for a page (174 mm).")]


def check_labels(textgrid: Path | None, label: list[str] | None) -> None:
    """Refuse labels without a TextGrid, and a TextGrid without labels."""
    if textgrid is None and label:
        raise ConfigError("--label needs a TextGrid.", "Give --textgrid FILE as well.")
    if textgrid is not None and not label:
        raise ConfigError(f"--textgrid {textgrid}: no label is given.", "Give --label a, or several.")


def model_of_frames(model: Path, device: str, backend: Backend = "torch") -> Model:
    """Load a model, and refuse at once what reads no frames.

    Raises:
        BundleError: saying so.
    """
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.inference.requirements import require_acoustic

    loaded = load_model(model, device, backend=backend)
    require_acoustic(loaded.bundle)
    return loaded


def opened(
    video: Path,
    model: Path,
    device: str,
    fps: str | None,
    target_frames: list[int] | None,
    segment: list[str] | None,
    textgrid: Path | None,
    tier: str,
    label: list[str] | None,
    of_frames: bool = True,
) -> tuple[Model, Clip, list[Segment]]:
    """What a command on one video works on: a model, the clip, whose frames are kept, and its segments.

    A model that reads no frames is refused if ``of_frames``.

    Raises:
        UserError: for what cannot be used, and for frames, labels or segments that the clip does not have.
    """
    from rtmri2speech.analysis.attribution.maps import require_frames
    from rtmri2speech.inference.model import load_model

    loaded = model_of_frames(model, device) if of_frames else load_model(model, device)
    clip = loaded.open(video, fps, keep=True)
    require_frames(target_frames or (), clip.n_frames, video)
    return loaded, clip, segments_of(segment or [], textgrid, tier, label or [], clip, loaded)


def segments_of(
    texts: list[str], textgrid: Path | None, tier: str, labels: list[str], clip: Clip, model: Model
) -> list[Segment]:
    """Segments of a clip: given in seconds, then those that a TextGrid's labels name."""
    from rtmri2speech.corpora.sound_of_recording import clock_of_labels
    from rtmri2speech.data.media.textgrid import annotation_notes
    from rtmri2speech.phonetics.labeled_segments import labeled_segments, parse_segments, require_distinct

    rate = model.features.frame_rate
    found = parse_segments(texts, clip.n_frames, rate, clip.scan.path)
    if textgrid is not None:
        lead, seconds = clock_of_labels(clip)
        found += labeled_segments(textgrid, tier, labels, clip.n_frames, rate, lead, seconds)
        print_notes(annotation_notes(textgrid, seconds))
    require_distinct(found)
    return found
