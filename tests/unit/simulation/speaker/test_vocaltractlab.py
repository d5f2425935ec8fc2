"""VocalTractLab as we use it. Its state is the process's, so every test opens the tract it needs."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.errors import UserError
from rtmri2speech.simulation.speaker.anatomy import Anatomy
from rtmri2speech.simulation.speaker.vocaltractlab import (
    ANATOMY,
    GLOTTIS,
    STATE_SAMPLES,
    TRACT,
    VocalTract,
    peaks,
)
from rtmri2speech.vocal_tract.acoustics.lossless import resonances, sensitivity


@pytest.fixture
def tract() -> VocalTract:
    return VocalTract()


def test_names_are_the_librarys(tract: VocalTract) -> None:
    from vocaltractlab_cython import VocalTractLabApi as vtl

    assert tuple(item["name"] for item in vtl.get_param_info("tract")) == TRACT
    assert tuple(item["name"] for item in vtl.get_param_info("glottis")) == GLOTTIS
    assert len(vtl.get_anatomy_params()) == len(ANATOMY)


def test_formants_of_jd3_are_those_published_with_it(tract: VocalTract) -> None:
    known = {"a": (668, 1195), "i": (210, 2148), "u": (253, 797), "e": (328, 2159), "o": (334, 630)}
    for vowel, (first, second) in known.items():
        found = tract.formants(tract.shape(vowel))
        assert found[0] == pytest.approx(first, abs=6) and found[1] == pytest.approx(second, abs=6)


def test_contours_have_their_fixed_numbers_of_points(tract: VocalTract) -> None:
    for name in ("a", "i", "tt-alveolar-closure(a)", "ll-labial-closure(u)"):
        outlines = tract.outlines(tract.shape(name))
        assert {key: value.shape for key, value in outlines.items()} == {
            "upper": (34, 2),
            "lower": (28, 2),
            "tongue": (37, 2),
            "epiglottis": (7, 2),
        }


def test_tube_and_centre_line_have_one_length(tract: VocalTract) -> None:
    shape = tract.shape("e")
    lengths, areas = tract.tube(shape)
    line = tract.center_line(shape)
    assert lengths.shape == areas.shape == (40,) and line.shape == (129, 5)
    assert lengths.sum() == pytest.approx(line[-1, 4], abs=0.05)


def test_a_plain_tube_has_nearly_the_same_resonances(tract: VocalTract) -> None:
    for vowel in "aiueo":
        shape = tract.shape(vowel)
        plain, full = resonances(*tract.tube(shape), count=2), tract.formants(shape, 2)
        # Walls, losses and side cavities are missing in the plain tube.
        assert np.abs(plain / full - 1).max() < 0.12


def test_sensitivity_foretells_the_transfer_function(tract: VocalTract) -> None:
    """A small movement of the tongue or jaw: dF / F of VocalTractLab's own formants against sum S dA / A."""
    shape = tract.shape("@")
    lengths, areas = tract.tube(shape)
    found = sensitivity(lengths, areas, 2)
    foretold, seen = [], []
    for name, step in (("TCX", 0.15), ("TCX", -0.15), ("TCY", 0.15), ("TCY", -0.15), ("TBY", 0.2), ("TTY", 0.2)):
        moved = shape.copy()
        moved[TRACT.index(name)] += step
        new_lengths, new_areas = tract.tube(moved)
        assert np.abs(new_lengths - lengths).sum() < 0.2
        foretold.append(found.values @ np.log(new_areas / areas))
        seen.append(np.log(tract.formants(moved, 2) / tract.formants(shape, 2)))
    told, real = np.array(foretold), np.array(seen)
    for formant in (0, 1):
        assert np.corrcoef(told[:, formant], real[:, formant])[0, 1] > 0.95
        assert np.abs(told[:, formant] - real[:, formant]).max() < 0.35 * np.abs(real[:, formant]).max() + 0.005


def test_the_same_states_give_the_same_sound(tract: VocalTract) -> None:
    states, glottis = np.tile(tract.shape("a"), (30, 1)), np.tile(tract.glottis("modal"), (30, 1))
    first = tract.synthesize(states, glottis)
    again = VocalTract()
    again.formants(again.shape("i"))
    assert first.shape == (30 * STATE_SAMPLES,) and np.abs(first).max() > 0.01
    assert np.array_equal(first, again.synthesize(states, glottis))


def test_a_tract_that_another_has_replaced_is_not_used(tract: VocalTract) -> None:
    VocalTract()
    with pytest.raises(RuntimeError, match="another"):
        tract.shape("a")


def test_a_missing_speaker_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.speaker: missing"):
        VocalTract(tmp_path / "none.speaker")


@pytest.mark.parametrize("damage", ["empty", "cut", "zeros", "hollow"])
def test_a_damaged_speaker_file_is_told(speaker_path: Path, tmp_path: Path, damage: str) -> None:
    """The library would end the process."""
    whole = speaker_path.read_bytes()
    path = tmp_path / "bad.speaker"
    damages = {"empty": b"", "cut": whole[:3000], "zeros": whole[:3000] + bytes(99) + whole[3099:]}
    path.write_bytes(damages.get(damage, b"<speaker/>"))
    with pytest.raises(UserError, match=r"bad\.speaker: .*no speaker file"):
        VocalTract(path)
    assert VocalTract(speaker_path).shape("a").shape == (19,)


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("vocaltractlab"):
            raise ImportError("No module named 'vocaltractlab_cython'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match="VocalTractLab") as error:
        VocalTract()
    assert "simulate" in error.value.remedy and "\n" not in error.value.problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"pharynx_length": 5.2}, None), ({"palate_depth": 9.0}, "Speaker anna: .*palate_depth = 9")],
)
def test_another_anatomy_in_a_process_of_its_own(tmp_path: Path, change: dict[str, float], problem: str | None) -> None:
    path = tmp_path / "new.speaker"
    program = (
        "from pathlib import Path; from rtmri2speech.simulation.speaker.anatomy import Anatomy\n"
        "from rtmri2speech.simulation.speaker.vocaltractlab import speaker_file_text\n"
        f"anatomy = {{**Anatomy().model_dump(), **{change!r}}}\n"
        f"text = speaker_file_text('anna', anatomy, Path({str(tmp_path / 'scratch')!r}))\n"
        f"Path({str(path)!r}).write_text(text, encoding='utf-8')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    if problem:
        assert done.returncode == 1 and re.search(problem, done.stderr)
        return
    assert done.returncode == 0, done.stderr
    own = VocalTract()
    long = own.tube(own.shape("@"))[0].sum()
    short = VocalTract(path)
    assert short.tube(short.shape("@"))[0].sum() < long - 0.5


def test_the_default_anatomy_is_the_librarys_own(tract: VocalTract) -> None:
    from vocaltractlab_cython import VocalTractLabApi as vtl

    assert list(Anatomy().model_dump().values()) == pytest.approx(vtl.get_anatomy_params().tolist(), abs=1e-3)
    assert tuple(Anatomy.model_fields) == ANATOMY


def test_peaks_lie_between_the_grid_points() -> None:
    frequencies = np.arange(0.0, 3000.0, 10.0)
    magnitude = sum(1.0 / (1.0 + ((frequencies - center) / 40.0) ** 2) for center in (503.0, 1497.0))
    found = peaks(frequencies, np.asarray(magnitude), 3)
    assert found[:2] == pytest.approx([503.0, 1497.0], abs=1.0)
    assert np.isnan(found[2])
