"""How the target of a frame depends on the feature vectors of all frames around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rtmri2speech.models.acoustic import AcousticModel, Inference

REACH = 8
"""Frames before and after its own that a target is followed to where the model reads the whole recording."""

# Segments that the LSTM goes backward through at once.
_SEGMENTS_AT_ONCE = 128


@dataclass(frozen=True)
class Cotangents:
    """dT_n(t) / df(t + o) of N targets of T frames, for offsets o from -R to R.

    Attributes:
        values: (N, T, 2 R + 1, C); 0 where there is no such frame, or the target does not depend on it.
    """

    values: Tensor

    @property
    def reach(self) -> int:
        """R."""
        return (self.values.shape[2] - 1) // 2

    def of_frame(self, frame: int) -> tuple[Tensor, Tensor]:
        """Derivatives of all targets by one frame's features: (N, J, C), and the J targets' frames."""
        first, stop = max(frame - self.reach, 0), min(frame + self.reach + 1, self.values.shape[1])
        targets = torch.arange(first, stop)
        return self.values[:, targets, frame - targets + self.reach], targets


def cotangents(
    model: AcousticModel, features: Tensor, by_mel: Tensor, inference: Inference | None = None, reach: int = REACH
) -> Cotangents:
    """Derivatives of targets by the features of every frame they depend on.

    In modes ``last`` and ``average`` these are the frames that share a window with the target's, 3 to either side at
    most, and all of them count. In mode ``sequence`` a target depends on the whole recording: frames further away than
    ``reach`` are left out, nothing else. The code of the speaker, where the model has one, is held: a wall that moves
    does not make the speaker another one.

    Args:
        model: in eval mode.
        features: (T, C), one recording's.
        by_mel: (N, T, M), derivative of each target by its own frame's mel.
        inference: another mode than the configuration's.
        reach: of mode ``sequence``, frames.

    Raises:
        ValueError: in training mode, in which the head drops units at random.
    """
    if model.training:
        raise ValueError("gradients are taken in eval mode only")
    model = model.for_speaker(features)
    mode = inference or model.config.inference
    size, count = model.config.ref_frames, len(features)
    upstream = by_mel.to(features) * model.scaler.std
    # cuDNN refuses to go backward through an LSTM in eval mode.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        if 0 < count < size:
            return _of_short(model, features.detach(), by_mel, mode)
        if mode == "sequence":
            return _of_sequence(model, features.detach(), upstream, min(reach, max(count - 1, 0)))
        return _of_windows(model, features.detach(), upstream, mode)


def _of_windows(model: AcousticModel, features: Tensor, upstream: Tensor, mode: Inference) -> Cotangents:
    """Each window by itself: what its place p, frame w + p, gets from its places q, frames w + q."""
    size, count = model.config.ref_frames, len(features)
    reach = size - 1
    result = features.new_zeros(len(upstream), count, 2 * reach + 1, features.shape[1])
    windows = model.windows(features[None])[0]
    share = _shares(len(windows), size, count, mode, features)
    for first in range(0, len(windows), _SEGMENTS_AT_ONCE):
        block = windows[first : first + _SEGMENTS_AT_ONCE].clone().requires_grad_()
        decoded = model.decode(block)
        for place in range(size):
            rows = slice(first + place, first + place + len(block))
            part = share[first : first + len(block), place, None]
            if not part.any():
                continue
            for number, wanted in enumerate(upstream):
                slopes = _slopes((decoded[:, place] * wanted[rows] * part).sum(), block)
                for other in range(size):
                    result[number, rows, reach + other - place] += slopes[:, other]
    return Cotangents(result)


def _shares(count: int, size: int, frames: int, mode: Inference, like: Tensor) -> Tensor:
    """How much each place of each window counts in its frame's mel, (W, r)."""
    if mode == "last":
        share = like.new_zeros(count, size)
        share[:, -1] = 1.0
        share[0] = 1.0
        return share
    frame = torch.arange(count, device=like.device)[:, None] + torch.arange(size, device=like.device)
    holding = torch.minimum(frame + 1, frames - frame).clamp(max=min(size, count))
    return 1.0 / holding.to(like)


