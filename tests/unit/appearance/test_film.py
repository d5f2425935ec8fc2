"""One look for a whole recording."""

from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.appearance.film import film
from rtmri2speech.appearance.look import LookConfig, draw_looks


def test_a_film_is_a_function_of_its_look() -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 255, (1, 32, 32), np.uint8), 20, axis=0)
    labels = np.zeros((20, 32, 32), np.uint8)
    labels[:, 10:20, 10:20] = 5
    look = draw_looks(1, torch.Generator().manual_seed(1), LookConfig())
    found = film(frames, labels, look, 24)
    assert found.shape == (20, 24, 24) and found.dtype == np.uint8 and found.std() > 5
    assert np.array_equal(found, film(frames, labels, look, 24))
    assert film(frames, None, look).shape == (20, 32, 32)
    other = draw_looks(1, torch.Generator().manual_seed(2), LookConfig())
    assert not np.array_equal(found, film(frames, labels, other, 24))
