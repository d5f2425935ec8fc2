from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from threadpoolctl import threadpool_limits

from counted import Counted
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import SAMPLE_FILES, Dataset
from rtmri2speech.data.dataset.windows import windows
from rtmri2speech.data.media.audio import read_sound, write_wav
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError, DatasetError, MediaError, UserError
from rtmri2speech.preparation import recording as recording_module
from rtmri2speech.preparation.cut import CutConfig
from rtmri2speech.preparation.prepare import PrepareSummary, prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import mel_db
from rtmri2speech.signal.mel_statistics import MelStatistics
from talker import speak, write_recording

Run = Callable[..., PrepareSummary]
Tree = Callable[[Path], dict[str, str]]

OTHER = PrepareOptions(frames=FrameConfig(size=16))
RECORDINGS = ["one", "three", "two"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


def with_options(options: PrepareOptions, **changes: object) -> PrepareOptions:
    return options.model_copy(update=changes)


def change_sound(path: Path) -> None:
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples * 0.5, rate)


def test_the_whole_layout_is_written(run: Run, root: Path, options: PrepareOptions) -> None:
    summary = run(export_pairs=True, options=with_options(options, split="recording"))
    assert summary.redone == 3 and not summary.failures and summary.split_mode == "recording"
    assert sorted(path.name for path in root.iterdir()) == [
        ".receipts",
        "hifigan_filelists",
        "meta.json",
        "pairs_ref4",
        "pairs_ref4_npy",
        "samples",
        "scaler.json",
        "utterances.csv",
    ]
    dataset = Dataset(root)
    assert [row.id for row in dataset.utterances] == RECORDINGS
    for row in dataset.utterances:
        names = {path.name for path in dataset.folder(row).iterdir()}
        assert names == {*SAMPLE_FILES, *({"one.TextGrid"} if row.id == "one" else set())}
        assert dataset.frames(row).shape == (row.n_frames, 32, 32) and dataset.frames(row).dtype == np.uint8
        assert (dataset.mask(row) == 1).all() and dataset.mask(row).shape == (row.n_frames,)
        audio = read_sound(dataset.audio_path(row))
        assert audio.rate == 11413 and len(audio.samples) == 420 * row.n_frames
        assert row.seconds == pytest.approx(row.n_frames * 420 / 11413, abs=1e-6)
        assert {path.name for path in (root / "pairs_ref4_npy" / row.id).iterdir()} == {
            "mri.npy",
            "mel.npy",
            "mask.npy",
        }
        assert (root / "pairs_ref4" / f"{row.id}.npz").is_file()
    expected = {"one": 3.0, "two": 2.2, "three": 2.0}
    assert all(abs(row.seconds - expected[row.id]) < 0.05 for row in dataset.utterances)


def test_audio_gives_exactly_the_mel_beside_it(run: Run, root: Path) -> None:
    run()
    dataset = Dataset(root)
    for row in dataset.utterances:
        samples = read_sound(dataset.audio_path(row)).samples
        assert np.array_equal(mel_db(samples, dataset.meta.features), dataset.mel_db(row))


