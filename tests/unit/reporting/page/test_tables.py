"""Measures, time courses of regions, and where all came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from page_folder import metrics, write_json
from rtmri2speech.data.provenance import MODEL_HASH
from rtmri2speech.errors import DatasetError
from rtmri2speech.reporting.page.collect import ClipFiles
from rtmri2speech.reporting.page.tables import measures_of, origins_of, region_courses

HEAD = "band,frame,time_s,region,share,signed_sum (dB)\n"


def test_courses_are_read_by_band_and_region(tmp_path: Path) -> None:
    table = tmp_path / "x.csv"
    rows = ["F1,0,0.1,lips,0.1,-1", "F1,0,0.1,rest,0.9,2", "F1,1,0.2,lips,0.3,-3", "F1,1,0.2,rest,0.7,4"]
    table.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    course = region_courses(table, 2)["F1"]
    assert course == {"regions": ["lips", "rest"], "share": [[0.1, 0.3], [0.9, 0.7]], "signed": [[-1, -3], [2, 4]]}
    with pytest.raises(DatasetError, match="not of 3 frames"):
        region_courses(table, 3)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD + "F1,0,0.1,lips,much,1\n"])
def test_a_damaged_table_is_an_error(tmp_path: Path, text: str) -> None:
    table = tmp_path / "x.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="does not fit its maps"):
        region_courses(table, 1)


def test_measures_stand_beside_floor_and_ceiling() -> None:
    (table,) = measures_of(metrics(), "evaluation")
    assert table["of"] == {"file": "some.safetensors", "sha256": "", "place": "evaluation"}
    assert (table["group"], table["n"], table["speakers"]) == ("all", 1, ["sp"])
    rows = {row["name"]: row for row in table["rows"]}
    assert list(rows) == ["mcd_db", "stoi", "f0_rmse_hz"], "counts are no measures"
    expected = {"better": "low", "model": 5.0, "low": 4.5, "high": 5.5, "ceiling": 3.0, "floor": 11.0}
    assert expected.items() <= rows["mcd_db"].items() and rows["mcd_db"]["meaning"] == "Mel-cepstral distortion."
    assert rows["stoi"]["better"] == "high" and rows["f0_rmse_hz"]["floor"] is None


def test_a_group_that_is_everyone_is_shown_once() -> None:
    about = metrics()
    about["unseen"] = about["all"]
    assert [table["group"] for table in measures_of(about)] == ["unseen"]
    about["seen"] = {**about["all"], "n_utterances": 3}
    about["all"] = {**about["all"], "n_utterances": 4}
    assert [table["group"] for table in measures_of(about)] == ["all", "seen", "unseen"]


def test_origins_are_named_and_flat(tmp_path: Path) -> None:
    about = {"program": "p 1", "model": "m.safetensors", "card": "", "n_frames": 5, "schema": 1, "method": "gradcam"}
    about["bands"] = [{"name": "F1", "low_hz": 300.0, "high_hz": 900.0}]
    masking = {"seed": 5, "alphas": [0.0, 1.0], "regions": [{}], "bands": [{"name": "F1", "low": 300.0, "high": 900.0}]}
    clip = ClipFiles("c_1", tmp_path / "c_1.mp4", [(tmp_path / "maps" / "x.json", about)])
    clip.masking = [(tmp_path / "mask" / "y.json", masking)]
    write_json(tmp_path / "metrics.json", metrics())
    sections = {(one["title"], one["of"]): dict(one["rows"]) for one in origins_of([clip], [(tmp_path, metrics())])}
    assert sections["acoustic", ""] == {"recipe.lr": "0.0001"}
    assert sections["evaluation", ""]["bootstrap.seed"] == "7"
    assert sections["evaluation", ""]["command"] == "rtmri2speech evaluate"
    maps = sections["maps", "c_1, gradcam (maps)"]
    assert maps == {"program": "p 1", "model": "m.safetensors", "method": "gradcam", "bands": "F1 300.0-900.0 Hz"}
    assert sections["masking", "c_1 (mask)"] == {"seed": "5", "alphas": "0.0, 1.0", "bands": "F1 300.0-900.0 Hz"}


def test_models_without_an_evaluation_are_told_of_by_their_maps(tmp_path: Path) -> None:
    about = {"model": "runs/m.safetensors", MODEL_HASH: "ab12", "method": "gradcam", "bands": []}
    about["provenance"] = {"acoustic": {"dataset": "5f3a", "seed": 3}, "vocoder": {"dataset": "77aa"}}
    part = {**about, "model": "p.safetensors", MODEL_HASH: "cd34", "provenance": {"seed": 9}}
    entries = [(tmp_path / name / "x.json", one) for name, one in (("a", about), ("b", about), ("c", part))]
    clip = ClipFiles("c_1", tmp_path / "c_1.mp4", entries)

    def sections(*evaluations: dict[str, object]) -> dict[tuple[str, str], dict[str, str]]:
        named = [(tmp_path / str(number) / "metrics.json", one) for number, one in enumerate(evaluations)]
        found = [((one["title"], one["of"]), dict(one["rows"])) for one in origins_of([clip], named)]
        assert len(found) == len(dict(found)), "each is told once"
        return dict(found)

    alone = sections()
    assert alone["acoustic", "m.safetensors"] == {"dataset": "5f3a", "seed": "3"}
    assert alone["vocoder", "m.safetensors"] == {"dataset": "77aa"}
    assert alone["acoustic", "p.safetensors"] == {"seed": "9"}
    assert alone["maps", "c_1, gradcam (a)"] == {
        "model": "runs/m.safetensors",
        "model_sha256": "ab12",
        "method": "gradcam",
    }
    evaluated = metrics()
    evaluated["model"] = {"file": "m.safetensors", "sha256": "ab12", "provenance": about["provenance"]}
    once = sections(evaluated)
    assert ("acoustic", "m.safetensors") not in once and once["acoustic", ""] == {"dataset": "5f3a", "seed": "3"}
    assert ("acoustic", "p.safetensors") in once
    assert {("acoustic", "0"), ("acoustic", "1"), ("dataset", "0"), ("dataset", "1")} <= sections(
        evaluated, metrics()
    ).keys()
