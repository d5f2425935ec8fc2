from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtmri2speech.data.dataset.layout import Dataset, UnknownUtterance, Utterance, is_dataset, write_utterances
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, DatasetError

MakeDataset = Callable[..., Path]


def edit_meta(root: Path, **changes: Any) -> None:
    path = root / "meta.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        if value is None:
            del values[name]
        else:
            values[name] = value
    path.write_text(json.dumps(values), encoding="utf-8")


def test_a_dataset_says_what_it_holds(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    assert [row.n_frames for row in dataset.of_split("train")] == [30, 12]
    row = dataset.utterances[0]
    assert dataset.frames(row).shape == (30, 16, 16) and dataset.frames(row).dtype == np.uint8
    assert dataset.mel_db(row).shape == (30, 8) and dataset.mask(row).shape == (30,)
    assert dataset.audio_path(row).is_file() and dataset.meta.ref_frames == 4
    with pytest.raises(DatasetError, match="test split holds no utterance"):
        dataset.of_split("test")


def test_frames_are_memory_mapped(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    assert isinstance(dataset.frames(dataset.utterances[0]), np.memmap)


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such dataset"):
        Dataset(tmp_path / "nothing")
    with pytest.raises(DatasetError, match="not a finished dataset"):
        Dataset(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"schema": 1}', "\x00"])
def test_a_damaged_meta_is_refused(make_dataset: MakeDataset, content: str) -> None:
    root = make_dataset()
    (root / "meta.json").write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"meta\.json") as caught:
        Dataset(root)
    assert caught.value.remedy


def test_a_newer_layout_is_refused(make_dataset: MakeDataset) -> None:
    root = make_dataset()
    edit_meta(root, schema=99)
    with pytest.raises(DatasetError, match="layout 99, this program reads layout 1"):
        Dataset(root)


def test_an_unknown_or_missing_key_of_meta_is_refused(make_dataset: MakeDataset) -> None:
    root = make_dataset()
    edit_meta(root, sizes=3)
    with pytest.raises(ConfigError, match="unknown key 'sizes'"):
        Dataset(root)
    edit_meta(root, sizes=None, ref_frames=None)
    with pytest.raises(ConfigError, match="ref_frames"):
        Dataset(root)


def test_rows_survive_commas_quotes_and_every_script(tmp_path: Path) -> None:
    rows = [
        Utterance("a", 'he, "who"', "train", 7, 0.2576, "/v/母音 1.mp4", "/a/ä\n.wav", -0.123456, "0" * 64),
        Utterance("b", "", "test", 0, 0.0, "", "", 1e-6, ""),
    ]
    (tmp_path / "meta.json").write_text("{}", encoding="utf-8")
    write_utterances(tmp_path, rows)
    dataset = object.__new__(Dataset)
    dataset.root = tmp_path
    assert dataset._read_utterances() == rows


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("n_frames", "frames"),
        lambda text: text.replace(",30,", ",many,"),
        lambda text: text.replace("sha256\n", "sha256,colour\n"),
        lambda text: text.replace("u1,s", "u1,s,extra,columns"),
        lambda text: "\n".join(line.rpartition(",")[0] for line in text.splitlines()),
    ],
)
def test_a_table_with_other_columns_is_refused(make_dataset: MakeDataset, change: Callable[[str], str]) -> None:
    root = make_dataset()
    path = root / "utterances.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"utterances\.csv"):
        Dataset(root)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_a_garbled_table_never_raises_anything_else(make_dataset: MakeDataset, tmp_path: Path, content: bytes) -> None:
    root = tmp_path / "dataset" if (tmp_path / "dataset").exists() else make_dataset()
    path = root / "utterances.csv"
    header = "id,speaker,split,n_frames,seconds,source_video,source_audio,source_start,sha256\nu0,s,train,30,"
    path.write_bytes(header.encode() + content)
    try:
        Dataset(root)
    except DatasetError as error:
        assert str(path) in error.problem


def test_a_missing_table_is_refused(make_dataset: MakeDataset) -> None:
    root = make_dataset()
    (root / "utterances.csv").unlink()
    with pytest.raises(DatasetError, match=r"utterances\.csv"):
        Dataset(root)


@pytest.mark.parametrize("name", ["mri.npy", "mel_db.npy", "mask.npy"])
@pytest.mark.parametrize("harm", ["delete", "cut", "garble", "pickle"])
def test_a_damaged_sample_is_a_dataset_error_that_names_it(make_dataset: MakeDataset, name: str, harm: str) -> None:
    root = make_dataset()
    dataset = Dataset(root)
    row = dataset.utterances[0]
    path = root / "samples" / row.id / name
    content = path.read_bytes()
    if harm == "delete":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(content[:-9])
    elif harm == "garble":
        path.write_bytes(b"no array" + content[8:])
    else:
        with path.open("wb") as file:
            np.save(file, np.array([{}, []], dtype=object), allow_pickle=True)
    read = {"mri.npy": dataset.frames, "mel_db.npy": dataset.mel_db, "mask.npy": dataset.mask}[name]
    with pytest.raises(DatasetError) as caught:
        read(row)
    assert str(path) in caught.value.problem and "prepare" in caught.value.remedy


