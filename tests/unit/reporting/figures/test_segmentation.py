"""The frames that contours are drawn over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from block_code import number_of, write_numbered
from drawn_head import head
from rtmri2speech.evaluation.segmentation.evaluate import evaluate_segmentation
from rtmri2speech.reporting.figures import segmentation
from rtmri2speech.reporting.figures.segmentation import draw_overlays


def test_contours_are_drawn_over_the_frames_that_they_were_found_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames count as they are shown, as in segment: also those that the recorder dropped."""
    write_numbered(tmp_path / "whole.avi", codec="mpeg4", dropped=(20, 21)).rename(tmp_path / "a.AVI")
    labels = tmp_path / "a_labels.npz"
    np.savez(labels, labels=np.stack([head()] * 61))
    drawn: dict[int, Any] = {}
    monkeypatch.setattr(segmentation, "draw_contours", lambda one, frames, shown: drawn.update(frames))
    monkeypatch.setattr(segmentation, "save_drawing", lambda figure, path: path)
    draw_overlays(tmp_path, evaluate_segmentation(labels, labels, pixel_mm=1.0))
    assert number_of(drawn[60]) == 60 and number_of(drawn[0]) == 0
