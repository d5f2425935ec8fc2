"""Cascading randomization: of a small network, and what is done to its weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from networks import Regressor, gradient_times_input
from rtmri2speech.analysis.validation.randomization import (
    cascade,
    layers_from_output,
    permute_weights,
    recalibrate_batch_norm,
)
from rtmri2speech.progress import Silent


class Counted(Silent):
    """Progress that counts."""

    done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count


def test_a_networks_maps_change_and_those_that_ignore_it_stay(regressor: tuple[Regressor, Tensor]) -> None:
    network, frames = regressor
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    counted = Counted()

    def make_maps(model: Regressor) -> dict[str, np.ndarray]:
        return {"gradient": gradient_times_input(model, frames), "edges": frames.numpy()}

    found = cascade(network, make_maps, calibrate=lambda model: model(frames), seed=1, progress=counted)
    assert [(one.step, one.key) for one in found] == [
        (step, key) for step in ("head", "second", "norm", "first") for key in ("gradient", "edges")
    ]
    assert counted.done == 4 and not network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    last = {one.key: one for one in found if one.step == "first"}
    assert abs(last["gradient"].rank) < 0.3 and last["edges"].rank > 0.999 and last["edges"].ssim > 0.999
    again = cascade(network, make_maps, calibrate=lambda model: model(frames), seed=1)
    assert found == again != cascade(network, make_maps, calibrate=lambda model: model(frames), seed=2)


def test_layers_run_from_the_output_to_the_input() -> None:
    assert [name for name, _ in layers_from_output(Regressor())] == ["head", "second", "norm", "first"]


def test_weights_are_permuted_among_themselves_by_the_seed() -> None:
    layers = [torch.nn.Linear(6, 5) for _ in range(3)]
    for layer in layers:
        layer.load_state_dict(layers[0].state_dict())
    before = layers[0].weight.detach().clone()
    for layer, seed in zip(layers, (1, 1, 2), strict=True):
        permute_weights(layer, torch.Generator().manual_seed(seed))
    one, same, other = (layer.weight.detach() for layer in layers)
    assert torch.equal(one, same) and not torch.equal(one, other) and not torch.equal(one, before)
    assert torch.equal(one.flatten().sort().values, before.flatten().sort().values)


def test_batch_norm_has_the_statistics_of_one_pass_and_is_in_eval_mode() -> None:
    network, frames = Regressor().eval(), torch.rand(6, 32, 32)
    recalibrate_batch_norm(network, lambda model: model(frames))
    with torch.no_grad():
        expected = network.first(frames[:, None]).mean(dim=(0, 2, 3))
    torch.testing.assert_close(network.norm.running_mean, expected)
    assert not network.norm.training and network.norm.momentum == 0.1
