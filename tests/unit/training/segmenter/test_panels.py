"""The image of frames, what is true and what was found."""

from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.data.labels import CLASSES, UNKNOWN, Label
from rtmri2speech.training.segmenter.panels import panels
from rtmri2speech.vocal_tract.figures import tinted


def test_frames_stand_over_their_classes_in_the_colors_of_labels() -> None:
    gray = torch.full((8, 1, 4, 4), 0.5)
    true, found = torch.full((8, 4, 4), UNKNOWN), torch.full((8, 4, 4), list(CLASSES).index("tongue"))
    image = panels(gray, true, found)
    assert image.shape == (12, 24, 3) and image.dtype == np.uint8
    # What is not known is shown as it is.
    assert (image[:8] == 128).all()
    tongue = tinted(np.full((4, 4), Label.TONGUE_BODY, np.uint8), np.full((4, 4), 128, np.uint8))
    np.testing.assert_array_equal(image[8:, :4], tongue)
