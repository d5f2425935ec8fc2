from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from counted import Counted
from rtmri2speech.corpora.base import Recording
from rtmri2speech.data.dataset.layout import SAMPLE_FILES, Dataset, Utterance, write_utterances
from rtmri2speech.data.files import hash_files
from rtmri2speech.errors import DatasetError
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.cut import CutConfig
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.preparation.prepare import PrepareSummary
from rtmri2speech.preparation.recording import PrepareOptions


@pytest.fixture(scope="module")
def _prepared(tmp_path_factory: pytest.TempPathFactory, _recordings: Path, options: PrepareOptions) -> Path:
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.preparation.prepare import prepare

    root = tmp_path_factory.mktemp("prepared") / "dataset"
    cut = CutConfig(mode="every", seconds=1.0)
    prepare(
        FolderCorpus((_recordings,)), root, options.model_copy(update={"split": "recording", "cut": cut}), workers=1
    )
    return root


@pytest.fixture
def root(_prepared: Path, tmp_path: Path) -> Path:
    """A good dataset: three recordings in pieces of a second, split by recording."""
    return Path(shutil.copytree(_prepared, tmp_path / "dataset"))


def check(root: Path) -> list[Finding]:
    return check_dataset(root, 1)


def rewrite(root: Path, change: Callable[[Utterance], Utterance]) -> None:
    write_utterances(root, [change(row) for row in Dataset(root).utterances])


def test_a_fresh_dataset_gives_no_finding(root: Path) -> None:
    seen = Counted()
    assert check_dataset(root, 1, seen) == []
    assert seen.expected == seen.done == len(list((root / "samples").iterdir()))


def test_a_dataset_in_blocks_gives_no_finding(
    tmp_path: Path, run: Callable[..., PrepareSummary], options: PrepareOptions
) -> None:
    run(options=options.model_copy(update={"split_ratio": (60.0, 20.0, 20.0)}))
    assert {row.split for row in Dataset(tmp_path / "dataset").utterances} == {"train", "validation", "test"}
    assert check(tmp_path / "dataset") == []


@pytest.mark.parametrize("name", SAMPLE_FILES)
def test_a_flipped_byte_is_found(root: Path, name: str) -> None:
    path = root / "samples" / "one-002" / name
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    findings = [finding for finding in check(root) if "checksum differs" in finding.problem]
    assert [finding.file for finding in findings] == [str(path.parent)] and findings[0].severity == "error"
    assert "prepare" in findings[0].remedy


@pytest.mark.parametrize("name", SAMPLE_FILES)
def test_a_deleted_file_is_found(root: Path, name: str) -> None:
    (root / "samples" / "two-001" / name).unlink()
    (finding,) = check(root)
    assert finding.file.endswith("two-001") and finding.problem == f"{name} missing"


def test_an_array_replaced_by_another_is_found(root: Path) -> None:
    folder = root / "samples" / "one-001"
    mel = np.load(folder / "mel_db.npy")
    cases = [
        ("mel_db.npy", np.where(np.arange(64) == 5, np.nan, mel), "not numbers"),
        ("mel_db.npy", mel[:, :40], "40 mel bands instead of 64"),
        ("mel_db.npy", mel[:-1], "does not fit 27 frames"),
        ("mri.npy", np.load(folder / "mri.npy")[:, :16], "(16, 32) pixels instead of 32x32"),
        ("mri.npy", np.load(folder / "mri.npy")[:9], "does not fit 27 frames"),
        ("mask.npy", np.ones(26, np.uint8), "fits neither frames nor pixels"),
        ("mask.npy", np.ones((16, 16), np.uint8), "fits neither frames nor pixels"),
    ]
    for name, array, problem in cases:
        before = (folder / name).read_bytes()
        np.save(folder / name, array)
        problems = [finding.problem for finding in check(root) if "one-001" in finding.file]
        assert any(problem in text for text in problems), (name, problem, problems)
        (folder / name).write_bytes(before)
    assert check(root) == []


def test_a_damaged_array_or_sound_is_found_with_the_rest(root: Path) -> None:
    (root / "samples" / "one-001" / "mri.npy").write_bytes(b"no array")
    (root / "samples" / "two-001" / "audio.wav").write_bytes(b"no sound")
    files = {Path(finding.file).name for finding in check(root) if finding.severity == "error"}
    assert {"one-001", "two-001"} <= files


def test_blank_frames_are_a_warning(root: Path) -> None:
    folder = root / "samples" / "one-001"
    frames = np.load(folder / "mri.npy")
    frames[4:6] = 7
    np.save(folder / "mri.npy", frames)
    digest = hash_files(folder / name for name in SAMPLE_FILES)
    rewrite(root, lambda row: Utterance(**{**vars(row), "sha256": digest}) if row.id == "one-001" else row)
    (finding,) = check(root)
    assert finding.severity == "warning" and "2 frame(s) without any contrast" in finding.problem


