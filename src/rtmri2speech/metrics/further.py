"""Measures beyond those of every evaluation, which are taken where they are asked for."""

from __future__ import annotations

from rtmri2speech.arrays import Floating
from rtmri2speech.metrics.contours import CONTOURS, PERIODIC, compare_contours
from rtmri2speech.metrics.modulation import modulation_distance

FURTHER = (*CONTOURS, "modulation_distance_db", "modulation_bias_db")
"""All that :func:`further_measures` may measure."""

DEFINITIONS = {
    "f0_correlation": "Pearson's correlation of F0 in Hz over the frames of 10 ms that are voiced in both waves, at "
    "least 10.",
    "f0_correlation_periodic": f"The same over those frames in which Praat's strength of the recording is {PERIODIC:g} "
    "or more: harmonics at least 6 dB above noise.",
    "f1_correlation": "Pearson's correlation of F1 over the frames of 10 ms that are voiced in both waves (Praat's "
    "robust method, five formants below 5000 or 5500 Hz by the recording's median F0); f2_ and f3_ likewise. No "
    "annotation is needed; vowels and voiced consonants count alike.",
    "f1_ratio": "Median over the same frames of the synthesized F1 as a fraction of the recorded one; f2_ and f3_ "
    "likewise.",
    "modulation_distance_db": "Root mean square difference of the modulation spectra, dB: power over time of "
    "mel-cepstral coefficients 1-24 (as of mcd_db) in Hann windows of 0.64 s, 1.6 to 25 Hz (after Takamichi et al. "
    "2016).",
    "modulation_bias_db": "Mean of the signed difference: below 0 where the synthesized speech moves too little.",
}
"""What each is, in words; those of F2 and F3 are as of F1."""


def further_measures(reference: Floating, synthesized: Floating, sample_rate: int) -> dict[str, float]:
    """F0 and formants over time, and modulation spectra.

    Args:
        reference: the recorded wave, shape (N,), amplitude about -1 to 1.
        synthesized: the wave to compare with it, shape (N,).
        sample_rate: of both, Hz.

    Returns:
        What :func:`~rtmri2speech.metrics.contours.compare_contours` and
        :func:`~rtmri2speech.metrics.modulation.modulation_distance` measure.
    """
    return {
        **compare_contours(reference, synthesized, sample_rate),
        **modulation_distance(reference, synthesized, sample_rate),
    }