def _of_sequence(model: AcousticModel, features: Tensor, upstream: Tensor, reach: int) -> Cotangents:
    """A segment about each target's frame, run from the states that the whole recording leads to."""
    count, length = len(features), 2 * reach + 1
    result = features.new_zeros(len(upstream), count, length, features.shape[1])
    frames = torch.arange(count, device=features.device)
    for reverse in (False, True):
        states = _states(model, features, reverse)
        for rows in torch.split(frames, _SEGMENTS_AT_ONCE):
            # Segments near an end are padded by what never enters: their first states are those of their start.
            for group, start, stop in _groups(rows, reach, count, reverse):
                steps = torch.arange(start, stop, device=features.device)
                index = group[:, None] + steps
                block = features[index].requires_grad_()
                before = group + (stop if reverse else start - 1)
                output = _run(model, block, states, before, reverse)
                for number, wanted in enumerate(upstream):
                    slopes = _slopes((output @ model.head.weight.T * wanted[group]).sum(), block)
                    result[number, group, start + reach : stop + reach] += slopes
    return Cotangents(result)


def _groups(rows: Tensor, reach: int, count: int, reverse: bool) -> Iterator[tuple[Tensor, int, int]]:
    """Frames by how far their segments reach to the side that a direction comes from; offsets start to stop."""
    room = torch.clamp(count - 1 - rows if reverse else rows, max=reach)
    for length in sorted(set(room.tolist())):
        group = rows[room == length]
        yield (group, 0, length + 1) if reverse else (group, -length, 1)


def _states(model: AcousticModel, features: Tensor, reverse: bool) -> tuple[Tensor, Tensor]:
    """States h and c of one direction after each frame, (T + 1, H), the last row being that before the first frame."""
    size, cell = model.config.hidden, _cell(model, reverse)
    h = c = features.new_zeros(1, size)
    hs, cs = features.new_zeros(len(features) + 1, size), features.new_zeros(len(features) + 1, size)
    order = range(len(features) - 1, -1, -1) if reverse else range(len(features))
    with torch.no_grad():
        for frame in order:
            h, c = cell(features[frame : frame + 1], (h, c))
            hs[frame], cs[frame] = h[0], c[0]
    return hs, cs


def _run(model: AcousticModel, block: Tensor, states: tuple[Tensor, Tensor], before: Tensor, reverse: bool) -> Tensor:
    """Output (B, H) of one direction at the last frame that it comes to, from the states after frames ``before``."""
    cell = _cell(model, reverse)
    count = len(states[0]) - 1
    # Before the first frame, or after the last one, lies the zero state, which is the last row.
    at = torch.where((before < 0) | (before >= count), count, before)
    h, c = states[0][at], states[1][at]
    length = block.shape[1]
    for place in reversed(range(length)) if reverse else range(length):
        h, c = cell(block[:, place], (h, c))
    return h


def _cell(model: AcousticModel, reverse: bool) -> torch.nn.LSTMCell:
    """One direction's step; its weights are the model's own."""
    end = "_l0_reverse" if reverse else "_l0"
    lstm = model.lstm
    cell = torch.nn.LSTMCell(lstm.input_size, lstm.hidden_size, device="meta")
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, name, torch.nn.Parameter(getattr(lstm, f"{name}{end}").detach(), requires_grad=False))
    return cell


def _of_short(model: AcousticModel, features: Tensor, by_mel: Tensor, mode: Inference) -> Cotangents:
    """Fewer frames than a window holds: the first one is repeated, and enters in several places."""
    count, reach = len(features), len(features) - 1
    leaf = features.clone().requires_grad_()
    mel = model.predict(leaf, mode)
    result = features.new_zeros(len(by_mel), count, 2 * reach + 1, features.shape[1])
    for number, wanted in enumerate(by_mel.to(mel)):
        for frame in range(count):
            slopes = _slopes((mel[frame] * wanted[frame]).sum(), leaf)
            for other in range(count):
                result[number, frame, reach + other - frame] = slopes[other]
    return Cotangents(result)


def _slopes(value: Tensor, leaf: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(value, leaf, retain_graph=True)
    return found