def test_frames_are_those_of_the_clip_as_synthesis_sees_it(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording"))
    dataset = Dataset(root)
    for row in dataset.utterances:
        clip = open_clip(scan_video(Path(row.source_video)), options.features, options.frames)
        assert np.array_equal(dataset.frames(row), np.concatenate(list(clip.blocks()))[: row.n_frames])


def test_scaler_is_fitted_on_the_training_split_only(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording"))
    dataset = Dataset(root)
    train = np.concatenate([dataset.mel_db(row) for row in dataset.of_split("train")]).astype(np.float64)
    scaler = MelStatistics.from_json(root / "scaler.json", 64)
    assert np.allclose(scaler.mean, train.mean(axis=0), atol=1e-3)
    assert np.allclose(scaler.std, np.maximum(train.std(axis=0), 1), atol=1e-3)


def test_filelists_follow_the_split(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording"))
    dataset = Dataset(root)
    lists = {
        name: (root / "hifigan_filelists" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        for name in ("training", "validation")
    }
    for name, split in (("training", "train"), ("validation", "validation")):
        assert lists[name] == [row.id for row in dataset.of_split(split)] and len(lists[name]) == 1  # type: ignore[arg-type]
    (tested,) = dataset.of_split("test")
    assert tested.id not in lists["training"] + lists["validation"]


def test_meta_says_what_was_done(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording", seed=7))
    meta = Dataset(root).meta
    assert meta.features == options.features and meta.frames == options.frames and meta.ref_frames == 4
    assert meta.split == {"mode": "recording", "ratio": [80.0, 10.0, 10.0], "seed": 7, "test_speakers": []}
    assert sum(part["utterances"] for part in meta.counts.values()) == 3
    assert json.loads((root / "meta.json").read_text(encoding="utf-8"))["schema"] == 1


def test_exported_pairs_are_the_windows_cut_on_the_fly(run: Run, root: Path, options: PrepareOptions) -> None:
    run(export_pairs=True, options=with_options(options, ref_frames=3))
    dataset = Dataset(root)
    for row in dataset.utterances:
        expected = {
            "mri": windows(dataset.frames(row), 3).astype(np.float32) / np.float32(255),
            "mel": windows(dataset.mel_db(row), 3),
            "mask": windows(dataset.mask(row), 3),
        }
        with np.load(root / "pairs_ref3" / f"{row.id}.npz") as npz:
            for name, array in expected.items():
                single = np.load(root / "pairs_ref3_npy" / row.id / f"{name}.npy")
                assert np.array_equal(single, array) and np.array_equal(npz[name], array)
                assert single.dtype == npz[name].dtype == array.dtype


def test_disk_space_is_about_a_byte_a_pixel(tmp_path: Path, run: Run, root: Path) -> None:
    write_recording(speak(1.3, 5, size=64), tmp_path / "in", "a")
    run(tmp_path / "in", options=PrepareOptions(split="recording"))
    (row,) = Dataset(root).utterances
    size = sum(path.stat().st_size for path in (root / "samples").rglob("*"))
    assert size / (row.n_frames * 256 * 256) <= 1.1


def test_a_second_run_redoes_nothing(run: Run, root: Path, tree: Tree) -> None:
    run(export_pairs=True)
    before = tree(root)
    times = {path: path.stat().st_mtime_ns for path in (root / "samples").rglob("*")}
    assert run(export_pairs=True).redone == 0
    assert tree(root) == before
    assert {path: path.stat().st_mtime_ns for path in (root / "samples").rglob("*")} == times


def test_a_changed_source_redoes_only_its_own(run: Run, root: Path, videos: Path, tree: Tree) -> None:
    run(export_pairs=True)
    before = tree(root)
    change_sound(videos / "two.flac")
    assert run(export_pairs=True).redone == 1
    after = tree(root)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    changed_ids = {Path(name).stem for name in changed if name.startswith(("samples", "pairs"))}
    assert any("samples/two" in name for name in changed)
    assert not [name for name in changed if "one" in name or "three" in name], changed_ids
    # The exported windows follow.
    dataset = Dataset(root)
    for row in dataset.utterances:
        mel = np.load(root / "pairs_ref4_npy" / row.id / "mel.npy")
        assert np.array_equal(mel, windows(dataset.mel_db(row), 4))


@pytest.mark.parametrize("name", SAMPLE_FILES)
@pytest.mark.parametrize("harm", ["delete", "flip"])
def test_a_damaged_sample_is_mended(
    run: Run, root: Path, tree: Tree, options: PrepareOptions, name: str, harm: str
) -> None:
    options = with_options(options, split="recording")
    run(options=options)
    before = tree(root)
    path = root / "samples" / "three" / name
    content = bytearray(path.read_bytes())
    content[-5] ^= 4
    path.unlink() if harm == "delete" else path.write_bytes(content)
    assert tree(root) != before
    assert run(options=options).redone == 1
    assert tree(root) == before


@pytest.mark.parametrize(
    "change",
    [
        {"ref_frames": 5},
        {"frames": FrameConfig(size=32, mode="robust")},
        {"cut": CutConfig(mode="every", seconds=0.7)},
        {"split_ratio": (60.0, 20.0, 20.0)},
        {"split": "recording"},
        {"trim_over_bright": True},
    ],
)
def test_changed_options_redo_everything(
    run: Run, root: Path, tmp_path: Path, tree: Tree, options: PrepareOptions, change: dict[str, object]
) -> None:
    pairs = "ref_frames" in change or "cut" in change
    run(export_pairs=pairs)
    changed = with_options(options, **change)
    with pytest.raises(DatasetError, match="made with other settings"):
        run(export_pairs=pairs, options=changed)
    assert run(export_pairs=pairs, options=changed, overwrite=True).redone == 3
    # Nothing is left of the first run: as if there had been none.
    run(export_pairs=pairs, options=changed, root=tmp_path / "fresh")
    assert tree(root) == tree(tmp_path / "fresh")


def test_another_seed_redoes_only_what_changes_split(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording", seed=42))
    before = {row.id: row.split for row in Dataset(root).utterances}
    summary = run(options=with_options(options, split="recording", seed=1))
    after = {row.id: row.split for row in Dataset(root).utterances}
    assert before != after
    assert summary.redone == sum(before[name] != after[name] for name in before)


def test_an_input_that_is_gone_is_an_error_unless_pruned(run: Run, root: Path, videos: Path, tree: Tree) -> None:
    run(export_pairs=True)
    before = tree(root)
    (videos / "two.mp4").unlink()
    with pytest.raises(DatasetError, match=r"1 recording.* such as 'two'") as caught:
        run(export_pairs=True)
    assert "`prune=True`" in caught.value.remedy
    assert tree(root) == before  # refused before anything was touched
    assert run(export_pairs=True, prune=True).redone == 0
    assert {row.source_video for row in Dataset(root).utterances} == {
        str(videos / "one.mp4"),
        str(videos / "three.mkv"),
    }
    assert not [name for name in tree(root) if "two" in name]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [("two.mp4", b"not a video", "cannot be read"), ("two.flac", b"", "two.flac"), ("one.TextGrid", b"?", "TextGrid")],
)
def test_one_bad_file_of_three_fails_alone(
    run: Run, root: Path, videos: Path, name: str, content: bytes, text: str
) -> None:
    (videos / name).write_bytes(content)
    counted = Counted()
    summary = run(progress=counted)
    assert (counted.expected, counted.done) == (3, 3)
    ((failed, error),) = summary.failures
    assert failed.id == Path(name).stem and isinstance(error, MediaError) and text in error.problem
    assert {Path(row.source_video).stem for row in Dataset(root).utterances} == {*RECORDINGS} - {failed.id}


def test_a_source_that_became_bad_leaves_no_stale_sample(run: Run, root: Path, videos: Path) -> None:
    run()
    (videos / "two.mp4").write_bytes(b"spoilt")
    assert len(run().failures) == 1
    assert {path.name.partition("-")[0] for path in (root / "samples").iterdir()} == {"one", "three"}
    assert {Path(row.source_video).stem for row in Dataset(root).utterances} == {"one", "three"}


def test_only_bad_files_are_an_error_and_leave_no_dataset(run: Run, root: Path, videos: Path) -> None:
    for path in videos.iterdir():
        path.write_bytes(b"spoilt")
    with pytest.raises(UserError, match="None of the 3 recordings") as caught:
        run()
    assert all(path.name in caught.value.problem for path in videos.glob("*.m*"))
    with pytest.raises(DatasetError, match="not a finished dataset"):
        Dataset(root)


def test_a_full_disk_fails_in_words_and_leaves_nothing_half_written(
    run: Run, root: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(root=tmp_path / "fresh")
    write, count = recording_module.write_float_wav, 0

    def full(path: Path, samples: np.ndarray, rate: int) -> None:
        nonlocal count
        count += 1
        if count >= 3:
            raise OSError(28, os.strerror(28))
        write(path, samples, rate)

    monkeypatch.setattr(recording_module, "write_float_wav", full)
    try:
        summary = run()
        errors = [error for _, error in summary.failures]
    except UserError as error:
        errors = [error]
    assert errors and all("No space left" in error.problem for error in errors)
    assert not [path for path in root.rglob("*.tmp")]
    for folder in (root / "samples").iterdir():
        assert {*SAMPLE_FILES} <= {path.name for path in folder.iterdir()}
    monkeypatch.undo()
    run()
    assert tree(root) == tree(tmp_path / "fresh")


def test_ctrl_c_leaves_no_dataset_and_the_next_run_goes_on(
    run: Run, root: Path, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(root=tmp_path / "fresh")
    run(options=OTHER)  # there is a dataset already, of which little will be left

    class Interrupt(Counted):
        def advance(self, count: int = 1) -> None:
            super().advance(count)
            if self.done == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=Interrupt(), overwrite=True)
    with pytest.raises(DatasetError, match="not a finished dataset"):
        Dataset(root)
    assert run().redone == 1
    assert tree(root) == tree(tmp_path / "fresh")


def test_what_is_left_of_a_killed_run_is_swept_away(run: Run, root: Path, tree: Tree) -> None:
    run(export_pairs=True)
    before = tree(root)
    (root / ".meta.json.77.tmp").write_bytes(b"half")
    (root / ".receipts" / ".one.json.77.tmp").write_bytes(b"half")
    (root / "pairs_ref4" / ".one.npz.77.tmp").write_bytes(b"half")
    shutil.copytree(root / "samples" / "one-001", root / "samples" / ".one-001.tmp")
    shutil.copytree(root / "samples" / "one-001", root / "samples" / "one-009")  # no receipt claims it
    assert run(export_pairs=True).redone == 0
    assert tree(root) == before


def test_few_recordings_are_split_in_blocks_a_window_apart(run: Run, root: Path, options: PrepareOptions) -> None:
    assert run(options=with_options(options, split_ratio=(60.0, 20.0, 20.0))).split_mode == "blocks"
    dataset = Dataset(root)
    rate = dataset.meta.features.frame_rate
    for name in RECORDINGS:
        rows = [row for row in dataset.utterances if Path(row.source_video).stem == name]
        assert [row.split for row in rows] == ["train", "validation", "test"]
        spans = [(row.source_start, row.source_start + row.n_frames / rate) for row in rows]
        for (_, stop), (start, _) in pairwise(spans):
            assert start - stop >= 4 / rate - 1e-5


@pytest.mark.parametrize(
    "rate", [Fraction(6449, 1000), Fraction(2318, 100), Fraction(625, 23), Fraction(65040, 781)], ids=str
)
def test_blocks_share_no_source_frame_at_any_rate(
    tmp_path: Path, run: Run, root: Path, options: PrepareOptions, rate: Fraction
) -> None:
    """Each source frame lights a place of its own, so that the frames it became can be told."""
    n = 250 if rate > 30 else 100
    frames = np.zeros((n, 64, 64), np.uint8)
    for index in range(n):
        row, column = divmod(index, 16)
        frames[index, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 255
    write_video(tmp_path / "in" / "a.mkv", frames, rate, lossless=True)
    noise = 0.1 * np.random.default_rng(0).normal(size=round(n / rate * 16000))
    write_wav(tmp_path / "in" / "a.wav", noise, 16000)
    wanted = {"frames": FrameConfig(size=64), "split_ratio": (50.0, 25.0, 25.0)}
    run(tmp_path / "in", options=with_options(options, **wanted))
    dataset = Dataset(root)
    sources = {}
    for row in dataset.utterances:
        cells = (
            np.asarray(dataset.frames(row))
            .reshape(row.n_frames, 16, 4, 16, 4)
            .max(axis=(2, 4))
            .reshape(row.n_frames, -1)
        )
        sources[row.split] = set(np.flatnonzero(cells.max(axis=0)))
        begin, end = (
            row.source_start * rate,
            (row.source_start + row.n_frames / dataset.meta.features.frame_rate) * rate,
        )
        assert {int(begin) + 1, int(end) - 1} <= sources[row.split]
    assert len(sources) == 3
    assert not sources["train"] & sources["validation"] and not sources["validation"] & sources["test"]
    assert sum(len(found) for found in sources.values()) > 0.7 * n


def test_cut_pieces_have_their_own_annotation(run: Run, root: Path, options: PrepareOptions) -> None:
    run(options=with_options(options, split="recording", cut=CutConfig(mode="every", seconds=1.0)))
    dataset = Dataset(root)
    rows = [row for row in dataset.utterances if row.id.startswith("one-")]
    assert [row.id for row in rows] == ["one-001", "one-002", "one-003"]
    assert [row.n_frames for row in rows][:2] == [27, 27]
    labels = 0
    for row in rows:
        grid = read_textgrid(dataset.folder(row) / f"{row.id}.TextGrid")
        assert grid.end == pytest.approx(row.seconds, abs=1e-5)
        labels += len(grid.tier("phones").entries)
    assert labels >= 3
    # Neighbours, decoded once and handed out in turn, join without a gap.
    clip = open_clip(scan_video(Path(rows[0].source_video)), options.features, options.frames)
    whole = np.concatenate(list(clip.blocks()))
    joined = np.concatenate([dataset.frames(row) for row in rows])
    assert np.array_equal(joined, whole[: len(joined)])
    for row in rows:
        begin = round(row.source_start * float(options.features.frame_rate))
        assert np.array_equal(dataset.frames(row), whole[begin : begin + row.n_frames])


def test_intervals_of_a_tier_become_utterances(run: Run, root: Path, videos: Path, options: PrepareOptions) -> None:
    for name in ("two.mp4", "two.flac", "three.mkv"):
        (videos / name).unlink()
    cut = CutConfig(mode="textgrid", tier="phones")
    run(options=with_options(options, split="recording", cut=cut))
    grid = read_textgrid(videos / "one.TextGrid")
    rate = float(options.features.frame_rate)
    long_enough = [entry for entry in grid.tier("phones").entries if round((entry.end - entry.start) * rate) >= 5]
    rows = Dataset(root).utterances
    assert len(rows) >= len(long_enough) > 2
    for entry in long_enough:
        near = min(rows, key=lambda row: abs(row.source_start - entry.start))
        assert abs(near.source_start - entry.start) < 1 / rate
        own = read_textgrid(root / "samples" / near.id / f"{near.id}.TextGrid").tier("phones").entries
        assert entry.label in [item.label for item in own]


def test_pieces_too_short_for_a_window_are_left_out_with_a_note(run: Run, options: PrepareOptions) -> None:
    summary = run(options=with_options(options, split="recording", cut=CutConfig(mode="every", seconds=0.74)))
    assert all(row.n_frames >= 4 for row in summary.utterances)
    assert any("left out" in note for note in summary.notes)


def test_a_mask_is_stored_with_every_sample_and_frames_stay_unmasked(
    tmp_path: Path, run: Run, root: Path, options: PrepareOptions
) -> None:
    run(root=tmp_path / "plain")
    mask = tmp_path / "mask.json"
    box = {"width": 64, "height": 64, "polygons": [[[0, 0], [32, 0], [32, 63], [0, 63]]]}
    mask.write_text(json.dumps(box), encoding="utf-8")
    run(options=with_options(options, mask=mask))
    dataset, plain = Dataset(root), Dataset(tmp_path / "plain")
    pixels = dataset.pixel_mask()
    assert pixels is not None and pixels[5, 5] == 1 and pixels[5, 25] == 0
    for row in dataset.utterances:
        assert np.array_equal(dataset.frames(row), plain.frames(row))
        assert np.array_equal(dataset.mask(row), pixels)
    assert run(options=with_options(options, mask=mask)).redone == 0
    box["polygons"][0][1][0] = 20  # type: ignore[index]
    mask.write_text(json.dumps(box), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"other settings \(mask\)"):
        run(options=with_options(options, mask=mask))
    assert run(options=with_options(options, mask=mask), overwrite=True).redone == 3


def test_over_bright_frames_are_left_out_on_request(
    tmp_path: Path, run: Run, root: Path, options: PrepareOptions
) -> None:
    recording = speak(2.0, 4, size=64)
    frames = (recording.frames // 3).astype(np.uint8)
    frames[:5] = frames[:5] + np.array([120, 100, 80, 60, 40], np.uint8)[:, None, None]
    write_video(tmp_path / "in" / "a.mkv", frames, recording.frame_rate, lossless=True)
    write_wav(tmp_path / "in" / "a.wav", recording.audio, recording.sample_rate)
    options = with_options(options, split="recording")
    (note,) = run(tmp_path / "in", root=tmp_path / "kept", options=options).notes
    assert "a.mkv: the first 5 frames (0.18 s) are brighter" in note and "`trim_over_bright=True`" in note
    run(tmp_path / "in", options=with_options(options, trim_over_bright=True))
    (kept,), (trimmed,) = Dataset(tmp_path / "kept").utterances, Dataset(root).utterances
    assert (kept.n_frames, kept.source_start) == (len(frames), 0.0)
    assert trimmed.n_frames == len(frames) - 5 and trimmed.source_start == pytest.approx(5 * 23 / 625, abs=1e-6)
    # Sound and picture are trimmed together.
    whole = read_sound(Dataset(tmp_path / "kept").audio_path(kept)).samples
    part = read_sound(Dataset(root).audio_path(trimmed)).samples
    assert np.abs(part - whole[5 * 420 : 5 * 420 + len(part)]).max() < 1e-3 + np.abs(np.diff(whole)).max()
    assert np.array_equal(Dataset(root).frames(trimmed), Dataset(tmp_path / "kept").frames(kept)[5:])


@pytest.mark.parametrize("split", ["speaker", "recording", "blocks"])
def test_test_speakers_are_tested_and_leave_the_rest_as_it_was(
    tmp_path: Path, run: Run, root: Path, options: PrepareOptions, split: str
) -> None:
    for index, speaker in enumerate(("F1", "F1", "F2", "M1", "M1", "M2")):
        write_recording(speak(1.0, index, size=16), tmp_path / "in" / speaker, f"r{index}")
    run(tmp_path / "in", options=with_options(options, split=split, test_speakers=("M1",)))
    with_all = {row.id: row for row in Dataset(root).utterances}
    tested = {row.id for row in with_all.values() if row.speaker == "M1"}
    assert len(tested) == 2 and all(with_all[name].split == "test" for name in tested)
    assert Dataset(root).meta.split["test_speakers"] == ["M1"]
    for path in (tmp_path / "in" / "M1").iterdir():
        path.unlink()
    run(tmp_path / "in", options=with_options(options, split=split), prune=True)
    assert {row.id: row.split for row in Dataset(root).utterances} == {
        name: row.split for name, row in with_all.items() if name not in tested
    }


@pytest.mark.parametrize(
    ("names", "told"), [(("M1", "X"), "no X; the speakers are F1, M1"), (("F1", "M1"), "no speak")]
)
def test_test_speakers_are_speakers_and_not_all(
    tmp_path: Path, run: Run, options: PrepareOptions, names: tuple[str, ...], told: str
) -> None:
    for index, speaker in enumerate(("F1", "M1")):
        write_recording(speak(1.0, index, size=16), tmp_path / "in" / speaker, f"r{index}")
    with pytest.raises(ConfigError, match=told):
        run(tmp_path / "in", options=with_options(options, test_speakers=names))


def test_speakers_stay_together(tmp_path: Path, run: Run, root: Path, options: PrepareOptions) -> None:
    for index, speaker in enumerate(("F1", "F1", "F2", "M1", "M1")):
        write_recording(speak(1.0, index, size=16), tmp_path / "in" / speaker, f"r{index}")
    run(tmp_path / "in", options=with_options(options, split="speaker"))
    dataset = Dataset(root)
    assert {row.speaker for row in dataset.utterances} == {"F1", "F2", "M1"}
    assert len({(row.speaker, row.split) for row in dataset.utterances}) == 3
    assert {row.split for row in dataset.utterances} == {"train", "validation", "test"}


def test_a_folder_that_is_no_dataset_is_not_touched(tmp_path: Path, run: Run) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_bytes(b"x")
    with pytest.raises(DatasetError, match="holds other files"):
        run(root=tmp_path / "full")
    with pytest.raises(DatasetError, match="is a file"):
        run(root=tmp_path / "full" / "thesis.tex")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.tex"]


def test_impossible_options_are_refused_before_any_work(run: Run, root: Path, options: PrepareOptions) -> None:
    with pytest.raises(ConfigError, match="split_ratio"):
        run(options=with_options(options, split_ratio=(100.0, 0.0, 0.0)))
    with pytest.raises(ConfigError, match="no such mask"):
        run(options=with_options(options, mask=Path("no.png")))
    assert not root.exists()


def test_utterances_that_would_share_a_name_are_refused(
    tmp_path: Path, run: Run, root: Path, options: PrepareOptions
) -> None:
    write_recording(speak(2.0, 1, size=16), tmp_path / "in", "a")
    write_recording(speak(1.0, 2, size=16), tmp_path / "in", "a-001")
    cut = CutConfig(mode="every", seconds=1.0)
    with pytest.raises(DatasetError, match="two utterances would be called 'a-001'"):
        run(tmp_path / "in", options=with_options(options, split="recording", cut=cut))
    assert not (root / "meta.json").exists()


def test_workers_change_nothing_in_the_dataset(run: Run, root: Path, tmp_path: Path, tree: Tree) -> None:
    with threadpool_limits(2):  # as many as a user's machine has; a worker process takes one
        run()
    summary = run(root=tmp_path / "parallel", workers=2)
    assert summary.redone == 3
    assert tree(tmp_path / "parallel") == tree(root)


def test_files_or_their_folder_are_the_same_inputs(run: Run, videos: Path) -> None:
    run(videos)
    files = [videos / name for name in ("one.mp4", "two.mp4", "three.mkv")]
    assert run(corpus=FolderCorpus(tuple(files))).redone == 0


def test_a_mistaken_option_destroys_nothing(run: Run, root: Path, tree: Tree) -> None:
    run()
    before = tree(root)
    with pytest.raises(UserError, match="TextGrid"):
        run(options=PrepareOptions(cut=CutConfig(mode="textgrid", tier="nothing of the kind")), overwrite=True)
    assert tree(root) == before and Dataset(root).utterances


def test_paths_and_fields_do_as_well_as_a_corpus_and_options(videos: Path, tmp_path: Path) -> None:
    summary = prepare(str(videos), tmp_path / "set", frames={"size": 32}, split="recording", workers=1)
    assert summary.split_mode == "recording" and summary.out == tmp_path / "set"
    assert sum(summary.counts.values()) == len(summary.rows()) == len(Dataset(summary.out))
    assert repr(summary).startswith(f"PrepareSummary({tmp_path / 'set'}: 3 utterances")
    again = prepare([videos], tmp_path / "set", PrepareOptions(frames=FrameConfig(size=32)), 1, split="recording")
    assert again.redone == 0
    with pytest.raises(ConfigError, match="unknown key 'splitt'") as caught:
        prepare(videos, tmp_path / "set", splitt="recording")
    assert "split" in caught.value.remedy


def test_over_bright_frames_of_many_recordings_are_one_note(tmp_path: Path, run: Run, options: PrepareOptions) -> None:
    recording = speak(2.0, 4, size=64)
    frames = (recording.frames // 3).astype(np.uint8)
    frames[:5] = frames[:5] + np.array([120, 100, 80, 60, 40], np.uint8)[:, None, None]
    for name in "abc":
        write_video(tmp_path / "in" / f"{name}.mkv", frames, recording.frame_rate, lossless=True)
        write_wav(tmp_path / "in" / f"{name}.wav", recording.audio, recording.sample_rate)
    (note,) = run(tmp_path / "in", options=with_options(options, split="recording")).notes
    assert "a.mkv: the first 5 frames" in note and note.endswith("The same of 2 more recording(s).")
