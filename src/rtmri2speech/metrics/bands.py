"""The five bands of the mel spectrogram that losses are weighted by and errors are reported in."""

from __future__ import annotations

from rtmri2speech.signal.features import FeatureConfig

_FIRST_BINS = {"f0": 0, "f1": 6, "f2": 16, "f3": 32, "high": 48}
"""First mel bin of each band, for the default number of bins (reference configuration, docs/reference/memo.md, 2)."""


def band_slices(n_mels: int) -> dict[str, slice]:
    """Mel bins of each band: f0 0-5, f1 6-15, f2 16-31, f3 32-47, high 48 and above.

    The reference configuration numbers the bins of the default FeatureConfig; for another number of bins the edges
    are scaled in proportion and rounded. Bands left without a bin (very few mels) are not in the result.

    Args:
        n_mels: number of mel bins M.
    """
    scale = n_mels / FeatureConfig().n_mels
    edges = [round(first * scale) for first in _FIRST_BINS.values()] + [n_mels]
    bands = {name: slice(low, high) for name, low, high in zip(_FIRST_BINS, edges, edges[1:], strict=False)}
    return {name: bins for name, bins in bands.items() if bins.stop > bins.start}
