"""Acoustic model: frames of the vocal tract to mel spectrogram (EfficientNetV2-B2, BiLSTM; docs/reference/memo.md)."""

from __future__ import annotations

import copy
from typing import Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from rtmri2speech.config import Config
from rtmri2speech.models.backbone import build_cnn, fold_batch_norm
from rtmri2speech.models.gradient_checkpointing import recomputed, require_recomputable
from rtmri2speech.signal import defaults
from rtmri2speech.signal.scaler import MelScaler

Inference = Literal["last", "average", "sequence"]
"""How overlapping windows become one mel frame; see :meth:`AcousticModel.predict`."""

# Windows decoded at once by `predict`: some 10 MB of LSTM activations at the default size.
_WINDOWS_AT_ONCE = 512
# Frames of a recording that the LSTM reads at once: some 100 MB at the default size.
_FRAMES_AT_ONCE = 4096
# Frames that stand for a whole utterance in training: a twentieth more work at segments of 160 frames.
_VIEWS = 8


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
    speaker_code: int = Field(
        0,
        ge=0,
        le=1024,
        description="numbers that tell the LSTM who speaks, from the mean of the CNN's features; 0: none",
    )

    @property
    def views(self) -> int:
        """Frames from all over its utterance that stand in front of a segment in training, to tell who speaks."""
        return _VIEWS if self.speaker_code else 0


class AcousticModel(nn.Module):
    """CNN backbone once per frame, BiLSTM over windows of frames, linear layer to the scaled mel.

    Args:
        config: size and use. ``cnn_weights`` is read here and then forgotten: ``self.config`` no longer
            names the file, since the state holds what was in it.
        n_mels: mel bands M.

    Attributes:
        channels: numbers C in the feature vector of a frame.
        speaker: makes the code of a speaker from the mean feature vector, or None without one.
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
        self.cnn: nn.Module = build_cnn(config.backbone, config.cnn_weights).to(memory_format=torch.channels_last)
        self.channels = int(self.cnn.feature_info.channels()[-1])  # type: ignore[union-attr, operator]
        width = self.channels + config.speaker_code
        self.lstm = nn.LSTM(width, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, n_mels)
        self.scaler = MelScaler.identity(n_mels)
        self.speaker = nn.Linear(self.channels, config.speaker_code) if config.speaker_code else None

    def feature_map(self, frames: Tensor) -> Tensor:
        """Last feature map: frames (N, H, W) in [0, 1] to (N, C, H/32, W/32) at the default backbone."""
        color = frames.to(next(self.cnn.parameters()).dtype)[:, None].expand(-1, 3, -1, -1)
        color = color.contiguous(memory_format=torch.channels_last)
        if self.checkpoint_segments and self.training and torch.is_grad_enabled():
            return recomputed(require_recomputable(self.cnn), color, self.checkpoint_segments)
        maps: list[Tensor] = self.cnn(color)
        return maps[-1]

    def encode(self, frames: Tensor) -> Tensor:
        """One feature vector per frame: frames (N, H, W), float in [0, 1], to (N, C) by global average pooling."""
        return self.feature_map(frames).mean(dim=(2, 3))

    def with_speaker(self, features: Tensor, mean: Tensor | None = None) -> Tensor:
        """Features with the code of their speaker appended: (B, L, C) to (B, L, C + S); as they are where S is 0.

        The code is a linear function of the mean feature vector, and so the mean of what the frames say one by one,
        the same whatever their order: it knows the head, its coil and its size, not what is being said.

        Args:
            features: of B stretches.
            mean: mean feature vectors of the recordings that they are of, (B, C); by default of the stretches.
        """
        if self.speaker is None:
            return features
        code = self.speaker(features.mean(dim=1) if mean is None else mean)
        return torch.cat([features, code[:, None].expand(-1, features.shape[1], -1)], dim=-1)

    @torch.no_grad()
    def for_speaker(self, features: Tensor) -> AcousticModel:
        """This model with the code of one speaker held: one without a code, that shares all weights but the LSTM's.

        A code that does not change adds the same to the gates at every frame, as their biases do. What is then asked of
        the model, such as how the mel depends on a frame, is asked of this speaker: the change of a frame does not make
        the speaker another one. The model itself where it has no code.

        Args:
            features: of a recording of the speaker, (T, C), as :meth:`encode` gives them.
        """
        if self.speaker is None:
            return self
        code = self.speaker(features.to(self.head.weight.dtype).mean(dim=0))
        lstm = nn.LSTM(self.channels, self.config.hidden, batch_first=True, bidirectional=True)
        lstm = lstm.to(code.device, code.dtype).requires_grad_(False)
        for name, value in self.lstm.named_parameters():
            known = value[:, : self.channels] if name.startswith("weight_ih") else value
            if name.startswith("bias_ih"):
                known = value + getattr(self.lstm, name.replace("bias", "weight"))[:, self.channels :] @ code
            getattr(lstm, name).copy_(known)
        held = copy.copy(self)
        held.config = self.config.model_copy(update={"speaker_code": 0})
        held._modules = {**self._modules, "lstm": lstm, "speaker": None}
        return held

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
        """Features (B, L, C + S) to the scaled mel (B, L, M); the LSTM reads all L frames, in both directions.

        The features have the code of their speaker, where the model has one: :meth:`with_speaker`.
        """
        both, _ = self.lstm(features)
        summed: Tensor = both.reshape(*both.shape[:-1], 2, self.config.hidden).sum(dim=-2)
        scaled: Tensor = self.head(self.dropout(summed))
        return scaled

    def forward(self, frames: Tensor) -> Tensor:
        """Scaled mel of every window: frames (B, L, H, W) in [0, 1] to (B, L - r + 1, r, M).

        The CNN backbone reads each frame once; all windows that hold the frame share its features. The code of the
        speaker, where there is one, is that of the L frames.

        Raises:
            ValueError: when L is smaller than r = ``ref_frames``.
        """
        features = self.encode(frames.flatten(0, 1))
        windows = self.windows(self.with_speaker(features.reshape(*frames.shape[:2], -1)))
        scaled = self.decode(windows.flatten(0, 1))
        return scaled.reshape(*windows.shape[:3], self.n_mels)

    def predict(self, features: Tensor, inference: Inference | None = None) -> Tensor:
        """Features of one recording (T, C) to its mel spectrogram (T, M), float32 dB.

        ``last``: a frame's mel is the last row of the window that ends with it; frames before the first
        window's end are taken from the first window. ``average``: the mean over all windows that hold
        the frame. ``sequence``: the LSTM reads the whole recording, from both its ends. With
        T < ``ref_frames`` the first frame is repeated in front until a window is full, and the repeats are
        dropped from the result. The code of the speaker, where there is one, is that of all T frames. Gradients pass
        through, through the code too.

        Args:
            features: shape (T, C), as :meth:`encode` gives them.
            inference: another mode than the configuration's.
        """
        mode = inference or self.config.inference
        if len(features) == 0:
            return self.scaler.inverse(features.new_zeros(0, self.n_mels).float())
        features = self.with_speaker(features[None].to(self.head.weight.dtype))[0]
        missing = max(self.config.ref_frames - len(features), 0)
        if missing:
            features = torch.cat([features[:1].expand(missing, -1), features])
        if mode == "sequence":
            scaled = self._sequence(features)
        elif mode == "last":
            scaled = self._last(features)
        else:
            scaled = self._average(features)
        return self.scaler.inverse(scaled.float())[missing:]

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
