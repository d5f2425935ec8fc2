"""Features of frames to mel spectrogram while they come: the acoustic model's LSTM with a limited look-ahead."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rtmri2speech.models.acoustic import AcousticModel

# Frames that a model which reads whole recordings is given beyond the frame that it predicts.
_OF_SEQUENCE = 3


def full_look_ahead(model: AcousticModel) -> int | None:
    """Frames beyond a frame that its mel depends on, in the way that the model puts windows together.

    ``last`` needs none, ``average`` one less than a window has. ``sequence`` depends on all that come: None.
    """
    mode = model.config.inference
    return {"last": 0, "average": model.config.ref_frames - 1}.get(mode)


def default_look_ahead(model: AcousticModel) -> int:
    """Frames that are waited for unless something else is asked for: 3 for ``sequence``.

    One less than a mel depends on for ``average``: the last of them gains least (0.06 dB, ``benchmarks/live.py loss``),
    and costs 37 ms as each of them does.
    """
    full = full_look_ahead(model)
    return _OF_SEQUENCE if full is None else max(full - 1, 0)


class MelStream:
    """:meth:`AcousticModel.predict` for features that come one after the other.

    ``average``: the mean over those windows that end within the look-ahead; the same as offline where that is one less
    than a window has. ``last`` is the same as offline without any. ``sequence``: the forward direction of the LSTM
    carries its state from frame to frame, the backward one starts anew with every call of :meth:`take`, at the end of
    its look-ahead; the same as offline where that reaches the end of the recording.

    The code of the speaker, where the model has one, is made from the mean of the features that came up to the
    look-ahead: it changes from call to call, less and less. Speech is then the same as offline where the look-ahead
    reaches the end of the recording from its start.

    Args:
        model: in eval mode.
        look_ahead: frames beyond a frame that must have come before its mel is made; more than the mode can use do not
            delay it. By default :func:`default_look_ahead`.

    Attributes:
        look_ahead: frames that a mel waits for.
        done: frames whose mel was taken.
    """

    def __init__(self, model: AcousticModel, look_ahead: int | None = None) -> None:
        full = full_look_ahead(model)
        wanted = default_look_ahead(model) if look_ahead is None else look_ahead
        self.look_ahead = wanted if full is None else min(wanted, full)
        self.done = 0
        self._model = model
        self._features: list[Tensor] = []  # from frame self._first on
        self._sums: list[Tensor] = []  # of all features up to those frames, where there is a code
        self._sum: Tensor | None = None  # of all that came, whichever of those are kept
        self._first = 0
        self._pushed = 0
        self._finished = False
        self._windows = _Windows(model)
        self._directions = _Directions(model) if model.config.inference == "sequence" else None

    def push(self, feature: Tensor) -> None:
        """The next frame's feature vector (C,), on the model's device."""
        if self._model.speaker is not None:
            # In double precision, which an hour of frames does not exhaust.
            self._sum = feature.double() if self._sum is None else self._sum + feature
            self._sums.append(self._sum)
        self._features.append(feature)
        self._pushed += 1

    def finish(self) -> None:
        """No more frames come: the mel of all that came can be taken."""
        self._finished = True

    @property
    def ready(self) -> int:
        """Frames, counted from the start, whose mel can be made."""
        if self._finished:
            return self._pushed
        # The first frames are predicted in the first full window.
        return max(self._pushed - self.look_ahead, 0) if self._pushed >= self._model.config.ref_frames else 0

    @torch.inference_mode()
    def take(self, stop: int) -> Tensor:
        """Mel (n, M) of the frames from those taken before to ``stop``, float32 dB.

        It does not depend on frames that came beyond the look-ahead of ``stop - 1``.

        Raises:
            ValueError: when ``stop`` is more than are :attr:`ready`.
        """
        if stop > self.ready:
            raise ValueError(f"{stop} frames are asked for, {self.ready} are ready")
        if self._pushed < self._model.config.ref_frames:
            made = self._model.predict(torch.stack(self._features))[self.done : stop]
        elif self._directions is not None:
            made = self._model.scaler.inverse(self._sequence(self._directions, stop).float())
        else:
            made = self._model.scaler.inverse(self._overlapping(stop))
        self.done = stop
        self._forget(stop - self._model.config.ref_frames + 1)
        return made

    def _sequence(self, directions: _Directions, stop: int) -> Tensor:
        return directions.decode(self._read(self.done, stop + self.look_ahead, stop), stop - self.done)

    def _read(self, start: int, end: int, stop: int) -> Tensor:
        """Features of frames, with the code of the speaker as far as it is known when ``stop`` is taken."""
        read = torch.stack(self._features[start - self._first : end - self._first])
        if self._model.speaker is None:
            return read
        known = min(stop + self.look_ahead, self._pushed)
        mean = (self._sums[known - 1 - self._first] / known).to(read.dtype)
        return self._model.with_speaker(read[None], mean[None])[0]

    def _overlapping(self, stop: int) -> Tensor:
        size = self._model.config.ref_frames
        # The window that ends with the last frame that may be read; the first one is read whole in any case.
        last = max(min(stop + self.look_ahead, self._pushed), size) - size
        if last >= self._windows.decoded:
            self._windows.decode(self._read(self._windows.decoded, last + size, stop), self.done)
        return self._windows.take(self.done, stop)

    def _forget(self, first: int) -> None:
        gone = min(max(first - self._first, 0), len(self._features))
        del self._features[:gone], self._sums[:gone]
        self._first += gone


class _Windows:
    """Windows of features with their code, decoded one after the other, and what they say of each frame."""

    def __init__(self, model: AcousticModel) -> None:
        self.decoded = 0  # windows
        self._model = model
        self._said: dict[int, list[Tensor]] = {}  # frame to rows, the latest window's last

    def decode(self, features: Tensor, taken: int) -> None:
        """All windows (n, r, C) in features (n + r - 1, C), the next ones; so many frames' mel was taken already."""
        model, size = self._model, self._model.config.ref_frames
        rows = model.decode(model.windows(features[None])[0]).float()
        for window, decoded in enumerate(rows, self.decoded):
            # In the mode `last` a window says something of its last frame only, the first one of all.
            start = size - 1 if model.config.inference == "last" and window else 0
            # With less look-ahead than a window has, its first frames are gone: nobody would take what it says of them.
            for place in range(max(start, taken - window), size):
                self._said.setdefault(window + place, []).append(decoded[place])
        self.decoded += len(rows)

    def take(self, start: int, stop: int) -> Tensor:
        """Scaled mel (n, M): means of what was said of the frames."""
        return torch.stack([torch.stack(self._said.pop(frame)).mean(dim=0) for frame in range(start, stop)])


class _Directions:
    """The two directions of the LSTM, each by itself."""

    def __init__(self, model: AcousticModel) -> None:
        self._model = model
        self._ahead = _direction(model.lstm, "")
        self._back = _direction(model.lstm, "_reverse")
        self._state: tuple[Tensor, Tensor] | None = None

    def decode(self, features: Tensor, count: int) -> Tensor:
        """Scaled mel (n, M) of the first ``count`` of the features (L, C); the others are looked ahead at."""
        ahead, self._state = self._ahead(features[None, :count], self._state)
        back, _ = self._back(features[None].flip(1))
        both = ahead + back.flip(1)[:, :count]
        scaled: Tensor = self._model.head(self._model.dropout(both))[0]
        return scaled


def _direction(lstm: nn.LSTM, suffix: str) -> nn.LSTM:
    weight = lstm.weight_ih_l0
    assert isinstance(weight, Tensor)
    one = nn.LSTM(lstm.input_size, lstm.hidden_size, batch_first=True).to(weight.device, weight.dtype)
    one.load_state_dict({f"{name}_l0": getattr(lstm, f"{name}_l0{suffix}").detach() for name in _LSTM_PARTS})
    return one.eval().requires_grad_(False)


_LSTM_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
