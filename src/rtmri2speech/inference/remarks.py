"""What is said along with speech: of the video, and of the way that it was made by."""

from __future__ import annotations

from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.inference.familiarity import LIMIT
from rtmri2speech.inference.ways import STRANGERS


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
        f"the frames are unlike those that the model was trained on (distance {far:.1f}, its own kind stays below "
        f"{LIMIT:g}; another scanner, section, crop or direction?): mistrust the speech, train the model further, or "
        "speak by way of the measured tract: `way='tract'`"
    )
