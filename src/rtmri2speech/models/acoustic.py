"""Acoustic model: frames of the vocal tract to mel spectrogram (EfficientNetV2-B2, BiLSTM; docs/reference/memo.md)."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

import timm
import torch
from pydantic import Field
from timm.models.efficientnet import EfficientNetFeatures
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from rtmri2speech.config import Config
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.models.bundle.strict_loading import require_finite
from rtmri2speech.models.bundle.torch_checkpoint import read_weights
from rtmri2speech.models.gradient_checkpointing import recomputed, require_recomputable
from rtmri2speech.signal import defaults
from rtmri2speech.signal.scaler import MelScaler

Inference = Literal["last", "average", "sequence"]
"""How overlapping windows become one mel frame; see :meth:`AcousticModel.predict`."""

# Windows decoded at once by `predict`: some 10 MB of LSTM activations at the default size.
_WINDOWS_AT_ONCE = 512
# Frames of a recording that the LSTM reads at once: some 100 MB at the default size.
_FRAMES_AT_ONCE = 4096


class AcousticConfig(Config):
    """Size and use of the acoustic model (reference configuration, section 2)."""

    backbone: str = Field("tf_efficientnetv2_b2", description="name of the CNN in timm")
    hidden: int = Field(640, ge=1, description="units of the LSTM in each direction")
    dropout: float = Field(0.5, ge=0.0, lt=1.0, description="share of LSTM outputs dropped in training")
    ref_frames: int = Field(defaults.REF_FRAMES, ge=1, description="frames in a window")
    cnn_weights: str | None = Field(None, description="file of timm weights to start the CNN from")
    # Least error of mel where segments of 16 frames and more, or single windows, were trained on; after segments of 8
    # and 12 frames "average" had up to 4 % less, and "last" always 3 to 8 % more than the better one. A training
    # run measures all three at its end and puts the best into its model.
    inference: Inference = Field("sequence", description="how overlapping windows are put together")


class AcousticModel(nn.Module):
    """CNN backbone once per frame, BiLSTM over windows of frames, linear layer to the scaled mel.

    Args:
        config: size and use. ``cnn_weights`` is read here and then forgotten: ``self.config`` no longer
            names the file, since the state holds what was in it.
        n_mels: mel bands M.

    Attributes:
        checkpoint_segments: parts of the CNN backbone whose activations are computed again for the gradient
            instead of kept, so that training needs less memory; 0 keeps all.

    Raises:
        ConfigError: for an unknown backbone, or a weights file that is missing or does not fit.
    """

    def __init__(self, config: AcousticConfig, n_mels: int) -> None:
        super().__init__()
        self.config = config.model_copy(update={"cnn_weights": None})
        self.n_mels = n_mels
        self.checkpoint_segments = 0
        # Convolutions on the CPU and tensor cores read pixels with their channels side by side.
        self.cnn: nn.Module = _build_cnn(config).to(memory_format=torch.channels_last)
        channels = int(self.cnn.feature_info.channels()[-1])  # type: ignore[union-attr, operator]
        self.lstm = nn.LSTM(channels, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, n_mels)
        self.scaler = MelScaler.identity(n_mels)

    def feature_map(self, frames: Tensor) -> Tensor:
        """Last feature map: frames (N, H, W) in [0, 1] to (N, C, H/32, W/32) at the default backbone."""
        color = frames.to(self.head.weight.dtype)[:, None].expand(-1, 3, -1, -1)
        color = color.contiguous(memory_format=torch.channels_last)
        if self.checkpoint_segments and self.training and torch.is_grad_enabled():
            return recomputed(require_recomputable(self.cnn), color, self.checkpoint_segments)
        maps: list[Tensor] = self.cnn(color)
        return maps[-1]

    def encode(self, frames: Tensor) -> Tensor:
        """One feature vector per frame: frames (N, H, W), float in [0, 1], to (N, C) by global average pooling."""
        return self.feature_map(frames).mean(dim=(2, 3))

    def windows(self, features: Tensor) -> Tensor:
        """Every window of r = ``ref_frames`` features: (B, L, C) to a view (B, L - r + 1, r, C).

        Raises:
            ValueError: when L is smaller than r.
        """
        size = self.config.ref_frames
        if features.shape[1] < size:
            raise ValueError(f"{features.shape[1]} frames do not fill a window of {size}")
        return features.unfold(1, size, 1).transpose(-1, -2)

    def decode(self, features: Tensor) -> Tensor:
        """Features (B, L, C) to the scaled mel (B, L, M); the LSTM reads all L frames, in both directions."""
        both, _ = self.lstm(features)
        summed: Tensor = both.reshape(*both.shape[:-1], 2, self.config.hidden).sum(dim=-2)
        scaled: Tensor = self.head(self.dropout(summed))
        return scaled

    def forward(self, frames: Tensor) -> Tensor:
        """Scaled mel of every window: frames (B, L, H, W) in [0, 1] to (B, L - r + 1, r, M).

        The CNN backbone reads each frame once; all windows that hold the frame share its features.

        Raises:
            ValueError: when L is smaller than r = ``ref_frames``.
        """
        features = self.encode(frames.flatten(0, 1))
        windows = self.windows(features.reshape(*frames.shape[:2], -1))
        scaled = self.decode(windows.flatten(0, 1))
        return scaled.reshape(*windows.shape[:3], self.n_mels)

    def predict(self, features: Tensor, inference: Inference | None = None) -> Tensor:
        """Features of one recording (T, C) to its mel spectrogram (T, M), float32 dB.

        ``last``: a frame's mel is the last row of the window that ends with it; frames before the first
        window's end are taken from the first window. ``average``: the mean over all windows that hold
        the frame. ``sequence``: the LSTM reads the whole recording, from both its ends. With
        T < ``ref_frames`` the first frame is repeated in front until a window is full, and the repeats are
        dropped from the result. Gradients pass through.

        Args:
            features: shape (T, C), as :meth:`encode` gives them.
            inference: another mode than the configuration's.
        """
        size = self.config.ref_frames
        missing = size - len(features)
        if 0 < missing < size:
            padded = torch.cat([features[:1].expand(missing, -1), features])
            return self.predict(padded, inference)[missing:]
        mode = inference or self.config.inference
        if len(features) == 0:
            scaled = features.new_zeros(0, self.n_mels)
        elif mode == "sequence":
            scaled = self._sequence(features)
        elif mode == "last":
            scaled = self._last(features)
        else:
            scaled = self._average(features)
        return self.scaler.inverse(scaled.float())

    def fuse(self) -> Self:
        """Fold BatchNorm into the convolutions for inference and return self; see :func:`fold_batch_norm`."""
        fold_batch_norm(self.cnn)
        return self

    def _sequence(self, features: Tensor) -> Tensor:
        blocks = torch.split(features[None], _FRAMES_AT_ONCE, dim=1)
        if len(blocks) == 1:
            return self.decode(features[None])[0]
        # Each direction takes its state from block to block; what the other one gives meanwhile goes unused.
        size = self.config.hidden
        ahead, back = [], []
        state = None
        for block in blocks:
            both, state = self.lstm(block, state)
            ahead.append(both[..., :size])
        state = None
        for block in reversed(blocks):
            both, state = self.lstm(block, state)
            back.append(both[..., size:])
        parts = [self.head(self.dropout(one + other)) for one, other in zip(ahead, reversed(back), strict=True)]
        return torch.cat(parts, dim=1)[0]

    def _last(self, features: Tensor) -> Tensor:
        blocks = [self.decode(block) for block in torch.split(self.windows(features[None])[0], _WINDOWS_AT_ONCE)]
        return torch.cat([blocks[0][0, :-1], *(block[:, -1] for block in blocks)])

    def _average(self, features: Tensor) -> Tensor:
        size = self.config.ref_frames
        total = torch.zeros(len(features), self.n_mels, device=features.device)
        first = 0
        for block in torch.split(self.windows(features[None])[0], _WINDOWS_AT_ONCE):
            decoded = self.decode(block).float()
            for place in range(size):
                # Window w holds frame w + place at this place.
                total[first + place : first + place + len(block)] += decoded[:, place]
            first += len(block)
        index = torch.arange(len(features), device=features.device)
        count = torch.minimum(index + 1, len(features) - index).clamp(max=min(size, first))
        return total / count[:, None]


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


def _build_cnn(config: AcousticConfig) -> nn.Module:
    path = config.cnn_weights
    if path is not None and not Path(path).is_file():
        raise ConfigError(f"{path}: no such file of CNN weights.", "Correct cnn_weights, or leave it out.")
    given = {} if path is None else _read_cnn_weights(Path(path), config.backbone)
    overlay = None if path is None else {"state_dict": dict(given)}  # timm takes its own things out of it
    try:
        with _quiet_timm():
            cnn: nn.Module = timm.create_model(
                config.backbone,
                features_only=True,
                out_indices=(-1,),
                pretrained=path is not None,
                pretrained_cfg_overlay=overlay,
            )
    except (RuntimeError, ValueError, AssertionError, KeyError, OSError) as error:
        first = (str(error).splitlines() or [""])[0]
        if path is None:
            raise ConfigError(f"backbone '{config.backbone}': {first}", "Give the name of a timm model.") from None
        raise _not_its_weights(path, config.backbone, f" ({first}).") from None
    if path is not None:
        _forget_weights(cnn)
        if missing := _not_from_file(cnn, given):
            few = f": {len(missing)} tensors are missing, first '{missing[0]}'."
            raise _not_its_weights(path, config.backbone, few)
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
