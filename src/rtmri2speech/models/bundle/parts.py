"""What a bundle may hold, and whether its parts belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import torch

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.strict_loading import list_names

if TYPE_CHECKING:
    from rtmri2speech.models.bundle.model_file import Bundle

Kind = Literal["acoustic", "vocoder", "synthesizer", "segmenter"]
"""What a bundle holds: video to mel, mel to sound, both, or frames to labels."""

STAGES = ("acoustic", "tract", "vocoder", "segmenter")
"""Networks that a bundle may hold. Two lead to the mel: ``acoustic`` reads frames, ``tract`` what was measured in
them."""

_STAGES_OF: dict[str, list[set[str]]] = {
    "acoustic": [{"acoustic"}, {"tract"}],
    "vocoder": [{"vocoder"}],
    "synthesizer": [{"acoustic", "vocoder"}, {"tract", "vocoder"}],
    "segmenter": [{"segmenter"}],
}

MASK = "mask"
"""Name of the tensor that is multiplied onto every frame."""


def check_parts(bundle: Bundle) -> None:
    """Refuse stages, configurations and tensors that do not belong together.

    Raises:
        BundleError: saying what is wrong.
    """
    problem = None
    acoustic = bundle.acoustic is not None
    stages = {name for name in STAGES if getattr(bundle, name) is not None}
    prefixes = [f"{name}." for name in stages]
    strays = [
        name for name in bundle.tensors if not name.startswith(tuple(prefixes)) and not (name == MASK and acoustic)
    ]
    if bundle.kind not in get_args(Kind):
        problem = f"unknown kind {bundle.kind!r}"
    elif stages not in _STAGES_OF[bundle.kind]:
        problem = f"its stages are not those of kind {bundle.kind}"
    elif acoustic != (bundle.frames is not None):
        problem = "an acoustic model and a frame definition belong together"
    elif strays:
        problem = f"tensors of no stage: {list_names(strays)}"
    elif not _mask_fits(bundle):
        problem = "its mask is not a uint8 image of the frames' size"
    elif bundle.vocoder is not None and bundle.vocoder.hop_length != bundle.features.hop_length:
        problem = (
            f"the vocoder makes {bundle.vocoder.hop_length} samples per frame, "
            f"but the features' hop length is {bundle.features.hop_length}"
        )
    if problem is not None:
        raise BundleError(f"{bundle.source}: {problem}.", "Save it anew, with stages made for each other.")


def _mask_fits(bundle: Bundle) -> bool:
    mask, frames = bundle.mask, bundle.frames
    if mask is None or frames is None:
        return True
    return mask.shape == (frames.size, frames.size) and mask.dtype == torch.uint8
