"""The files with the outlines of the head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.assets import asset
from rtmri2speech.simulation.head.outlines import read_outlines

FILES = sorted(asset("head").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_it_holds_and_every_outline_is_one(path: Path) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["kind"] == "head_outlines" and values["schema"] == 1 and values["units"] == "cm" and values["comment"]
    outlines = read_outlines(path.stem)
    assert set(outlines) == set(values["outlines"])
    for name, points in outlines.items():
        assert values["outlines"][name]["comment"]
        assert points.shape == (len(points), 2) and len(points) >= 3 and (np.abs(points) < 20).all()


def test_there_are_as_many_files_as_the_docstring_names() -> None:
    names = {path.stem for path in FILES}
    assert names == {"soft_tissue", "nose", "brain", "spine", "jaws"}
    assert all(f"``{name}``" in (read_outlines.__doc__ or "") for name in names)


def test_outlines_are_shared_and_so_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        read_outlines("nose")["septum"][0] = 0.0
