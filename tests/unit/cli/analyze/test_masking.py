"""``analyze masking``: from a video to table, figure and sound."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.audio import read_sound
from tables import rows_of

Run = Callable[..., Any]


def test_table_figure_and_sound(run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path) -> None:
    words = ["--model", model_files["synthesizer"], "--region", "tongue", "--alpha", 0.3, "--controls", 1]
    words += ["--device", "cpu", "--fill", "freeze"]
    result = run("analyze", "masking", talker, "--out", tmp_path / "one", "--wavs", *words)
    assert result.code == 0 and result.err == "" and "tongue, freeze, alpha 0.3: F1_level_db" in result.out
    rows = rows_of(tmp_path / "one" / "masking.csv")
    conditions = {(row["region"], row["fill"], row["alpha"]) for row in rows}
    assert conditions == {("tongue", "freeze", alpha) for alpha in ("0.3", "1")}
    untouched = [row for row in rows if row["alpha"] == "1" and row["effect"]]
    assert untouched and all(float(row["effect"]) == float(row["controls_largest"]) == 0 for row in untouched)
    (mcd,) = (row for row in rows if row["measure"] == "mel_mcd_db" and row["alpha"] == "0.3")
    assert float(mcd["effect"]) > 0 and float(mcd["controls_mean"]) > 0
    assert float(mcd["effect_per_pixel"]) == pytest.approx(float(mcd["effect"]) / float(mcd["pixels"]), rel=1e-4)
    assert "sound_mcd_db" in {row["measure"] for row in rows}
    assert Image.open(tmp_path / "one" / "masking.png").size[0] > 400
    about = json.loads((tmp_path / "one" / "masking.json").read_text(encoding="utf-8"))
    assert about["model_sha256"] == hash_files([model_files["synthesizer"]]) and about["provenance"]
    assert about["regions_of"] == "template" and about["regions_sha256"] is None
    assert about["alphas"] == [0.3, 1.0] and len(about["regions"][0]["controls"]) == 1
    sounds = {path.stem: read_sound(path).samples for path in (tmp_path / "one").glob("*.wav")}
    assert len(sounds) == 1 + 2 * 2
    assert (sounds["tongue_freeze_1_control1"] == sounds["unmasked"]).all()
    assert (sounds["tongue_freeze_0.3"] != sounds["unmasked"]).any()
    # Once more without writing the sound: the files are equal to the last bit.
    assert run("analyze", "masking", talker, "--out", tmp_path / "two", *words).code == 0
    names = sorted(path.name for path in (tmp_path / "two").iterdir())
    assert names == ["masking.csv", "masking.json", "masking.png"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_all_regions_of_a_model_without_a_voice(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    words = ["--model", model_files["acoustic"], "--out", tmp_path, "--device", "cpu", "--controls", 1]
    assert run("analyze", "masking", talker, *words).code == 0
    rows = rows_of(tmp_path / "masking.csv")
    assert len({row["region"] for row in rows}) == 7 and {row["alpha"] for row in rows} == {"0", "0.3", "1"}
    assert not any(row["measure"].startswith("sound") for row in rows)


BAD: list[tuple[list[Any], str]] = [
    (["--alpha", 1.3], "--alpha 1.3"),
    (["--region", "nose"], "'nose'"),
    (["--regions", "x.png"], "--regions x.png"),
    (["--regions", "gone.json"], "gone.json"),
    (["--controls", 0], "--controls 0"),
    (["--formant-band", "F1:300-6000"], "F1:300-6000"),
    (["--fill", "glue"], "glue"),
    (["--wavs"], "no vocoder"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path, words: list[Any], named: str
) -> None:
    out = tmp_path / "out"
    result = run("analyze", "masking", talker, "--model", model_files["acoustic"], "--out", out, *words)
    assert named in result.problem and result.remedy
    assert not out.exists()
