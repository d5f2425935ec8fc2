"""Error rates of recordings before and after the noise is taken off."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.intelligibility.of_check import DENOISED, check_with_recognizer

# Recognizes "one two" in soft sounds, which the denoiser below makes of all, and "one" in others.
EARS = """
import sys, wave, array
with wave.open(sys.argv[1]) as file:
    samples = array.array("h", file.readframes(file.getnframes()))
print("one two" if max(samples) < 3000 else "one")
"""
SOFT = """
import sys, wave, array
with wave.open(sys.argv[1]) as file:
    params, samples = file.getparams(), array.array("h", file.readframes(file.getnframes()))
with wave.open(sys.argv[2], "wb") as file:
    file.setparams(params)
    file.writeframes(array.array("h", [value // 100 * 3 for value in samples]).tobytes())
"""


@pytest.fixture
def command(tmp_path: Path) -> dict[str, str]:
    lines = {}
    for name, code in (("recognizer", EARS), ("denoise", SOFT)):
        path = tmp_path / f"{name}.py"
        path.write_text(code, encoding="utf-8")
        lines[name] = f'command:"{sys.executable}" -S "{path}"'
    return lines


def test_words_are_counted_before_and_after(talker: Path, tmp_path: Path, command: dict[str, str]) -> None:
    folder = Path(shutil.copytree(talker.parent, tmp_path / "videos"))
    (folder / "talker.txt").write_text("One two.", encoding="utf-8")
    report, spoken = check_with_recognizer(folder, command["recognizer"], workers=1, denoise=command["denoise"])
    assert report.wrong == 0 and spoken is not None
    assert spoken.value("recorded", "wer") == 0.5 and spoken.value(DENOISED, "wer") == 0.0
    table = tmp_path / "texts.csv"
    table.write_text("talker,one\n", encoding="utf-8")
    _, spoken = check_with_recognizer(folder, command["recognizer"], texts=table, workers=1, denoise=command["denoise"])
    assert spoken is not None and spoken.value("recorded", "wer") == 0.0 and spoken.value(DENOISED, "wer") == 1.0


def test_without_a_recognizer_or_a_denoiser(talker: Path) -> None:
    report, spoken = check_with_recognizer(talker, None, workers=1, denoise="spectral")
    assert spoken is None and report.facts[0].effect is not None and report.facts[0].effect.recognized == ()
    with pytest.raises(ConfigError, match="nothing to compare"):
        check_with_recognizer(talker, "command:x", workers=1)
