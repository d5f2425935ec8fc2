"""F0 and formants of an utterance, frame by frame, from the truth of a phantom or from the sound."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.truth import Truth
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.formants import ceiling_for, formants_at
from rtmri2speech.phonetics.pitch import pitch_range, pitch_times, pitch_track

_FORMANTS = 4


def true_targets(truth: Truth, times: Float64) -> tuple[Float32, Float32]:
    """F0 (T,) and formants (T, 4), Hz, of a simulated speaker.

    Args:
        truth: of the recording.
        times: (T,), seconds from its start.
    """
    rate = truth.frame_rate[0] / truth.frame_rate[1]
    numbers = np.clip(np.floor(times * rate).astype(int), 0, len(truth.f0) - 1)
    return truth.f0[numbers], truth.formants[numbers]


def heard_targets(dataset: Dataset, utterance: Utterance) -> tuple[Float32, Float32]:
    """F0 (T,) and formants (T, 4), Hz, by Praat; formants where there is voice, all NaN where Praat is missing.

    Raises:
        MediaError: when the sound cannot be read.
    """
    count = utterance.n_frames
    f0, formants = np.full(count, np.nan, np.float32), np.full((count, _FORMANTS), np.nan, np.float32)
    if not praat.available():
        return f0, formants
    rate = dataset.meta.features.sample_rate
    samples = read_sound(dataset.audio_path(utterance)).samples.astype(np.float64)
    times = (np.arange(count) + 0.5) / float(dataset.meta.features.frame_rate)
    track = pitch_track(samples, rate, *pitch_range([samples], rate))
    if len(track) == 0:
        return np.zeros(count, np.float32), formants
    nearest = np.abs(pitch_times(len(track), len(samples) / rate)[None] - times[:, None]).argmin(axis=1)
    f0 = track[nearest].astype(np.float32)
    voiced = f0 > 0
    if voiced.any():
        ceiling = ceiling_for(f0, rate / 2)
        formants[voiced] = formants_at(samples, rate, times[voiced], ceiling, _FORMANTS)
    return f0, formants
