"""``plausibility``: from a model and videos to a result that a notebook can use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.analysis.validation.plausibility import plausibility
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
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


def test_a_real_speakers_vowels(saved: Model, talker: Path, tmp_path: Path) -> None:
    grid = tmp_path / "t.TextGrid"
    write_textgrid(interval_grid({"phones": [(0.1, 0.5, "i"), (0.6, 1.0, "a"), (1.2, 1.6, "s")]}, 2.5), grid)
    found = plausibility(saved, talker, target="centroid", stride=8, regions="template", textgrid=grid)
    assert repr(found) == "Plausibility(1 videos, vowels a i, 5 places)"
    assert "data:image/png;base64," in found._repr_html_()
    assert [(row["method"], row["band"]) for row in found.rows()] == [
        (method, band) for method in ("gradcam", "hirescam") for band in ("F1", "F2", "all")
    ]
    vowels = found.vowel_rows()
    assert {row["vowel"] for row in vowels} == {"a", "i"}
    for row in vowels:
        assert sum(float(row[f"found_{place}"] or 0) for place in found.places) == pytest.approx(1.0)
    assert isinstance(found.show(), Drawing)


def test_what_cannot_be_done(saved: Model, talker: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`regions` and `textgrid`"):
        plausibility(saved, talker, regions="template")
    with pytest.raises(ConfigError, match="`regions` fits one video"):
        plausibility(saved, [talker, talker], regions="template", textgrid=tmp_path / "t.TextGrid")
    with pytest.raises(ConfigError, match="`bands`: 1 given"):
        plausibility(saved, talker, bands={"F1": (300, 900)})
    with pytest.raises(ConfigError, match=r"talker\.npz"):
        plausibility(saved, talker)
