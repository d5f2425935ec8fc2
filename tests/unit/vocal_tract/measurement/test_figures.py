"""Figures of a tract show the numbers that it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from made_tracts import SIZE, made_tract, voice_of
from rtmri2speech.drawing.style import new_drawing
from rtmri2speech.vocal_tract.measurement.figures import plot_recording, tract_figure


def test_a_frame_has_its_areas_and_its_point() -> None:
    tract = made_tract(10, closed=(7,))
    seen, area, plane = tract.show(7, np.full((SIZE, SIZE), 90, np.uint8)).axes
    assert "frame 7" in seen.get_title() and seen.get_xlim() == (0, SIZE)
    band, curve = area.patches
    assert curve.get_data().values == pytest.approx(tract.area[7])
    assert band.get_data().values == pytest.approx(tract.area_range[7, :, 1])
    assert area.lines[-1].get_xdata() == pytest.approx([16.0 * 39.5 / 40]), "the closed section is marked"
    point = plane.lines[-1]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == pytest.approx(tract.formants[7, [1, 0]])
    assert point.get_markerfacecolor() == "white", "closed"
    assert plane.get_xlim()[0] > plane.get_xlim()[1], "F2 runs to the left"


def test_frames_count_from_the_end_too_and_others_are_refused() -> None:
    tract = made_tract(4)
    assert "frame 3" in tract_figure(tract, -1).axes[0].get_title()
    with pytest.raises(IndexError):
        tract_figure(tract, 4)


def test_a_frame_without_a_tract_says_so() -> None:
    tract = made_tract(3)
    unknown = {name: np.full_like(getattr(tract, name), np.nan) for name in ("midline", "length", "formants")}
    _, area, plane = tract_figure(replace(tract, **unknown), 1).axes
    assert area.texts[0].get_text() == "no whole tract" and len(plane.lines) == 1


def test_a_recording_over_time_shows_closures_and_formants() -> None:
    tract = made_tract(30, closed=(4, 5))
    figure = new_drawing(8.0, 6.0)
    plot_recording(figure, tract)
    image, measures, formants = figure.axes[:3]
    shown = np.ma.filled(image.images[1].get_array(), np.nan)
    assert np.isnan(shown[-1, 4]) and shown[0, 4] == pytest.approx(tract.area[4, 0])
    assert image.images[0].get_array()[-1, 4] == 0.0, "black below"
    assert len(measures.lines) == 5 and measures.lines[0].get_ydata() == pytest.approx(
        tract.measures["lip_aperture_mm"]
    )
    solid = formants.lines[1].get_ydata()
    assert np.isnan(solid[4]) and solid[6] == pytest.approx(tract.formants[6, 0])


def test_with_its_sound_the_spectrogram_lies_below() -> None:
    pytest.importorskip("parselmouth", reason="Praat is not installed")
    from rtmri2speech.vocal_tract.against_sound.comparison import compare_formants

    tract = made_tract(20)
    figure = new_drawing(8.0, 6.0)
    plot_recording(figure, tract, compare_formants(tract, voice_of(tract)))
    assert len(figure.axes[2].images) == 1 and figure.axes[2].get_ylim()[1] == 5000.0