def test_sound_of_another_length_is_found(root: Path) -> None:
    shutil.copy(root / "samples" / "two-003" / "audio.wav", root / "samples" / "one-001" / "audio.wav")
    problems = [finding.problem for finding in check(root)]
    assert any(f"instead of {27 * 420} at 11413 Hz" in problem for problem in problems)


def test_a_piece_moved_to_another_split_is_leakage(root: Path) -> None:
    by_id = {row.id: row.split for row in Dataset(root).utterances}
    other = "test" if by_id["one-002"] != "test" else "train"
    rewrite(root, lambda row: Utterance(**{**vars(row), "split": other}) if row.id == "one-002" else row)
    problems = [finding.problem for finding in check(root) if finding.severity == "error"]
    leaks = [problem for problem in problems if "frames leak between splits" in problem]
    assert len(leaks) == 2  # to both neighbours
    assert "one-001" in leaks[0] and "one-002" in leaks[0] and "0 frames apart" in leaks[0]


def test_an_unknown_split_is_found(root: Path) -> None:
    rewrite(root, lambda row: Utterance(**{**vars(row), "split": "valid"}) if row.id == "two-001" else row)
    assert any("two-001 has the unknown split 'valid'" in finding.problem for finding in check(root))


def test_the_same_content_in_two_splits_is_leakage(root: Path) -> None:
    rows = Dataset(root).utterances
    original = next(row for row in rows if row.split == "train")
    shutil.copytree(root / "samples" / original.id, root / "samples" / "copy")
    twin = Utterance(**{**vars(original), "id": "copy", "split": "test", "source_video": "copy.mp4"})
    write_utterances(root, [*rows, twin])
    problems = [finding.problem for finding in check(root)]
    assert f"{original.id} (train) and copy (test) hold the same recording" in problems
    assert any("meta.json says" in problem for problem in problems), "the table was edited"
    twin = Utterance(**{**vars(twin), "split": "train"})
    write_utterances(root, [*rows, twin])
    assert not [finding for finding in check(root) if "same recording" in finding.problem]


def test_a_speaker_on_both_sides_is_leakage_where_speakers_were_split(root: Path) -> None:
    assert not [finding for finding in check(root) if "speaker" in finding.problem]
    meta = root / "meta.json"
    text = meta.read_text(encoding="utf-8")
    assert '"mode": "recording"' in text
    meta.write_text(text.replace('"mode": "recording"', '"mode": "speaker"', 1), encoding="utf-8")
    problems = [finding.problem for finding in check(root)]
    assert any(problem.startswith("speaker speaker1 is in") for problem in problems)


@pytest.mark.parametrize("name", ["training", "validation"])
@pytest.mark.parametrize("harm", ["delete", "add", "drop", "bytes"])
def test_a_filelist_that_does_not_follow_the_split_is_found(root: Path, name: str, harm: str) -> None:
    path = root / "hifigan_filelists" / f"{name}.txt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    tested = next(row.id for row in Dataset(root).utterances if row.split == "test")
    if harm == "delete":
        path.unlink()
    elif harm == "bytes":
        path.write_bytes(b"\xff\xfe\x00")
    else:
        path.write_text("".join([*lines, f"{tested}\n"] if harm == "add" else lines[1:]), encoding="utf-8")
    (finding,) = check(root)
    assert finding.file == str(path) and "does not list the" in finding.problem


def test_a_missing_or_damaged_scaler_is_found(root: Path) -> None:
    (root / "scaler.json").write_text('{"mean": [1], "std": [0]}', encoding="utf-8")
    (finding,) = check(root)
    assert "scaler.json" in finding.file and finding.severity == "error"
    (root / "scaler.json").unlink()
    (finding,) = check(root)
    assert "missing" in finding.problem


def test_what_cannot_be_opened_is_an_error(root: Path) -> None:
    (root / "meta.json").unlink()
    with pytest.raises(DatasetError, match="not a finished dataset"):
        check(root)


@pytest.mark.parametrize(("left", "missing"), [("train", "validation"), ("validation", "train")])
def test_a_dataset_that_cannot_be_trained_on_is_said_to_be(
    tmp_path: Path, _recordings: Path, options: PrepareOptions, left: str, missing: str
) -> None:
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.preparation.prepare import prepare

    class One(FolderCorpus):
        def recordings(self) -> list[Recording]:
            return [replace(one, split=left) for one in super().recordings()]  # type: ignore[arg-type]

    prepare(One((_recordings,)), tmp_path / "set", options, workers=1)
    (finding,) = check(tmp_path / "set")
    assert finding.severity == "warning" and f"no utterance is of split {missing}" in finding.problem
