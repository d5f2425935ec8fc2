"""Gradient of the target at frame t with respect to the features of frame t, for all frames at once.

In a BiLSTM, frame t enters the output at t through one cell step per direction, from a state that does not depend on
frame t. So dT_t / df_t, the gradient of the target at frame t with respect to the feature vector of frame t, needs no
backpropagation through time: the states are computed once, and the gradient of a single step is written down. It
equals T backward passes, one per frame. cuDNN's recurrent kernels, which refuse to go backward in eval mode, only ever
go forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rtmri2speech.analysis.attribution.targets import Target
from rtmri2speech.models.acoustic import AcousticModel, Inference

# LSTM steps computed at once: some 50 MB at the default size.
_STEPS_AT_ONCE = 512

_State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class FrameGradients:
    """The targets, and how they depend on their own frame.

    Attributes:
        mel_db: the predicted mel, (T, M), dB.
        values: the targets, (B, T) for B targets.
        gradients: dT_t / df_t, (B, T, C).
    """

    mel_db: Tensor
    values: Tensor
    gradients: Tensor


@torch.no_grad()
def frame_gradients(
    model: AcousticModel,
    features: Tensor,
    targets: Sequence[Target],
    inference: Inference | None = None,
    mel: Tensor | None = None,
) -> FrameGradients:
    """Targets and their gradients with respect to the feature vector of their own frame.

    The mel is that of :meth:`AcousticModel.predict`. The code of the speaker, where the model has one, is held. In mode
    ``average`` the four windows that hold a frame give four gradients, one for each place in the window, which are
    summed as the mel is: with weight 1 / count. In mode ``last`` the one window counts that the frame's mel is taken
    from.

    Args:
        model: in eval mode, float32 or float64.
        features: one recording's, (T, C), as :meth:`AcousticModel.encode` gives them.
        targets: what to explain.
        inference: another mode than the configuration's.
        mel: what the model predicts from the features, (T, M), where that is known already.

    Raises:
        ValueError: in training mode, in which the head drops units at random.
    """
    if model.training:
        raise ValueError("gradients are taken in eval mode only")
    model = model.for_speaker(features)
    if mel is None:
        mel = model.predict(features, inference)
    values, sensitivities = zip(*(_of_mel(mel, target) for target in targets), strict=True)
    if len(features) < model.config.ref_frames:
        # The first frame is repeated to fill the window, so it enters through several steps.
        gradients = [gradients_by_frame(model, features, target, inference) for target in targets]
        return FrameGradients(mel, torch.stack(values), torch.stack(gradients))
    # To the sum of both directions: the scaler's deviation and the head are all that follows.
    upstream = torch.stack(sensitivities) * model.scaler.std
    result = torch.zeros(len(targets), *features.shape, dtype=features.dtype, device=features.device)
    mode = inference or model.config.inference
    if mode == "sequence":
        _of_sequence(model, features, upstream.to(features), result)
    else:
        _of_windows(model, features, mode, upstream.to(features), result)
    return FrameGradients(mel, torch.stack(values), result)


def gradients_by_frame(
    model: AcousticModel,
    features: Tensor,
    target: Target,
    inference: Inference | None = None,
    frames: Sequence[int] | None = None,
) -> Tensor:
    """The same gradients by one backward pass per frame, (T, C): slow, and right by definition. The code is held.

    Args:
        model: in eval mode.
        features: (T, C).
        target: what to explain.
        inference: another mode than the configuration's.
        frames: only these frames; the result then has one row each.
    """
    rows = []
    model = model.for_speaker(features)
    # cuDNN refuses to go backward through an LSTM in eval mode, and in training mode another function is explained.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        leaf = features.detach().requires_grad_()
        values = target(model.predict(leaf, inference))
        for frame in range(len(features)) if frames is None else frames:
            (gradient,) = torch.autograd.grad(values[frame], leaf, retain_graph=True)
            rows.append(gradient[frame])
    return torch.stack(rows)


def _of_mel(mel: Tensor, target: Target) -> tuple[Tensor, Tensor]:
    """A target, (T,), and its derivative by the mel of the same frame, (T, M)."""
    with torch.enable_grad():
        leaf = mel.detach().requires_grad_()
        values = target(leaf)
        # Each value depends on its own row alone, so the gradient of the sum is that of each.
        (gradient,) = torch.autograd.grad(values.sum(), leaf)
    return values.detach(), gradient


def _of_windows(model: AcousticModel, features: Tensor, mode: Inference, upstream: Tensor, result: Tensor) -> None:
    """Modes ``last`` and ``average``: every window by itself, and how each of its places depends on its frame."""
    windows = model.windows(features[None])[0]
    count, size = windows.shape[:2]
    share = features.new_zeros(count, size)
    if mode == "last":
        share[:, -1] = 1.0
        share[0] = 1.0
    else:
        frame = torch.arange(count, device=features.device)[:, None] + torch.arange(size, device=features.device)
        holding = torch.minimum(frame + 1, len(features) - frame).clamp(max=min(size, count))
        share = 1.0 / holding.to(features)
    at_once = max(1, _STEPS_AT_ONCE // size)
    for first in range(0, count, at_once):
        block, part = windows[first : first + at_once], share[first : first + at_once]
        for reverse in (False, True):
            slopes, _ = _steps(model, block, None, reverse)
            for place in range(size):
                rows = slice(first + place, first + place + len(block))
                wanted = upstream[:, rows] * part[:, place, None]
                result[:, rows] += slopes.to_frame(wanted @ model.head.weight, (slice(None), place))


def _of_sequence(model: AcousticModel, features: Tensor, upstream: Tensor, result: Tensor) -> None:
    """Mode ``sequence``: each direction takes its state from block to block."""
    starts = range(0, len(features), _STEPS_AT_ONCE)
    for reverse in (False, True):
        state = None
        for first in reversed(starts) if reverse else starts:
            rows = slice(first, first + _STEPS_AT_ONCE)
            slopes, state = _steps(model, features[None, rows], state, reverse)
            result[:, rows] += slopes.to_frame(upstream[:, rows] @ model.head.weight, (0,))


@dataclass(frozen=True)
class _StepSlopes:
    """Derivative of a step's output h' by its four gates before their functions, each (W, L, H), and the weights."""

    by_gate: list[Tensor]
    from_frame: Tensor

    def to_frame(self, wanted: Tensor, place: tuple[slice | int, ...]) -> Tensor:
        """Gradients (B, n, C) of what depends on h' by ``wanted`` (B, n, H)."""
        return torch.cat([wanted * slope[place] for slope in self.by_gate], dim=-1) @ self.from_frame


