"""Known formants of simulated speakers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rtmri2speech.corpora.phantom import TRUTH
from rtmri2speech.data.dataset.layout import Utterance
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import DatasetError
from rtmri2speech.phonetics.vowels.spans import Span


def true_formants(utterance: Utterance, spans: Sequence[Span]) -> list[tuple[float, float]] | None:
    """F1 and F2 of a simulated speaker, Hz: medians of the truth over the middle third of each vowel.

    Args:
        utterance: of a dataset that was made from a phantom.
        spans: its vowels.

    Returns:
        NaN for a vowel whose middle third holds no frame; None where the phantom's truth does not lie next to the
        source video.
    """
    source = utterance.source_video or utterance.source_audio
    path = Path(source).with_suffix(TRUTH) if source else None
    if path is None or not path.is_file():
        return None
    try:
        frame_rate, formants = Truth.load_formants(path)
    except DatasetError:
        return None  # some other program's .npz
    rate = frame_rate[0] / frame_rate[1]
    centers = (np.arange(len(formants)) + 0.5) / rate - utterance.source_start
    found = []
    for span in spans:
        third = (span.end - span.start) / 3.0
        inside = (centers > span.start + third) & (centers < span.end - third)
        f1, f2 = np.median(formants[inside, :2], axis=0) if inside.any() else (np.nan, np.nan)
        found.append((float(f1), float(f2)))
    return found
