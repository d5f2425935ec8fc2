"""Start a run from the weights of a model file (parameter ``init``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import BundleError
from rtmri2speech.inference.requirements import require_fit
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.import_hifigan import find_config, import_hifigan, remark_on_top
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.bundle.torch_checkpoint import is_torch_file
from rtmri2speech.models.vocoder.adapt import MelInput, transfer
from rtmri2speech.models.vocoder.generator import Generator
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.tract.recipe import TractRecipe

Stage = Literal["acoustic", "vocoder"]

# Settings of the acoustic model that no weight depends on.
_FREE = ("dropout:", "inference:", "cnn_weights:")

# What the released code's JSON does not say.
_UNKNOWN = ("preemphasis:", "floor:")


@dataclass(frozen=True)
class Init:
    """Weights to start from, and what they were made for.

    Attributes:
        bundle: the weights.
        features: mel definition of the dataset.
        magnitude: the vocoder was trained on ln magnitude, as by the released HiFi-GAN code.
        remark: what was noticed in its JSON, or None.
    """

    bundle: Bundle
    features: FeatureConfig
    magnitude: bool = False
    remark: str | None = None


def load_init(path: Path, stage: Stage, dataset: Dataset, *, adapt: bool = True) -> Init:
    """Load the weights to start from.

    An acoustic model has to fit the dataset. A vocoder may have another mel definition (:func:`start_from` adapts
    it), and may be a checkpoint of the released HiFi-GAN code with its JSON next to it. Where that JSON gives the
    dataset's mel definition, as far as it says, the checkpoint is taken to be trained on mels of this kind (reference
    configuration, section 3); otherwise on the released code's: ln magnitude, no pre-emphasis.

    Args:
        path: a bundle, or for the vocoder a PyTorch file as well.
        stage: which model of it.
        dataset: what will be trained on.
        adapt: whether a vocoder of another mel definition is accepted; fine-tuning needs one of the dataset's mels.

    Raises:
        BundleError: when the file is missing, damaged, of another kind or without its JSON; when it lacks the
            stage; or when features differ that must not, or the acoustic model's frames (names the fields).
        ConfigError: for impossible values in the JSON.
    """
    features = dataset.meta.features
    if stage == "vocoder" and _is_checkpoint(path):
        config = find_config(path)
        bundle, remark = import_hifigan(path, config, features.preemphasis), remark_on_top(config)
        if all(text.startswith(_UNKNOWN) for text in bundle.features.differences(features)):
            return Init(bundle, features, remark=remark)
        theirs = bundle.features.model_copy(update={"preemphasis": 0.0})
        if not adapt:
            raise _another_mel(path, theirs, dataset)
        return Init(replace(bundle, features=theirs), features, magnitude=True, remark=remark)
    bundle = load_bundle(path)
    if getattr(bundle, stage) is None:
        raise BundleError(f"{path}: holds no {stage} model.", f"Give `init` a bundle with a {stage} model.")
    if stage == "acoustic":
        require_fit(bundle, dataset)
    if stage == "vocoder" and not adapt and bundle.features != features:
        raise _another_mel(path, bundle.features, dataset)
    return Init(bundle, features)


def _another_mel(path: Path, theirs: FeatureConfig, dataset: Dataset) -> BundleError:
    differences = "; ".join(theirs.differences(dataset.meta.features))
    return BundleError(
        f"{path}: its vocoder was trained on another mel spectrogram than that of {dataset.root}: {differences}.",
        "Fine-tuning starts from a vocoder of the dataset's mel. Train one from this file first, without "
        "`fine_tune`; that adapts it.",
    )


def start_from(model: AcousticModel | Generator, init: Init, stage: Stage) -> list[str]:
    """Copy the weights into a model, in place.

    A vocoder's are adapted to the model's upsampling and to the dataset's mel definition where those differ
    (:func:`rtmri2speech.models.vocoder.adapt.transfer`).

    Args:
        model: receives the weights.
        init: the weights.
        stage: which model of the bundle.

    Returns:
        What was done, in human-readable lines.

    Raises:
        BundleError: when the sizes differ in what cannot be adapted (names the fields), or the weights do not fit
            their own description.
    """
    bundle = init.bundle
    if isinstance(model, Generator):
        trained_on = MelInput(bundle.features, init.magnitude)
        done = transfer(bundle.build_vocoder(), trained_on, model, init.features, bundle.source)
        return done if init.remark is None else [init.remark, *done]
    differences = [text for text in getattr(bundle, stage).differences(model.config) if not text.startswith(_FREE)]
    if differences:
        raise BundleError(
            f"{bundle.source}: has another {stage} model than the recipe: {'; '.join(differences)}.",
            f"Set {stage}.model to the bundle's values, or leave out `init`.",
        )
    model.load_state_dict(bundle.build_acoustic().state_dict())
    return ["copied: all weights"]


def _is_checkpoint(path: Path) -> bool:
    """Whether a file is PyTorch's, by its first bytes; what cannot be read is left to the bundle's reader.

    Raises:
        BundleError: when it is neither that nor a bundle.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError:
        return False
    if len(start) < 9 or start[8:] == b"{":  # a .safetensors file: a length of 8 bytes, then JSON
        return False
    if is_torch_file(start):
        return True
    raise BundleError(
        f"{path}: neither a model of this program nor a PyTorch checkpoint, or damaged.",
        "Give `init` a .safetensors file, or a HiFi-GAN checkpoint (g_00000000) with its config.json next to it.",
    )


def sized_like(settings: TractRecipe, init: Path | None) -> TractRecipe:
    """Settings of the tract model's training, whose network has the size of the one that it starts from.

    Sizes that the recipe states stay, so that one that does not fit is refused.

    Args:
        settings: the recipe's part.
        init: a bundle to start from, or None.

    Raises:
        BundleError: when the bundle is missing or damaged.
    """
    size = None if init is None else load_bundle(init).tract
    if size is None:
        return settings
    stated = {name: getattr(settings.model, name) for name in settings.model.model_fields_set}
    return settings.model_copy(update={"model": size.model_copy(update=stated)})
