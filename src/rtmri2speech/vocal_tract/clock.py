"""What to say of frames that are not shown at equal distances in time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rtmri2speech.data.media.scan import VideoScan


def time_notes(scan: VideoScan) -> Iterator[str]:
    """What to say of a video some of whose frames are shown at another time than its mean rate says."""
    edges = np.append(scan.starts, scan.end) - scan.starts[0]
    counted = (np.arange(scan.n_frames) + 0.5) / float(scan.rate)
    away = np.abs(0.5 * (edges[1:] + edges[:-1]) - counted)
    late = np.flatnonzero(away > 0.5 / float(scan.rate))
    if len(late):
        yield (
            f"the frame rate is not constant: times, counted at {float(scan.rate):.3f} frames per second, are "
            f"up to {1000 * float(away.max()):.0f} ms off (in {len(late)} frames by more than half a frame). "
            "Export the video with a constant rate before you compare it with sound or labels."
        )
