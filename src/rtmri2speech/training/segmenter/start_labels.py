"""What the annotation of people's frames leaves open, as the network that is adapted sees it before it is.

Contours and polygons name some articulators and say nothing about the others. A network that is trained on them alone
unlearns those others in people, however well it goes on finding them in simulated heads. Its own labels, taken before
the first step, keep them (learning without forgetting: Li and Hoiem 2016, arXiv:1606.09282; with hard labels here, so
that they move with the frame's look as the annotation does).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.labels import UNKNOWN, class_of_label, label_of_class
from rtmri2speech.models.segmenter import Segmenter
from rtmri2speech.training.segmenter.frame_sets import SIDE, FrameSet

_LEVELS = 255.0


def with_start_labels(sets: Iterable[FrameSet], start: Segmenter, sure: float) -> list[FrameSet]:
    """The same sets; in those of people, what is not labeled has the label that the start gives it.

    A pixel takes the start's label where none is known, and where the start sees a class that the recording's
    annotation never shows: where contours say airway, there may be an epiglottis that nobody traced.

    Args:
        sets: frames of any origin; others than people's stay as they are.
        start: the network before it is adapted.
        sure: probability, 0 to 1, that the start gives its label at least. Other pixels stay as they are.
    """
    training = start.training
    start.eval()
    found = [_filled(one, start, sure) if one.origin == "people" else one for one in sets]
    start.train(training)
    return found


def _filled(one: FrameSet, start: Segmenter, sure: float) -> FrameSet:
    known = one.labels[one.labels != UNKNOWN]
    shown = np.unique(class_of_label()[known])
    labels = one.labels.copy()
    for number, image in enumerate(one.images):
        best, classes = _seen(image, start)
        own = (labels[number] == UNKNOWN) | ~np.isin(classes, shown)
        taken = own & (best >= sure)
        labels[number][taken] = label_of_class()[classes[taken]]
    return replace(one, labels=labels)


@torch.inference_mode()
def _seen(image: UInt8, start: Segmenter) -> tuple[Float32, UInt8]:
    """Probability and number of the likeliest class of every pixel (256, 256) of a frame as it is."""
    size = start.config.size
    pixels = torch.from_numpy(image)[None, None] / _LEVELS
    logits = start(functional.interpolate(pixels, (size, size), mode="area"))
    probabilities = functional.interpolate(logits.float().softmax(dim=1), (SIDE, SIDE), mode="bilinear")
    best, classes = probabilities[0].max(dim=0)
    return best.numpy(), classes.numpy().astype(np.uint8)
