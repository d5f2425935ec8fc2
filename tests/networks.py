"""Small networks for tests of maps, with maps of theirs that are right or wrong."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.analysis.validation.probe import FrameProbe
from rtmri2speech.arrays import Float32, Float64

SIZE = 32
# Off the middle, so that whoever looks at the center is wrong.
SQUARE = (slice(2, 10), slice(20, 28))
RIGHT, WRONG = "right", "wrong"


class Linear:
    """A network whose target is the sum of a frame's pixels times known weights, and maps of two kinds."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        frames = torch.from_numpy(rng.integers(40, 256, (5, SIZE, SIZE)).astype(np.uint8)).float() / 255
        self.weights: Float64 = np.zeros((SIZE, SIZE))
        self.weights[SQUARE] = rng.normal(size=(8, 8)) + 3.0
        weights = torch.from_numpy(self.weights)
        self.probe = FrameProbe(lambda some: (some.double() * weights).sum(dim=(1, 2)), frames, in_sequence=True)

    def maps(self, numbers: list[int]) -> dict[str, Float64]:
        """Gradient times input, which is exact, and maps that point everywhere but there."""
        true = np.stack([self.weights * self.probe.frame(number).numpy() for number in numbers])
        return {WRONG: np.asarray(1.0 - (true != 0)), RIGHT: true}


class Regressor(nn.Module):
    """Two convolutions with BatchNorm and a linear layer: frames (n, H, W) to two numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.head = nn.Linear(8 * (SIZE // 4) ** 2, 2)

    def forward(self, frames: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.first(frames[:, None])))
        return self.head(torch.relu(self.second(hidden)).flatten(1))


def trained_regressor() -> tuple[Regressor, Tensor]:
    """A regressor that has learned the brightness of two squares, and frames (12, H, W) of its kind."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    model = Regressor()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        frames = patches(32, generator)
        wanted = torch.stack([frames[:, *SQUARE].mean(dim=(1, 2)), frames[:, 20:28, 4:12].mean(dim=(1, 2))], dim=1)
        loss = (3 * (model(frames) - wanted)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval(), patches(12, generator)


def patches(count: int, generator: torch.Generator) -> Tensor:
    """Frames (n, H, W) of even patches of 4 x 4 pixels."""
    coarse = torch.rand(count, SIZE // 4, SIZE // 4, generator=generator)
    return coarse.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)


def gradient_times_input(model: nn.Module, frames: Tensor, target: int = 0) -> Float32:
    """Signed maps (n, H, W)."""
    leaf = frames.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(leaf)[:, target].sum(), leaf)
    return np.asarray((gradient * leaf).detach().numpy())
