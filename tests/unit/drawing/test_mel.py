"""Pictures of mel spectrograms."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from rtmri2speech.drawing import fonts
from rtmri2speech.drawing.mel import draw_mel, mel_figure
from rtmri2speech.errors import UserError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db

FEATURES = FeatureConfig()


@pytest.fixture
def mel() -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-90, 0, (54, FEATURES.n_mels)).astype(np.float32)


@pytest.mark.parametrize(("n_frames", "inches"), [(1, 6.0), (54, 6.0), (272, 12.0), (5000, 24.0)])
def test_the_width_grows_with_the_length_within_limits(tmp_path: Path, n_frames: int, inches: float) -> None:
    mel = np.linspace(-80, 0, n_frames * FEATURES.n_mels, dtype=np.float32).reshape(n_frames, -1)
    draw_mel(tmp_path / "sub" / "mel.png", mel, FEATURES, "title")
    with Image.open(tmp_path / "sub" / "mel.png") as picture:
        width, height = picture.size
        assert picture.format == "PNG" and len(np.unique(np.asarray(picture.convert("L")))) > 20
    assert width == pytest.approx(110 * inches, rel=0.01) and height == round(110 * 3.6)
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["mel.png"]


@pytest.mark.parametrize("hertz", [300.0, 900.0, 2500.0, 4000.0])
def test_a_tone_lies_at_its_tick(hertz: float) -> None:
    time = np.arange(2 * FEATURES.sample_rate) / FEATURES.sample_rate
    tone = mel_db(torch.from_numpy(0.5 * np.sin(2 * np.pi * hertz * time).astype(np.float32)), FEATURES).numpy()
    figure = mel_figure(tone, FEATURES, "tone")
    axes = figure.axes[0]
    ticks = {label.get_text(): place for label, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    assert abs(ticks[f"{hertz:.0f}"] - int(tone[len(tone) // 2].argmax())) <= 1.0
    assert "Hz" in axes.get_ylabel()
    # Every tick lies inside the picture, none above the Nyquist frequency.
    assert all(0 <= place <= FEATURES.n_mels - 1 for place in ticks.values()) and "8000" not in ticks


def test_time_is_in_seconds_and_low_frequencies_are_at_the_bottom(mel: NDArray[np.float32]) -> None:
    figure = mel_figure(mel, FEATURES, "title")
    (image,) = figure.axes[0].images
    left, right, bottom, top = image.get_extent()
    assert left == 0.0 and right == pytest.approx(54 * 420 / 11413) and bottom < top
    assert image.origin == "lower" and np.array_equal(np.asarray(image.get_array()), mel.T)
    assert figure.axes[0].get_xlabel() == "time (s)"


TITLES = ["a$b.mp4", "$x$ and $y_1$.mp4", r"\$100^{.mp4", "a_b^c%.mp4", "é ß ʃ ɑ.mp4"]


@pytest.mark.parametrize("title", TITLES)
def test_file_names_are_shown_as_they_are(mel: NDArray[np.float32], title: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = mel_figure(mel, FEATURES, title)
        figure.draw_without_rendering()
    shown = figure.axes[0].title
    assert shown.get_text() == title and not shown.get_parse_math()


@pytest.mark.parametrize("title", ["発話データ.mp4", "말소리.mp4", "😀 talk.mp4", "tab\there.mp4"])
def test_letters_without_a_glyph_draw_no_empty_boxes(mel: NDArray[np.float32], title: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = mel_figure(mel, FEATURES, title)
        figure.draw_without_rendering()
    text = figure.axes[0].title.get_text()
    assert len(text) == len(title) and text.endswith(".mp4")
    assert all(one in (other, "?") for one, other in zip(text, title, strict=True))


def test_letters_that_an_installed_font_has_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # A font that every Matplotlib brings stands in for a Japanese one: it has a letter that the first lacks.
    monkeypatch.setattr(fonts, "_FONT", "cmr10")
    assert fonts.drawable("aʃ")[0] == "a?"
    monkeypatch.setattr(fonts, "_CJK_FONTS", ("No Such Font", "DejaVu Sans"))
    assert fonts.drawable("aʃ") == ("aʃ", ["cmr10", "DejaVu Sans"])


def test_a_constant_spectrogram_is_drawn(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_mel(tmp_path / "flat.png", np.full((10, FEATURES.n_mels), -100, np.float32), FEATURES, "flat")
    assert (tmp_path / "flat.png").stat().st_size > 1000


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, mel: NDArray[np.float32]) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"mel\.png: cannot be written"):
        draw_mel(tmp_path / "file" / "mel.png", mel, FEATURES, "title")
