"""F0 and formants of utterances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.phonetics import praat
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.tracts.targets import heard_targets
from rtmri2speech.signal.frames import FrameConfig


def test_by_praat(talker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("parselmouth")
    prepare(talker, tmp_path / "ds", frames=FrameConfig(size=32), workers=1)
    dataset = Dataset(tmp_path / "ds")
    row = dataset.utterances[0]
    f0, formants = heard_targets(dataset, row)
    assert f0.shape == (row.n_frames,) and formants.shape == (row.n_frames, 4)
    assert np.isnan(formants[f0 == 0]).all() and (f0[f0 > 0] > 50).all()
    monkeypatch.setattr(praat, "available", lambda: False)
    f0, formants = heard_targets(dataset, row)
    assert np.isnan(f0).all() and np.isnan(formants).all()
