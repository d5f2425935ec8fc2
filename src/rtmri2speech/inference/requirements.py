"""What a model file must hold, and what data it fits: asked here and nowhere else."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.model_file import JOIN_COMMAND, Bundle
from rtmri2speech.signal.frame_rate import clock_in_words


def require_acoustic(bundle: Bundle) -> None:
    """Refuse a model file without an acoustic model.

    Raises:
        BundleError: when there is none.
    """
    if bundle.tract is not None:
        raise BundleError(
            f"{bundle.source} holds no acoustic model of frames: it reads what is measured in them.",
            "Give a model that was trained on frames, such as phantom.",
        )
    if bundle.acoustic is None:
        raise BundleError(
            f"{bundle.source} holds no acoustic model, so there is nothing that reads frames.",
            "Give a model with an acoustic stage: the file from train acoustic, import acoustic or bundle.",
        )


def require_synthesizer(bundle: Bundle) -> None:
    """Refuse a model file that does not hold both stages.

    Raises:
        BundleError: naming the one that is missing.
    """
    missing = "acoustic model" if not bundle.has_mel else "vocoder" if bundle.vocoder is None else None
    if missing is not None:
        raise BundleError(f"{bundle.source} holds no {missing}.", f"Join both: {JOIN_COMMAND}")


def require_fit(bundle: Bundle, dataset: Dataset) -> None:
    """Refuse an acoustic model that was made for other mel spectrograms or frames than a dataset's.

    Raises:
        DatasetError: when the dataset has no frames.
        BundleError: when there is no acoustic model, or naming the fields that differ.
    """
    dataset.need_frames()
    if not bundle.has_mel:
        require_acoustic(bundle)
    differences = bundle.features.differences(dataset.meta.features)
    if bundle.frames is not None:
        differences += bundle.frames.differences(dataset.meta.frames)
    mine, theirs = bundle.features, dataset.meta.features
    if mine.frame_rate != theirs.frame_rate:
        raise BundleError(
            f"{bundle.source}: was made for {clock_in_words(mine)}, and {dataset.root} has {clock_in_words(theirs)}.",
            "Use a model of the dataset's frame rate, or prepare the recordings at the model's: rtmri2speech prepare "
            f"VIDEOS --frame-rate {float(mine.frame_rate):.7g} --out DIR",
        )
    if differences:
        raise BundleError(
            f"{bundle.source}: was made for other data than {dataset.root}: {'; '.join(differences)}.",
            "Use a model with the dataset's settings, or prepare the recordings with the model's.",
        )


def require_numbers(made: Float32, source: str, name: str) -> Float32:
    """What a model has made, a mel (T, M) or a wave (N,), sure to hold numbers.

    Args:
        made: any.
        source: the model's file, for the message.
        name: the utterance's.

    Raises:
        BundleError: when a value is NaN or infinite.
    """
    if not np.isfinite(made).all():
        raise BundleError(
            f"{source}: gives values that are not numbers for {name}.",
            "The training run diverged; use an earlier checkpoint.",
        )
    return made
