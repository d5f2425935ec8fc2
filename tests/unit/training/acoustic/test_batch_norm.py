"""Running statistics are those of the whole batch, however it is cut."""

from __future__ import annotations

import torch
from torch import nn

from rtmri2speech.training.acoustic.batch_norm import StepStatistics


def network() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(3, momentum=0.1), nn.ReLU(), nn.BatchNorm2d(3, momentum=0.3))


def run(passes: list[torch.Tensor], layers: nn.Module) -> None:
    statistics = StepStatistics(layers)
    statistics.begin(len(passes), world=1)
    for part in passes:
        statistics.next_pass()
        layers(part)
    statistics.finish(lambda values: values)


def test_equal_passes_move_the_mean_as_one_pass_would() -> None:
    torch.manual_seed(0)
    batch = torch.randn(8, 3, 4, 4)
    whole, cut = network(), network()
    run([batch], whole)
    run(list(batch.split(2)), cut)
    torch.testing.assert_close(cut[0].running_mean, whole[0].running_mean)
    # Of two steps, as PyTorch: (1 - m) * before + m * now.
    torch.testing.assert_close(whole[0].running_mean, 0.1 * batch.mean((0, 2, 3)))
    assert [layer.momentum for layer in cut if isinstance(layer, nn.BatchNorm2d)] == [0.1, 0.3]


def test_the_order_of_passes_does_not_matter() -> None:
    torch.manual_seed(1)
    parts = list(torch.randn(6, 3, 4, 4).split(2))
    one, other = network(), network()
    for _ in range(3):
        run(parts, one)
        run(parts[::-1], other)
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name])


def test_processes_have_the_statistics_of_all() -> None:
    torch.manual_seed(2)
    parts = list(torch.randn(6, 3, 4, 4).split(2))
    alone, first = network(), network()
    run(parts, alone)
    # What the second process would send: its own sum and its number of passes.
    second = network()
    sent: list[torch.Tensor] = []
    for part, layers, add_up in (
        (parts[2:], second, lambda values: (sent.append(values), values)[1]),
        (parts[:2], first, lambda values: values + sent[0]),
    ):
        statistics = StepStatistics(layers)
        statistics.begin(len(part), world=2)
        for piece in part:
            statistics.next_pass()
            layers(piece)
        statistics.finish(add_up)
    for name, value in alone.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(first.state_dict()[name], value)


def test_a_network_without_batch_norm_is_left_alone() -> None:
    statistics = StepStatistics(nn.Linear(2, 2))
    statistics.begin(3, world=2)
    statistics.next_pass()
    statistics.finish(lambda values: values)


def test_every_pass_finds_the_same_momentum() -> None:
    """A network that was recorded or compiled keeps the one it had then."""
    found: list[float] = []
    layers = network()
    layers[0].register_forward_pre_hook(lambda layer, _: found.append(layer.momentum))
    run(list(torch.randn(8, 3, 4, 4).split(2)), layers)
    assert len(found) == 4 and len(set(found)) == 1
