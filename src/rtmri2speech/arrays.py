"""Names for the array types that the whole package uses; shapes stand in docstrings."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float64: TypeAlias = NDArray[np.float64]
"""Measurements and geometry."""

Float32: TypeAlias = NDArray[np.float32]
"""Frames after normalization, mel spectrograms, waves, maps: what networks read and write."""

Floating: TypeAlias = NDArray[np.floating]
"""Either of the two."""

UInt8: TypeAlias = NDArray[np.uint8]
"""Gray frames and label images."""

Int64: TypeAlias = NDArray[np.int64]
"""Indices and counts."""

Bool: TypeAlias = NDArray[np.bool_]
"""Masks."""
