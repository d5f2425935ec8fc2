"""``analyze faithfulness``: from a video to tables, and what it cannot work with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rtmri2speech.data.files import hash_files
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.signal.frames import FrameConfig
from tables import rows_of

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory, make_bundle: Callable[..., Bundle]) -> Path:
    """A file of a small acoustic model for pictures of 64 x 64."""
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    save_bundle(make_bundle("acoustic", frames=FrameConfig(size=64)), path)
    return path


def test_tables_and_figure(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    words = ["--model", eyes, "--frames", 2, "--target", "log-energy"]
    words += ["--stride", 8, "--device", "cpu"]
    result = run("analyze", "faithfulness", talker, "--out", tmp_path, *words)
    assert result.code == 0 and "walls are not moved" in result.err and "deletion against random" in result.out
    rows = rows_of(tmp_path / "faithfulness.csv")
    assert {(row["method"], row["target"], row["cell_pixels"], row["band"]) for row in rows} == {
        (method, "log-energy", stride, band)
        for method, stride in (("gradcam", "32"), ("hirescam", "8"))
        for band in ("F1", "F2", "all")
    }
    for row in rows:
        assert -1 <= float(row["randomised_rank"]) <= 1 and float(row["deletion_vs_random"]) > 0
    assert Image.open(tmp_path / "faithfulness.png").size[0] > 800
    assert len((tmp_path / "belief.md").read_text(encoding="utf-8").splitlines()) == 2 + 2


def test_two_regions_and_what_another_model_found(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    drawn, out = tmp_path / "two.json", tmp_path / "out"
    outlines = {"lips": [[5, 20], [15, 20], [10, 30]], "tongue": [[20, 20], [50, 20], [40, 50]]}
    drawn.write_text(json.dumps({"size": [64, 64], "regions": outlines}), encoding="utf-8")
    words = ["--frames", 2, "--target", "log-energy", "--stride", 8, "--device", "cpu"]
    out.mkdir()
    columns = "cosine,cosine_even,rank,p,p_specific,tract_density"
    table = f"method,target,cell_pixels,band,{columns}\nhirescam,log-energy,8,all,0.9,0.8,0.7,0.01,0.2,3\n"
    (out / "physics.csv").write_text(table, encoding="utf-8")
    digest = hash_files([eyes])
    for theirs, merged in (("0" * 64, False), (digest, True)):
        (out / "physics.json").write_text(json.dumps({"model": "m", "model_sha256": theirs}), encoding="utf-8")
        result = run("analyze", "faithfulness", talker, "--model", eyes, "--out", out, "--regions", drawn, *words)
        assert result.code == 0 and "regions could not be compared" in result.err
        assert ("cosine with physics" in result.out) == merged
        assert ("physics.csv: made with another model" in result.err) == (not merged)
    rows = rows_of(out / "faithfulness.csv")
    assert all(row["regions_signed"] == row["regions_absolute"] == "" and row["deletion_vs_best"] for row in rows)
    about = json.loads((out / "faithfulness.json").read_text(encoding="utf-8"))
    assert about["model_sha256"] == digest and about["provenance"] == {"seed": 0} and about["seed"] == 0
    assert about["videos"] == [str(talker)] and len(about["frames"]) == 2
    assert about["regions_of"] == str(drawn) and [one["name"] for one in about["regions"]] == ["lips", "tongue"]


BAD: list[tuple[list[Any], str]] = [
    (["--frames", 0], "--frames 0"),
    (["--stride", 7], "--stride 7"),
    (["--regions", "x.png"], "--regions x.png"),
    (["--formant-band", "F1:300-6000"], "F1:300-6000"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_done_is_one_line(
    run: Run, talker: Path, eyes: Path, tmp_path: Path, words: list[Any], named: str
) -> None:
    out = tmp_path / "out"
    result = run("analyze", "faithfulness", talker, "--model", eyes, "--out", out, *words)
    assert named in result.problem and result.remedy
    assert not out.exists()
