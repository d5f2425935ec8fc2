"""CNN backbones of timm: built, started from a file of weights, and made faster for inference."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import timm
import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.models.bundle.strict_loading import require_finite
from rtmri2speech.models.bundle.torch_checkpoint import read_weights


def build_cnn(backbone: str, path: str | None) -> nn.Module:
    """A CNN of timm without its head, whose last feature map is its output.

    Args:
        backbone: name in timm.
        path: file of timm weights to start from, or None for random ones.

    Raises:
        ConfigError: for an unknown backbone, or a weights file that is missing or does not fit.
    """
    if path is not None and not Path(path).is_file():
        raise ConfigError(f"{path}: no such file of CNN weights.", "Correct cnn_weights, or leave it out.")
    given = {} if path is None else _read_cnn_weights(Path(path), backbone)
    overlay = None if path is None else {"state_dict": dict(given)}  # timm takes its own things out of it
    try:
        with _quiet_timm():
            cnn: nn.Module = timm.create_model(
                backbone,
                features_only=True,
                out_indices=(-1,),
                pretrained=path is not None,
                pretrained_cfg_overlay=overlay,
            )
    except (RuntimeError, ValueError, AssertionError, KeyError, OSError) as error:
        first = (str(error).splitlines() or [""])[0]
        if path is None:
            raise ConfigError(f"backbone '{backbone}': {first}", "Give the name of a timm model.") from None
        raise _not_its_weights(path, backbone, f" ({first}).") from None
    if path is not None:
        _forget_weights(cnn)
        if missing := _not_from_file(cnn, given):
            few = f": {len(missing)} tensors are missing, first '{missing[0]}'."
            raise _not_its_weights(path, backbone, few)
    return cnn


def _read_cnn_weights(path: Path, backbone: str) -> dict[str, Tensor]:
    # Not by timm, whose older versions (1.0.9 among them) run code that a stranger may have put into the file.
    try:
        given = read_weights(path)
        require_finite(given, str(path))
    except BundleError as error:
        reason = error.problem.removeprefix(f"{path}: ")
        remedy = f"Give the timm file of this backbone. {error.remedy}"
        raise ConfigError(f"{path}: not weights of {backbone}: {reason}", remedy) from None
    return given


def _not_its_weights(path: str, backbone: str, why: str) -> ConfigError:
    return ConfigError(f"{path}: not weights of {backbone}{why}", "Give the timm file of this backbone.")


def _forget_weights(cnn: nn.Module) -> None:
    """Drop the file's tensors from what timm keeps about a model: they would stay in memory, and be copied with it."""
    for part in cnn.modules():
        about = part.__dict__.get("pretrained_cfg")
        if isinstance(about, dict):
            part.pretrained_cfg = {name: value for name, value in about.items() if name != "state_dict"}  # type: ignore[assignment]


def _not_from_file(cnn: nn.Module, given: Mapping[str, Tensor]) -> list[str]:
    """Tensors of ``cnn`` that a file did not hold.

    timm loads backbones of features without strictness: a foreign file would leave a random network behind.
    Some backbones are renamed on the way, so a tensor counts as read when its name or its values are in the file.
    """

    def is_there(name: str, value: Tensor) -> bool:
        return name in given or any(
            other.shape == value.shape and torch.equal(other.to(value.dtype), value) for other in given.values()
        )

    state = cnn.state_dict()
    return [name for name in state if not name.endswith("num_batches_tracked") and not is_there(name, state[name])]


@contextlib.contextmanager
def _quiet_timm() -> Iterator[None]:
    # It warns that the classifier in a weights file goes unused, which is what features are for.
    logger = logging.getLogger("timm")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def fold_batch_norm(cnn: nn.Module) -> int:
    """Fold every BatchNorm of an EfficientNet into the convolution before it; return how many were folded.

    Same output up to rounding; 13 to 18 % less time at 16 frames of 256 x 256, 7 to 8 % at 4 (2 CPU cores).
    For inference only and in place: the state no longer fits a bundle. Backbones of other families,
    in which the order of modules need not be the order of work, are left as they are.

    Raises:
        ValueError: in training mode, where BatchNorm follows the batch.
    """
    if cnn.training:
        raise ValueError("BatchNorm can be folded in eval mode only")
    if not isinstance(cnn, EfficientNetFeatures):
        return 0
    folded = 0
    for parent in list(cnn.modules()):
        before: nn.Module | None = None
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                before.weight, before.bias = fuse_conv_bn_weights(
                    before.weight,
                    before.bias,
                    child.running_mean,  # type: ignore[arg-type]  # absent only when statistics are not kept
                    child.running_var,  # type: ignore[arg-type]
                    child.eps,
                    child.weight,
                    child.bias,
                )
                # timm's norm layers carry the activation that follows.
                setattr(parent, name, getattr(child, "act", nn.Identity()))
                folded += 1
            before = child
    cnn.to(memory_format=torch.channels_last)
    return folded
