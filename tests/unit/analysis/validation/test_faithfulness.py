"""``faithfulness``: from a model and a video to a result that a notebook can use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.validation.faithfulness import Faithfulness, faithfulness
from rtmri2speech.drawing.style import Drawing
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.signal.frames import FrameConfig


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, make_bundle: Callable[..., Bundle]) -> Model:
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    save_bundle(make_bundle("acoustic", frames=FrameConfig(size=64)), path)
    return load_model(path, "cpu")


@pytest.fixture(scope="module")
def result(saved: Model, talker: Path) -> Faithfulness:
    return faithfulness(saved, talker, target=["energy", "log-energy"], stride=8, frames=2, bands={"F1": (300, 900)})


def test_rows_are_a_table_and_the_figure_a_drawing(result: Faithfulness) -> None:
    rows = result.rows()
    assert [(row["method"], row["target"], row["cell_pixels"], row["band"]) for row in rows] == [
        (method, target, stride, band)
        for target in ("energy", "log-energy")
        for method, stride in (("gradcam", 32), ("hirescam", 8))
        for band in ("F1", "all")
    ]
    assert all(isinstance(row["deletion_vs_best"], float) for row in rows)
    assert isinstance(result.show(), Drawing)
    assert repr(result) == "Faithfulness('talker.mp4', 2 frames, 4 kinds of map)"
    assert "data:image/png;base64," in result._repr_html_()


def test_energy_and_its_level_share_the_order_of_pixels(result: Faithfulness) -> None:
    energy, level = (result.curves.maps[key] for key in result.layout.keys if key[0].stride == 8)
    assert energy is level
    of_energy, of_level = (result.layout.numbers(kind)[0] for kind in ("energy", "log-energy"))
    assert not np.allclose(energy.deletion[of_energy], energy.deletion[of_level])


def test_what_cannot_be_done(saved: Model, talker: Path) -> None:
    with pytest.raises(ConfigError, match="`frames=0`"):
        faithfulness(saved, talker, frames=0)
    with pytest.raises(ConfigError, match="`target=loudness`"):
        faithfulness(saved, talker, target="loudness")  # type: ignore[arg-type]
