"""Build the tract model's training from a recipe and measured tracts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from rtmri2speech.data.dataset.tract_folder import TractFolder
from rtmri2speech.errors import BundleError, UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.tract.acoustic import TractAcousticModel
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.loaders import counting_loaders
from rtmri2speech.training.tasks import FinalMeasures, Task
from rtmri2speech.training.tract.bank import TractBank, require_inputs
from rtmri2speech.training.tract.module import TractTraining
from rtmri2speech.training.tract.recipe import TractRecipe

# Setting of the network that no weight depends on.
_FREE = ("dropout:",)


def tract_task(folder: TractFolder, settings: TractRecipe, init: Path | None, cuda: bool, processes: Processes) -> Task:
    """The tract model on measured tracts.

    Args:
        folder: of tracts.
        settings: the recipe's part.
        init: a bundle to start from, or None.
        cuda: whether it will run on a GPU.
        processes: how many there are.

    Raises:
        UserError: for tracts, bundle or recipe that cannot be used.
    """
    if processes.world > 1:
        raise UserError("The tract model trains in one process.", "Start one: it is through in minutes.")
    require_inputs(folder)
    data = settings.data
    train, validation = (
        TractBank(folder, folder.of_split(split), data.least_known) for split in ("train", "validation")
    )
    torch.manual_seed(settings.seed)
    model = TractAcousticModel(settings.model, folder.meta.features)
    notes: tuple[str, ...] = ()
    if init is None:
        model.inputs.fit(train.recordings())
    else:
        _start_from(model, load_bundle(init), folder)
        notes = ("copied: all weights; the mel's scaler is the dataset's",)
    statistics = MelStatistics.fit([train.mel_db.float().numpy()])
    model.scaler.load_state_dict(MelScaler.of(statistics).state_dict())
    module = TractTraining(settings, model, train, validation)
    loader, fixed, sampler = counting_loaders(data.batch_size, settings.epoch_steps, settings.seed, cuda)

    def to_bundle(provenance: dict[str, Any], _: FinalMeasures) -> Bundle:
        meta = folder.meta
        about = {"dataset": meta.dataset, "tracts": folder.fingerprint(), "look": meta.look, "looks": meta.looks}
        about["segmenter"] = meta.segmenter
        return Bundle.from_tract(module.final_model, meta.features, provenance={**provenance, **about})

    return Task(
        kind="tract",
        settings=settings,
        module=module,
        train=loader,
        validation=fixed,
        sampler=sampler,
        steps_per_batch=1,
        callbacks=[],
        to_bundle=to_bundle,
        notes=notes,
        half=True,
    )


def _start_from(model: TractAcousticModel, bundle: Bundle, folder: TractFolder) -> None:
    """Copy a bundle's weights, in place.

    Raises:
        BundleError: when it holds no such model, or one of another size or mel definition.
    """
    if bundle.tract is None:
        raise BundleError(
            f"{bundle.source}: holds no model that reads a measured tract.",
            "Give `init` a bundle trained with `kind=tract`.",
        )
    differences = [text for text in bundle.tract.differences(model.config) if not text.startswith(_FREE)]
    if differences:
        raise BundleError(
            f"{bundle.source}: has another model than the recipe: {'; '.join(differences)}.",
            "Set tract.model to the bundle's values, or leave out `init`.",
        )
    if others := bundle.features.differences(folder.meta.features):
        raise BundleError(
            f"{bundle.source}: was trained on another mel spectrogram than that of {folder.root}: {'; '.join(others)}.",
            "Prepare the recordings with the model's settings.",
        )
    model.load_state_dict(bundle.build_tract().state_dict())
