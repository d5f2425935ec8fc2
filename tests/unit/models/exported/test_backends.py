"""Backends by name: what `auto` is where, and what is refused in one line with what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from rtmri2speech.errors import UserError
from rtmri2speech.models.exported import backends
from rtmri2speech.models.exported.backends import IN_TORCH, Wanted, choose_backend, in_words

CPU, GPU = torch.device("cpu"), torch.device("cuda")
BF16, FLOAT = torch.bfloat16, torch.float32


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What this machine has; a test takes away."""
    found = {"openvino", "onnx", "bfloat16"}
    monkeypatch.setattr(backends, "installed", lambda engine: engine in found)
    monkeypatch.setattr(backends, "has_bfloat16", lambda: "bfloat16" in found)
    return found


@pytest.mark.parametrize(
    ("name", "dtype", "expected"),
    [
        ("torch", FLOAT, IN_TORCH),
        ("auto", FLOAT, Wanted("openvino", FLOAT)),
        ("auto", BF16, Wanted("openvino", BF16)),
        ("openvino", BF16, Wanted("openvino", BF16, asked=True)),
        ("openvino", FLOAT, Wanted("openvino", FLOAT, asked=True)),
        ("onnx", FLOAT, Wanted("onnx", FLOAT, asked=True)),
    ],
)
def test_names(there: set[str], name: str, dtype: torch.dtype, expected: Wanted) -> None:
    assert choose_backend(name, CPU, dtype) == expected


@pytest.mark.parametrize("missing", ["openvino", "bfloat16"])
def test_auto_stays_with_pytorch_where_nothing_is_gained(there: set[str], missing: str) -> None:
    there.remove(missing)
    assert choose_backend("auto", CPU, BF16) == IN_TORCH


def test_auto_on_a_gpu_is_pytorch(there: set[str]) -> None:
    assert choose_backend("auto", GPU) == IN_TORCH


def test_a_processor_without_bfloat16_runs_in_float32_alone(there: set[str]) -> None:
    there.remove("bfloat16")
    assert choose_backend("openvino", CPU) == Wanted("openvino", FLOAT, asked=True)
    assert choose_backend("auto", CPU) == Wanted("openvino", FLOAT)
    with pytest.raises(UserError, match="no bfloat16 instructions") as refused:
        choose_backend("openvino", CPU, BF16)
    assert "`dtype=float32`" in refused.value.remedy


@pytest.mark.parametrize(
    ("name", "device", "dtype", "missing", "problem", "remedy"),
    [
        ("tensorrt", CPU, FLOAT, "", "`backend=tensorrt`: unknown backend", "openvino"),
        ("openvino", CPU, FLOAT, "openvino", "is not installed", "pip install 'rtmri2speech[fast]'"),
        ("onnx", CPU, FLOAT, "onnx", "is not installed", "pip install onnxruntime onnxscript"),
        ("openvino", GPU, FLOAT, "", "runs on the CPU alone", "`device=cpu`"),
        ("onnx", CPU, BF16, "", "float32 alone", "`dtype=float32`"),
    ],
)
def test_what_cannot_be_is_refused(
    there: set[str], name: str, device: torch.device, dtype: torch.dtype, missing: str, problem: str, remedy: str
) -> None:
    there.discard(missing)
    with pytest.raises(UserError) as refused:
        choose_backend(name, device, dtype)
    assert problem in refused.value.problem and remedy in refused.value.remedy


def test_in_words() -> None:
    assert in_words(IN_TORCH) == "torch"
    assert in_words(Wanted("openvino", BF16)) == "openvino, bfloat16"
    assert [one.name for one in (IN_TORCH, Wanted("onnx"), Wanted("onnx", asked=True))] == ["torch", "auto", "onnx"]


@pytest.mark.process
def test_openvino_is_imported_late_and_reports_nothing_to_its_makers() -> None:
    pytest.importorskip("openvino")
    program = (
        "import sys\n"
        "from rtmri2speech.models.exported import backends, stages\n"
        "assert 'openvino' not in sys.modules\n"
        "backends.has_bfloat16()\n"
        "assert 'openvino' in sys.modules and sys.modules['openvino_telemetry'] is None\n"
        "import openvino.tools.ovc.telemetry_utils as used\n"
        "assert used.tm.__name__.endswith('telemetry_stub')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
