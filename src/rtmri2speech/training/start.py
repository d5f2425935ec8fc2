"""Starting a training from the weights of a bundle (``--init``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rtmri2speech.data.layout import Dataset
from rtmri2speech.errors import BundleError
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle import Bundle, load_bundle
from rtmri2speech.models.vocoder import Generator

Stage = Literal["acoustic", "vocoder"]

# Settings of the acoustic model that no weight depends on.
_FREE = ("dropout:", "inference:", "cnn_weights:")


def load_init(path: Path, stage: Stage, dataset: Dataset) -> Bundle:
    """Load the bundle to start from and check that it was made for data like these.

    Raises:
        BundleError: when it lacks the stage, or its features or frames differ (names the fields).
    """
    bundle = load_bundle(path)
    if getattr(bundle, stage) is None:
        raise BundleError(f"{path}: holds no {stage} model.", f"Give --init a bundle with a {stage} model.")
    differences = bundle.features.differences(dataset.meta.features)
    if stage == "acoustic" and bundle.frames is not None:
        differences += bundle.frames.differences(dataset.meta.frames)
    if differences:
        raise BundleError(
            f"{path}: was made for other data than {dataset.root}: {'; '.join(differences)}.",
            "Start from a bundle with the dataset's settings, or prepare the recordings with the bundle's.",
        )
    return bundle


def start_from(model: AcousticModel | Generator, bundle: Bundle, stage: Stage) -> None:
    """Put the bundle's weights, all of them, into a model of the same size.

    Raises:
        BundleError: when the sizes differ (names the fields).
    """
    differences = [text for text in getattr(bundle, stage).differences(model.config) if not text.startswith(_FREE)]
    if differences:
        raise BundleError(
            f"{bundle.source}: has another {stage} model than the recipe: {'; '.join(differences)}.",
            f"Set {stage}.model to the bundle's values, or leave out --init.",
        )
    built = bundle.build_acoustic() if stage == "acoustic" else bundle.build_vocoder()
    model.load_state_dict(built.state_dict())
