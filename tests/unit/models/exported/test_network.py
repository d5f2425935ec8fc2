"""A network is used only when it gives what PyTorch gives; whatever goes wrong, PyTorch goes on with a note."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rtmri2speech.models.exported import network
from rtmri2speech.models.exported.backends import IN_TORCH, Wanted
from rtmri2speech.models.exported.network import Part, disagreement, faster

ASKED = Wanted("openvino", asked=True)


def pretend(monkeypatch: pytest.MonkeyPatch, factor: float = 1.0, fails: str = "") -> list[str]:
    """An engine that runs PyTorch, times a factor; what was asked of it."""
    done: list[str] = []
    kept: dict[bytes, Part] = {}

    def export(module: torch.nn.Module, example: torch.Tensor, varying: int) -> bytes:
        done.append("export")
        if fails:
            raise RuntimeError(f"{fails}\nand forty lines more")
        kept[b"network"] = Part("", module, example, varying)
        return b"network"

    def load(exported: bytes, threads: int, dtype: torch.dtype) -> network.Run:
        done.append(f"load {threads} {dtype}")
        with torch.no_grad():
            return lambda given: factor * kept[exported].network(torch.from_numpy(given)).detach().numpy()

    engine = SimpleNamespace(version=lambda: "1", export=export, load=load)
    monkeypatch.setattr(network, "engine_of", lambda name: engine)
    return done


def test_pytorch_asks_nobody(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    done = pretend(monkeypatch)
    assert faster(part, IN_TORCH, []) is None and not done


def test_a_network_is_exported_once(part: Part, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    done, notes = pretend(monkeypatch), []
    for _ in range(2):
        run = faster(part, ASKED, notes)
        assert run is not None
    given = torch.rand(1, 2, 40)
    np.testing.assert_allclose(run(given.numpy()), part.network(given).detach().numpy(), rtol=1e-6)
    assert done == ["export", "load 1 torch.float32", "load 1 torch.float32"] and not notes
    assert [path.name[:23] for path in folder.iterdir()] == ["small-network-openvino-"]


def test_small_networks_are_left_alone_unless_asked_for(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    done = pretend(monkeypatch)
    assert faster(part, Wanted("openvino"), []) is None and not done
    monkeypatch.setattr(network, "LEAST_WEIGHTS", 1)
    assert faster(part, Wanted("openvino"), []) is not None


@pytest.mark.parametrize(
    ("factor", "dtype", "good"), [(1.01, "float32", False), (1.01, "bfloat16", True), (2.0, "bfloat16", False)]
)
def test_what_differs_from_pytorch_is_not_used(
    part: Part, monkeypatch: pytest.MonkeyPatch, folder: Path, factor: float, dtype: str, good: bool
) -> None:
    notes: list[str] = []
    done = pretend(monkeypatch, factor)
    run = faster(part, Wanted("openvino", getattr(torch, dtype), asked=True), notes)
    assert (run is not None) == good and len(list(folder.iterdir())) == good
    assert done == ["export", f"load 1 torch.{dtype}"]
    if not good:
        (note,) = notes
        assert note.startswith("the small network runs with PyTorch") and "differs" in note


class Scaled(torch.nn.Module):
    """What it computes shows neither in its weights nor in its name."""

    factor = 1.0

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.factor * given


def test_what_was_kept_of_another_computation_is_exported_again_once(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    part, done, notes = Part("scaled", Scaled().eval(), torch.rand(1, 2, 16), 2), [], []

    def export(module: Scaled, example: torch.Tensor, varying: int) -> bytes:
        done.append("export")
        return repr(module.factor).encode()

    def load(exported: bytes, threads: int, dtype: torch.dtype) -> network.Run:
        done.append("load")
        return lambda given: np.float32(exported.decode()) * given

    engine = SimpleNamespace(version=lambda: "1", export=export, load=load)
    monkeypatch.setattr(network, "engine_of", lambda name: engine)
    expected = {1.0: ["export", "load"], 2.0: ["load", "export", "load"]}
    for factor, steps in expected.items():
        part.network.factor = factor
        for again in (steps, ["load"]):
            run = faster(part, ASKED, notes)
            assert run is not None and run(np.ones(1, np.float32)) == factor
            assert done == again and len(list(folder.iterdir())) == 1
            done.clear()
    assert notes == []


def test_another_version_of_the_program_exports_for_itself(
    part: Part, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    done = pretend(monkeypatch)
    for version in ("1", "2", "1"):
        monkeypatch.setattr(network, "__version__", version)
        assert faster(part, ASKED, []) is not None
    assert done.count("export") == 2 and len(list(folder.iterdir())) == 2


def test_what_fails_is_a_note_of_one_line(part: Part, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    notes: list[str] = []
    pretend(monkeypatch, fails="no such operation")
    assert faster(part, ASKED, notes) is None
    assert notes == ["the small network runs with PyTorch, since openvino cannot be used: no such operation"]
    assert not folder.exists()


def test_disagreement_is_a_share_of_the_spread() -> None:
    true = np.array([1.0, -1.0, 1.0, -1.0], np.float32)
    assert disagreement(true + np.float32(0.1), true) == pytest.approx(0.1)
    assert disagreement(true[:2], true) == float("inf")
    assert not disagreement(np.full(4, np.nan, np.float32), true) <= 1.0
