"""The shipped default speaker, and a fit of one vowel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.speaker import voice as module
from rtmri2speech.simulation.speaker import vowel_fitting
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract
from rtmri2speech.simulation.speaker.voice import PLACES, Voice, make_voice
from rtmri2speech.simulation.speaker.vowel_fitting import VOWELS, VowelFit, vowel_targets


def test_targets_go_with_the_length_of_the_tract() -> None:
    male, female = vowel_targets(16.0), vowel_targets(14.0)
    assert male["a"][:2] == pytest.approx([753.0, 1385.0])
    for vowel in VOWELS:
        assert female[vowel] / male[vowel] == pytest.approx(16 / 14)
        assert (np.diff(male[vowel]) > 0).all()


def test_vowels_reach_their_formants(voice: Voice, speaker_path: Path) -> None:
    tract = VocalTract(speaker_path)
    for vowel in VOWELS:
        fit = voice.vowels[vowel]
        assert np.abs(fit.errors[:2]).max() < 0.02
        # What is stored is what the tract gives.
        assert tract.formants(fit.tract, 3) == pytest.approx(fit.formants, rel=1e-6)
        assert tract.tube(fit.tract)[1].min() > 0.2


def test_japanese_u_is_unrounded_and_the_vowels_are_distinct(voice: Voice) -> None:
    lip = TRACT.index("LP")
    own = VocalTract()
    assert voice.vowels["u"].tract[lip] < own.shape("u")[lip] - 0.5
    plane = np.log([voice.vowels[vowel].formants[:2] for vowel in VOWELS])
    apart = np.linalg.norm(plane[:, None] - plane[None], axis=-1)[np.triu_indices(5, 1)]
    assert apart.min() > 0.25


def test_one_vowel_fitted_afresh(speaker_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vowel_fitting, "VOWELS", ("i",))
    fit = module.fit_speaker(speaker_path)["i"]
    assert np.abs(fit.errors[:2]).max() < 0.02


def test_consonants_close_where_they_are_made(voice: Voice, speaker_path: Path) -> None:
    tract = VocalTract(speaker_path)
    where = {"labial": (0.94, 1.0), "alveolar": (0.8, 0.97), "sibilant": (0.8, 0.97), "velar": (0.45, 0.8)}
    assert set(voice.consonants) == {(place, vowel) for place in PLACES for vowel in VOWELS}
    for (place, vowel), shape in voice.consonants.items():
        lengths, areas = tract.tube(shape)
        middle = (np.cumsum(lengths) - lengths / 2) / lengths.sum()
        smallest = areas.min()
        assert (0.1 < smallest < 0.2) if place == "sibilant" else smallest < 1e-3, (place, vowel, smallest)
        low, high = where[place]
        assert low <= middle[areas.argmin()] <= high, (place, vowel, middle[areas.argmin()])


def test_rest_is_closed_at_the_lips_with_the_velum_down(voice: Voice, speaker_path: Path) -> None:
    _, areas = VocalTract(speaker_path).tube(voice.rest)
    assert areas[-2:].min() < 1e-3 and voice.rest[TRACT.index("VO")] > 0.3


def test_a_voice_survives_its_file(voice: Voice) -> None:
    text = voice.to_json()
    again = Voice.from_json(text)
    assert again.to_json() == text and again.speaker == voice.speaker
    for bad in ("", "{}", "[]", text.replace('"version": 1', '"version": 0'), text[: len(text) // 2]):
        with pytest.raises(ValueError):
            Voice.from_json(bad)


def test_an_anatomy_that_cannot_speak_is_refused(
    voice: Voice, speaker_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = {name: VowelFit(fit.tract, fit.target, fit.formants * 1.2) for name, fit in voice.vowels.items()}
    monkeypatch.setattr(module, "shipped_vowels", lambda who: missed)
    with pytest.raises(ConfigError, match="cannot say"):
        make_voice(voice.speaker, speaker_path)
    monkeypatch.undo()
    standing = {place: ({}, where) for place, (_, where) in module._CLOSING.items()}
    monkeypatch.setattr(module, "_CLOSING", standing)
    with pytest.raises(ConfigError, match="makes no alveolar closure"):
        module._closed(VocalTract(speaker_path), voice.vowels["a"].tract, "alveolar", "she")
