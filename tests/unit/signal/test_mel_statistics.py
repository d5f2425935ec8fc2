from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.mel_statistics import MelStatistics


def mels(seed: int = 0, lengths: tuple[int, ...] = (5, 40, 1, 17)) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    spread = np.linspace(2, 20, 6)
    return [(rng.normal(size=(n, 6)) * spread - 60 + 5 * i).astype(np.float32) for i, n in enumerate(lengths)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_fit_equals_numpy_over_the_concatenation(seed: int, lengths: list[int]) -> None:
    parts = mels(seed, (*lengths, 2))
    fitted = MelStatistics.fit(iter(parts))
    together = np.concatenate(parts).astype(np.float64)
    assert np.allclose(fitted.mean, together.mean(axis=0), atol=1e-4)
    assert np.allclose(fitted.std, np.maximum(together.std(axis=0), 1.0), atol=1e-4)


def test_fit_keeps_its_digits_far_from_zero() -> None:
    parts = [part + np.float32(4096) for part in mels()]
    expected = np.maximum(np.concatenate(parts).astype(np.float64).std(axis=0), 1.0)
    assert np.allclose(MelStatistics.fit(parts).std, expected, rtol=1e-4)


def test_nothing_to_fit_on_is_an_error() -> None:
    for parts in ([], [np.zeros((0, 6), np.float32)]):
        with pytest.raises(DatasetError, match="no frame") as caught:
            MelStatistics.fit(parts)
        assert "`split_ratio`" in caught.value.remedy


def test_json_round_trip_is_exact(tmp_path: Path) -> None:
    fitted = MelStatistics.fit(mels())
    path = tmp_path / "scaler.json"
    path.write_text(fitted.to_json(), encoding="utf-8")
    again = MelStatistics.from_json(path, 6)
    assert np.array_equal(again.mean, fitted.mean) and np.array_equal(again.std, fitted.std)
    assert again.mean.dtype == again.std.dtype == np.float32
    assert set(json.loads(fitted.to_json())) == {"mean", "std"}


@pytest.mark.parametrize("text", ['{"mean": -40.5, "std": 12.0}', '{"mean": [-40.5], "std": [12]}'])
def test_the_single_numbers_of_older_datasets_hold_for_every_bin(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scaler.json"
    path.write_text(text, encoding="utf-8")
    fitted = MelStatistics.from_json(path, 5)
    assert fitted.mean.tolist() == [-40.5] * 5 and fitted.std.tolist() == [12.0] * 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"mean": [1, 2',
        "[]",
        "3",
        "null",
        '{"mean": [1, 2, 3]}',
        '{"mean": [1, 2], "std": [1, 1]}',
        '{"mean": [1, 2, 3], "std": [1, 0, 1]}',
        '{"mean": [1, 2, 3], "std": [1, -2, 1]}',
        '{"mean": [1, NaN, 3], "std": [1, 1, 1]}',
        '{"mean": [1, 2, 3], "std": [1, NaN, 1]}',
        '{"mean": [1, 2, 3], "std": [1, Infinity, 1]}',
        '{"mean": ["a", "b", "c"], "std": [1, 1, 1]}',
        '{"mean": {"a": 1}, "std": [1, 1, 1]}',
        '{"mean": ["1", "2", "3"], "std": [1, 1, 1]}',
        '{"mean": [1, null, 3], "std": [1, 1, 1]}',
        '{"mean": [[1, 2], 3], "std": [1, 1, 1]}',
        '{"mean": [1, 1e300, 3], "std": [1, 1, 1]}',
        '{"mean": [1, 1000000000000000000000000000000, 3], "std": [1, 1, 1e50]}',
        '{"mean": [], "std": [1, 1, 1]}',
        "\x00\x01",
    ],
)
def test_a_damaged_file_is_a_dataset_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scaler.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError) as caught:
        MelStatistics.from_json(path, 3)
    assert str(path) in caught.value.problem and caught.value.remedy


def test_a_missing_file_is_a_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="missing"):
        MelStatistics.from_json(tmp_path / "scaler.json", 3)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(DatasetError, match=r"bytes\.json"):
        MelStatistics.from_json(tmp_path / "bytes.json", 3)
