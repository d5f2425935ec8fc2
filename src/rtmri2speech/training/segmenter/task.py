"""Build the segmenter's training from a recipe and labeled frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from rtmri2speech.errors import BundleError, UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.loaders import counting_loaders
from rtmri2speech.training.segmenter.draws import Draws, FixedFrames
from rtmri2speech.training.segmenter.frame_sets import FrameSets
from rtmri2speech.training.segmenter.module import SegmenterTraining
from rtmri2speech.training.segmenter.recipe import SegmenterRecipe
from rtmri2speech.training.segmenter.start_labels import with_start_labels
from rtmri2speech.training.tasks import FinalMeasures, Task


def segmenter_task(
    frames: FrameSets, settings: SegmenterRecipe, init: Path | None, cuda: bool, processes: Processes
) -> Task:
    """The segmenter on labeled frames.

    Args:
        frames: what it is trained on.
        settings: the recipe's part.
        init: a bundle to start from, or None.
        cuda: whether it will run on a GPU.
        processes: how many there are.

    Raises:
        UserError: for frames, bundle or recipe that cannot be used.
    """
    if processes.world > 1:
        raise UserError(
            "The segmenter trains in one process.", "Start one: a single GPU is through in well under an hour."
        )
    torch.manual_seed(settings.seed)
    model, notes = _network(settings.model, init)
    size, data = settings.model.size, settings.data
    sets = frames.of("train")
    if init is not None and data.start_labels is not None:
        sets = with_start_labels(sets, model, data.start_labels)
    train = Draws(sets, data, size)
    validation = FixedFrames(frames.of("validation"), data, size, settings.seed)
    adapts = init is not None and bool(frames.of("validation", "people"))
    module = SegmenterTraining(settings, model, train, validation, start_counts=adapts)
    loader, fixed, sampler = counting_loaders(data.batch_size, settings.epoch_steps, settings.seed, cuda)
    return Task(
        kind="segmenter",
        settings=settings,
        module=module,
        train=loader,
        validation=fixed,
        sampler=sampler,
        steps_per_batch=1,
        callbacks=[],
        to_bundle=_bundle_maker(module, frames),
        notes=(*frames.notes, *notes, *_warnings(frames, init)),
        half=True,
        start_counts=module.start_counts,
    )


def _network(config: SegmenterConfig, init: Path | None) -> tuple[Segmenter, tuple[str, ...]]:
    if init is None:
        return Segmenter(config), ()
    bundle = load_bundle(init)
    model = bundle.build_segmenter()
    differences = [text for text in model.config.differences(config) if not text.startswith("size:")]
    if differences:
        raise BundleError(
            f"{bundle.source}: has another segmenter than the recipe: {'; '.join(differences)}.",
            "Set segmenter.model to the bundle's values, or leave out `init`.",
        )
    fitted = Segmenter(config)
    fitted.load_state_dict(model.state_dict())
    return fitted, ("copied: all weights",)


def _bundle_maker(module: SegmenterTraining, frames: FrameSets) -> Callable[[dict[str, Any], FinalMeasures], Bundle]:
    def to_bundle(provenance: dict[str, Any], _: FinalMeasures) -> Bundle:
        return Bundle.from_segmenter(module.final_model, provenance={**provenance, "frames": frames.counts()})

    return to_bundle


def _warnings(frames: FrameSets, init: Path | None) -> tuple[str, ...]:
    people = frames.of("train", "people")
    if not people or len(people) < len(frames.of("train")):
        return ()
    start = "what the model knew of other heads" if init is not None else "anything beyond these frames"
    return (f"no simulated heads to mix in: {start} may be lost; add a folder of simulated heads",)