def _steps(model: AcousticModel, windows: Tensor, state: _State | None, reverse: bool) -> tuple[_StepSlopes, _State]:
    """All steps of one direction over windows (W, L, C), and the state after them.

    The step (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, in PyTorch's order of gates):
    i, f, g, o = W x + U h + b;  c' = s(f) c + s(i) tanh(g);  h' = s(o) tanh(c').
    The outputs h are known, so the gates of all steps are one product; only c goes from step to step.
    """
    from_frame, from_state, bias = _weights(model.lstm, reverse)
    size, length = model.config.hidden, windows.shape[1]
    direction = int(reverse)
    both, after = model.lstm(windows, state)
    h = both[..., size:] if reverse else both[..., :size]
    start = h.new_zeros(2, len(windows), size) if state is None else torch.stack([state[0], state[1]])[:, direction]
    first = start[0][:, None]
    h_before = torch.cat([h[:, 1:], first], dim=1) if reverse else torch.cat([first, h[:, :-1]], dim=1)
    gates = windows @ from_frame.T + h_before @ from_state.T + bias
    gate_in, gate_forget, new, gate_out = gates.chunk(4, dim=-1)
    gate_in, gate_forget, new, gate_out = gate_in.sigmoid(), gate_forget.sigmoid(), new.tanh(), gate_out.sigmoid()
    added = gate_in * new
    before, cell = torch.empty_like(new), torch.empty_like(new)
    c = start[1]
    for place in reversed(range(length)) if reverse else range(length):
        before[:, place] = c
        c = gate_forget[:, place] * c + added[:, place]
        cell[:, place] = c
    squashed = cell.tanh()
    inner = gate_out * (1 - squashed.square())
    by_gate = [
        inner * added * (1 - gate_in),
        inner * before * gate_forget * (1 - gate_forget),
        inner * gate_in * (1 - new.square()),
        squashed * gate_out * (1 - gate_out),
    ]
    return _StepSlopes(by_gate, from_frame), after


def _weights(lstm: nn.LSTM, reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Weights from the frame (4H, C) and from the state (4H, H), and both biases as one (4H,)."""
    end = "_l0_reverse" if reverse else "_l0"
    bias: Tensor = getattr(lstm, f"bias_ih{end}") + getattr(lstm, f"bias_hh{end}")
    return getattr(lstm, f"weight_ih{end}"), getattr(lstm, f"weight_hh{end}"), bias
