"""Two folders compared: measures with floor, error rates, files, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.sounds.compare import evaluate_sounds
from rtmri2speech.evaluation.sounds.results import SoundEvaluation
from tables import rows_of

pytest.importorskip("parselmouth", reason="Praat (extra phonetics) is not installed")


def compared(folders: tuple[Path, Path], out: Path | None = None, **options: object) -> SoundEvaluation:
    return evaluate_sounds(*folders, out, workers=1, **options)  # type: ignore[arg-type]


def test_measures_floor_and_files(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (folders[0] / "lost.wav").write_bytes((folders[0] / "a.wav").read_bytes())
    found = compared(folders, tmp_path / "out")
    assert found.rate == 11025 and [row["name"] for row in found.rows()] == ["a", "b", "c"]
    same, softer, noise = found.rows()
    assert same["stoi"] > 0.99 and noise["stoi"] < 0.6 and same["floor_stoi"] < 0.8  # type: ignore[operator]
    assert softer["level_db"] == pytest.approx(-6.02, abs=0.05) and softer["mcd_db"] < 0.3  # type: ignore[operator]
    assert noise["f0_correlation"] is None and same["f0_correlation"] == pytest.approx(1.0, abs=0.01)
    stoi = next(row for row in found.summary() if row["measure"] == "stoi")
    assert stoi["low"] < stoi["generated"] < stoi["high"] and stoi["files"] == 3  # type: ignore[operator]
    about = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert (about["kind"], about["only_reference"], about["sample_rate"]) == ("sounds", ["lost.wav"], 11025)
    assert "1 recording(s) without a made sound, not compared: lost.wav" in about["notes"]
    assert {"mcd_db", "f0_correlation", "floor", "sample_rate", "lag_ms"} <= about["definitions"].keys()
    assert float(rows_of(tmp_path / "out" / "sounds.csv")[0]["stoi"]) == pytest.approx(same["stoi"], rel=1e-5)


def test_a_recognizer_reads_both_sounds(folders: tuple[Path, Path], tmp_path: Path) -> None:
    # It knows the utterances by their lengths, and finds nothing in noise, which is louder.
    code = "import array, sys, wave\nw = wave.open(sys.argv[1])\na = array.array('h', w.readframes(w.getnframes()))\n"
    code += (
        "loud = sum(map(abs, a)) / len(a)\nprint('' if loud > 1500 else 'Text ' + chr(89 + round(len(a) / 1600)) + '.')"
    )
    (tmp_path / "recognizer.py").write_text(code, encoding="utf-8")
    line = f'command:"{sys.executable}" -S "{tmp_path / "recognizer.py"}"'
    found = compared(folders, tmp_path / "out", recognizer=line, protocol="mri2speech2025")
    spoken = found.intelligibility
    assert spoken is not None
    said = [one.truth.text for one in spoken.utterances if one.truth is not None]
    assert said == ["text a", "text b", "text c"]
    assert {row["sound"] for row in rows_of(tmp_path / "out" / "texts.csv")} == {"recorded", "generated"}
    rates = [spoken.value(sound, "wer") for sound in ("recorded", "generated", "shuffled")]
    assert rates == pytest.approx([0.0, 2 / 6, 4 / 6])
    assert found.comparison is not None
    (figure,) = found.comparison.rows()
    assert figure["found"] == pytest.approx(spoken.value("generated", "wer")) and figure["paper_low"] == 0.1518
    about = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert about["intelligibility"]["recognizer"] == line and about["published"]["name"] == "mri2speech2025"


def test_a_file_that_fails_does_not_keep_the_others(folders: tuple[Path, Path]) -> None:
    (folders[1] / "b.wav").write_bytes((folders[1] / "b.wav").read_bytes()[:200])
    found = compared(folders)
    assert [row["name"] for row in found.rows()] == ["a", "c"]
    ((path, error),) = found.failures
    assert path == folders[1] / "b.wav" and "b.wav" in error.problem


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_without_a_rate_does_not_keep_the_others(folders: tuple[Path, Path], side: int) -> None:
    empty = folders[side] / "b.wav"
    empty.write_bytes(b"")
    found = compared(folders)
    assert [row["name"] for row in found.rows()] == ["a", "c"] and found.rate == 11025
    ((path, error),) = found.failures
    assert path == folders[1] / "b.wav" and str(empty) in error.problem


def test_options_that_cannot_be(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError, match=r"`sample_rate=16000`: not between 6000 and 11025 Hz"):
        compared(folders, sample_rate=16000)
    with pytest.raises(ConfigError, match="`protocol=me2020`: no such paper"):
        compared(folders, protocol="me2020")
    with pytest.raises(ConfigError, match="`texts=x`: without a recognizer"):
        compared(folders, texts="x")
    with pytest.raises(UserError, match="nowhere: no such file or folder"):
        compared(folders, recognizer="command:x", texts="nowhere")
