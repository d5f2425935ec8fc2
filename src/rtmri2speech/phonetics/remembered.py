"""What was measured of the last few sounds: a recording is compared with several others, measure by measure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from threading import Lock
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from rtmri2speech.arrays import Float64, Floating

Options = ParamSpec("Options")
Found = TypeVar("Found")

# Samples of the longest sound of which anything is kept: some minutes.
_LONGEST = 4_000_000


def remembered(
    most: int,
) -> Callable[[Callable[Concatenate[Float64, Options], Found]], Callable[Concatenate[Floating, Options], Found]]:
    """Keep what a measure of a wave and of hashable options finds, by the wave's samples, and give it again.

    What it finds must not be changed.

    Args:
        most: results to keep, the latest in use.
    """

    def keeping(
        measure: Callable[Concatenate[Float64, Options], Found],
    ) -> Callable[Concatenate[Floating, Options], Found]:
        kept: OrderedDict[tuple[object, ...], Found] = OrderedDict()
        turn = Lock()

        @wraps(measure)
        def again(wave: Floating, /, *args: Options.args, **kwargs: Options.kwargs) -> Found:
            samples = np.ascontiguousarray(wave, np.float64)
            if len(samples) > _LONGEST:
                return measure(samples, *args, **kwargs)
            key = (sha256(samples.tobytes()).digest(), args, tuple(sorted(kwargs.items())))
            with turn:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            found = measure(samples, *args, **kwargs)
            with turn:
                kept[key] = found
                while len(kept) > most:
                    kept.popitem(last=False)
            return found

        return again

    return keeping
