"""Batches of measured tracts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import measured
from rtmri2speech.data.dataset.tract_folder import TractFolder, inputs_path, read_arrays, write_arrays
from rtmri2speech.errors import DatasetError
from rtmri2speech.models.tract.inputs import PLACES
from rtmri2speech.training.tract.bank import TractBank, require_inputs


def bank(tracts: TractFolder, least: float = 0.5) -> TractBank:
    return TractBank(tracts, tracts.of_split("train"), least)


def test_batches_hold_rows_with_their_mel(tracts: TractFolder) -> None:
    drawn = bank(tracts).draw(8, 24, 0.0, torch.Generator().manual_seed(0))
    assert drawn.rows.shape == (8, 24, 57) and drawn.mel_db.shape == (8, 24, 64) and drawn.real.all()
    # As in measured.arrays: the mel's first band follows from the distance at the lips.
    expected = -50.0 + 10.0 * (drawn.rows[..., 39] - 10.0) / 5.0
    assert (drawn.mel_db[..., 0] - expected).abs().max() < 0.2
    again = bank(tracts).draw(8, 24, 0.0, torch.Generator().manual_seed(0))
    assert torch.equal(drawn.rows, again.rows)


def test_another_tempo_keeps_shape_and_sound_together(tracts: TractFolder) -> None:
    drawn = bank(tracts).draw(8, 100, 0.3, torch.Generator().manual_seed(1))
    lengths = drawn.real.sum(dim=1)
    assert len(set(lengths.tolist())) > 1 and int(lengths.min()) >= 30 and int(lengths.max()) <= 66
    expected = -50.0 + 10.0 * (drawn.rows[..., 39] - 10.0) / 5.0
    assert (drawn.mel_db[..., 0] - expected)[drawn.real].abs().max() < 0.3


def test_whole_recordings(tracts: TractFolder) -> None:
    (batch,) = bank(tracts).batches()
    assert batch.rows.shape == (6, 46, 57) and sorted(batch.real.sum(dim=1).tolist()) == [40, 40, 43, 43, 46, 46]
    whole = measured.rows(40, 0)
    np.testing.assert_allclose(batch.rows[0, :40].numpy(), whole, rtol=3e-3, atol=1e-3)
    assert len(list(bank(tracts).recordings())) == 6


def test_looks_without_a_tract_are_left_out(tracts: TractFolder) -> None:
    for name in ("u0", "u1", "u2"):
        path = inputs_path(tracts.root, name)
        one = read_arrays(path)
        one.inputs[1, :, PLACES["length"]] = np.nan
        write_arrays(path, one, "key")
    assert len(bank(tracts)) == 3 and len(bank(tracts, 0.0)) == 6
    for name in ("u0", "u1", "u2"):
        path = inputs_path(tracts.root, name)
        one = read_arrays(path)
        one.inputs[:, :, PLACES["length"]] = np.nan
        write_arrays(path, one, "key")
    with pytest.raises(DatasetError, match="no recording shows a whole tract in 50 %"):
        bank(tracts)


def test_inputs_of_another_version_are_refused(tracts: TractFolder) -> None:
    require_inputs(tracts)
    tracts.meta = tracts.meta.model_copy(update={"inputs": ("d00_mm",)})
    with pytest.raises(DatasetError, match="another version"):
        require_inputs(tracts)