def test_an_array_of_another_length_or_dimension_is_refused(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    row = dataset.utterances[0]
    np.save(dataset.folder(row) / "mri.npy", np.zeros((29, 16, 16), np.uint8))
    np.save(dataset.folder(row) / "mel_db.npy", np.zeros((30, 8, 1), np.float32))
    with pytest.raises(DatasetError, match=r"\(29, 16, 16\) does not fit 30 frames"):
        dataset.frames(row)
    with pytest.raises(DatasetError, match=r"mel_db\.npy"):
        dataset.mel_db(row)


def test_one_pixel_mask_for_the_whole_dataset(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    assert dataset.pixel_mask() is None
    mask = np.ones((16, 16), np.uint8)
    mask[:4] = 0
    shapes = [mask, np.broadcast_to(mask, (12, 16, 16)), mask]
    for row, array in zip(dataset.utterances, shapes, strict=True):
        np.save(dataset.folder(row) / "mask.npy", array)
    found = dataset.pixel_mask()
    assert found is not None and np.array_equal(found, mask)


def test_masks_that_differ_are_refused(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    mask = np.ones((16, 16), np.uint8)
    mask[:4] = 0
    np.save(dataset.folder(dataset.utterances[1]) / "mask.npy", mask)
    with pytest.raises(DatasetError, match="differs from the other masks"):
        dataset.pixel_mask()
    moving = np.broadcast_to(mask, (30, 16, 16)).copy()
    moving[7] = 1
    np.save(dataset.folder(dataset.utterances[0]) / "mask.npy", moving)
    with pytest.raises(DatasetError, match="u0"):
        dataset.pixel_mask()


def test_fingerprint_follows_content_and_split_only(make_dataset: MakeDataset) -> None:
    root = make_dataset()
    first = Dataset(root).fingerprint()
    table = root / "utterances.csv"
    rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
    table.write_text("\n".join(",".join(row) for row in [rows[0], *reversed(rows[1:])]) + "\n", encoding="utf-8")
    assert Dataset(root).fingerprint() == first
    table.write_text(table.read_text(encoding="utf-8").replace("u1,s,train", "u1,s,test"), encoding="utf-8")
    assert Dataset(root).fingerprint() != first


def test_an_utterance_by_its_id(make_dataset: MakeDataset) -> None:
    dataset = Dataset(str(make_dataset()))
    utterance = dataset["u1"]
    row = dataset.utterances[1]
    assert (utterance.id, utterance.speaker, utterance.split) == ("u1", "s", "train") and utterance.row is row
    assert np.array_equal(utterance.frames, dataset.frames(row)) and isinstance(utterance.frames, np.memmap)
    assert np.array_equal(utterance.mel_db, dataset.mel_db(row)) and utterance.mask.shape == (12,)
    assert utterance.wave.shape == (12 * 40,) and utterance.sample_rate == 2000
    assert utterance.times.shape == (12,) and utterance.times[0] == pytest.approx(0.01)
    assert utterance.labels == [] and "'u1'" in repr(utterance) and "12 frames" in repr(utterance)
    assert dataset[row] == utterance


def test_labels_are_those_of_the_textgrid(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    grid = interval_grid({"phones": [(0.1, 0.2, "a"), (0.2, 0.3, "i")]}, 0.6)
    write_textgrid(grid, dataset["u0"].folder / "u0.TextGrid")
    assert [(one.tier, one.text) for one in dataset["u0"].labels if one.text] == [("phones", "a"), ("phones", "i")]
    assert dataset["u0"].labels[0].start == pytest.approx(0.1)


def test_a_dataset_is_a_collection_of_utterances(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    assert len(dataset) == 3 and [utterance.id for utterance in dataset] == ["u0", "u1", "u2"]
    assert "u2" in dataset and dataset.utterances[0] in dataset and "u9" not in dataset
    assert [row["id"] for row in dataset.rows()] == ["u0", "u1", "u2"] and dataset.rows()[0]["n_frames"] == 30
    with pytest.raises(UnknownUtterance, match="'u11'") as caught:
        dataset["u11"]
    assert "u1" in caught.value.remedy and isinstance(caught.value, KeyError)


def test_a_dataset_at_a_glance(make_dataset: MakeDataset) -> None:
    root = make_dataset()
    dataset = Dataset(root)
    assert repr(dataset) == f"Dataset({str(root)!r}, 3 utterances, 1 speakers, 0.0 min, 50.00 frames/s)"
    shown = dataset._repr_html_()
    assert "<td>2</td><td>1</td>" in shown and "data:image/png;base64," in shown


def test_an_unfinished_dataset_is_one_too(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset()
    assert is_dataset(root) and not is_dataset(tmp_path)
    (root / "meta.json").unlink()
    assert is_dataset(root)
