"""What is said along with speech: of the video, of the way that it was made by, and of what computed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.inference.familiarity import LIMIT
from rtmri2speech.inference.ways import STRANGERS, Way, leaves_strangers
from rtmri2speech.models.exported.stages import ExportedVocoder, ran_with

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model


def notes_on_video(scan: VideoScan) -> list[str]:
    """What is said of a video before it speaks: damaged, blank and over-bright frames."""
    notes = []
    if scan.concealed:
        notes.append(f"{scan.concealed} frame(s) are damaged in part and were filled in by the decoder")
    if scan.blank:
        notes.append(f"{len(scan.blank)} blank frame(s), the first at {float(scan.starts[scan.blank[0]]):.2f} s")
    if scan.over_bright:
        until = float(scan.starts[scan.over_bright] - scan.starts[0])
        notes.append(f"the first {until:.2f} s are over-bright (approach to steady state): mistrust the speech there")
    return notes


def note_on_way(far: float | None) -> str:
    """What is said of a video that the model for strangers has spoken.

    Args:
        far: unfamiliarity of its frames; None where the way was asked for.
    """
    spoken = f"spoken by way of the measured tract, with the model {STRANGERS}"
    if far is None:
        return spoken
    return (
        f"the frames are unlike those that the model was trained on (distance {far:.1f}, its own kind stays below "
        f"{LIMIT:g}): {spoken}; `way='image'` has the model itself speak"
    )


def note_on_image(far: float) -> str:
    """What is said of a video whose frames the network that has spoken does not know."""
    return (
        f"{_unlike(far)}: mistrust the speech, train the model further, or speak by way of the measured tract: "
        "`way='tract'`"
    )


def notes_on_analysis(model: Model, clip: Clip) -> list[str]:
    """What is said of an analysis that asks a network of frames about frames that it does not know; else nothing.

    Args:
        model: that is asked; nothing is said of one that reads a measured tract.
        clip: from :meth:`Model.open`.

    Raises:
        BundleError: when there is no acoustic model.
        MediaError: when the video cannot be decoded.
    """
    far = None if model.bundle.tract is not None else model.unfamiliarity(clip)
    if far is None or far <= LIMIT:
        return []
    return [
        f"{_unlike(far)}: what it answers about them is a guess. Train it further on this speaker, or ask the measured "
        "tract"
    ]


def _unlike(far: float) -> str:
    return (
        f"the frames are unlike those that the model was trained on (distance {far:.1f}, its own kind stays below "
        f"{LIMIT:g}; another scanner, section, crop or direction?)"
    )


def prepared(model: Model) -> str:
    """Build the networks of a model now, so that what is exported is kept before several processes want it.

    Returns:
        What computes them, as :func:`backend_of` says.

    Raises:
        BundleError: when weights do not fit.
    """
    if model.bundle.tract is not None:
        _ = model.tract_way.segmenter
    elif model.bundle.acoustic is not None:
        _ = model.encoder
    if model.bundle.vocoder is not None:
        _ = model.vocoder
    return backend_of(model)


def prepare_to_speak(model: Model, way: Way) -> None:
    """Build the networks that :meth:`Model.synthesize` may use, as :func:`prepared` does; none where all are PyTorch's.

    Args:
        model: that is to speak, or to leave it to the one for strangers.
        way: as it will be asked for.

    Raises:
        BundleError: when weights do not fit, or the model for strangers is missing or damaged.
    """
    if model.wanted.backend == "torch":
        return
    if way != "tract":
        prepared(model)
    if way == "tract" or (way == "auto" and leaves_strangers(model.bundle)):
        prepared(model.for_strangers)


def backend_of(model: Model) -> str:
    """What computes those networks of a model that have been used: ``torch``, or a library with version and precision.

    It is ``torch`` too where none of them could be left, or was worth leaving, to the library that was wanted.
    """
    built = model.__dict__  # where cached properties are, once they were asked for
    way = built.get("tract_way")
    exported = (
        built.get("encoder") is not None,
        isinstance(built.get("vocoder"), ExportedVocoder),
        way is not None and way.ran_with != "torch",
    )
    return ran_with(model.wanted, any(exported))
