from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource, mel_path
from rtmri2speech.data.dataset.training_items import FrameSegments, SoundSegments, collate_pad, load_sound
from rtmri2speech.data.media.audio import read_sound, write_float_wav
from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.mel import mel_db

MakeDataset = Callable[..., Path]
HOP = 40


def test_segments_are_slices_of_the_utterances(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    segments = FrameSegments(dataset, "train", segment_frames=10, ref_frames=4)
    assert [(row.id, *segment) for row, segment in segments.segments] == [
        ("u0", 0, 10, 0),
        ("u0", 7, 17, 0),
        ("u0", 14, 24, 0),
        ("u0", 20, 30, 1),
        ("u1", 0, 10, 0),
        ("u1", 2, 12, 5),
    ]
    for index, (row, (start, stop, first)) in enumerate(segments.segments):
        frames, mel, mask, counted_from = segments[index]
        assert counted_from == first and frames.dtype == torch.uint8 and mask.tolist() == [1.0] * (stop - start)
        assert np.array_equal(frames.numpy(), dataset.frames(row)[start:stop])
        assert np.array_equal(mel.numpy(), dataset.mel_db(row)[start:stop])
    assert len(segments) == 6


def test_views_of_the_whole_utterance_stand_in_front(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    plain, segments = (FrameSegments(dataset, "train", 10, 4, views) for views in (0, 3))
    for index, (row, _) in enumerate(segments.segments):
        frames, mel, _, _ = segments[index]
        spread = [row.n_frames // 6, row.n_frames // 2, 5 * row.n_frames // 6]
        assert np.array_equal(frames[:3].numpy(), dataset.frames(row)[spread])
        assert torch.equal(frames[3:], plain[index][0]) and len(mel) == len(frames) - 3
    batch = collate_pad([segments[0], segments[4]])
    assert batch["frames"].shape[1] == 13 and batch["length"].tolist() == [10, 10] and batch["n_frames"] == 20


def test_utterances_shorter_than_a_window_are_left_out(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset((30, 3, 20)))
    assert {row.id for row, _ in FrameSegments(dataset, "train", 10, 4).segments} == {"u0"}
    with pytest.raises(DatasetError, match="no utterance of the train split is 31 frames long"):
        FrameSegments(dataset, "train", 40, 31)


def test_frame_mask_is_cut_and_a_pixel_mask_counts_every_frame(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    one, other = dataset.utterances[:2]
    counts = np.arange(30, dtype=np.uint8) % 2
    np.save(dataset.folder(one) / "mask.npy", counts)
    np.save(dataset.folder(other) / "mask.npy", np.zeros((16, 16), np.uint8))
    segments = FrameSegments(dataset, "train", 10, 4)
    assert segments[1][2].tolist() == counts[7:17].tolist()
    assert segments[4][2].tolist() == [1.0] * 10


def test_the_float_frames_of_older_datasets_are_read(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    row = dataset.utterances[0]
    frames = np.array(dataset.frames(row))
    np.save(dataset.folder(row) / "mri.npy", (frames / np.float32(255)).astype(np.float32))
    assert np.array_equal(FrameSegments(dataset, "train", 10, 4)[2][0].numpy(), frames[14:24])


def test_a_mel_that_is_not_a_number_stops_training(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    row = dataset.utterances[0]
    mel = np.array(dataset.mel_db(row))
    mel[22, 3] = np.nan
    np.save(dataset.folder(row) / "mel_db.npy", mel)
    segments = FrameSegments(dataset, "train", 10, 4)
    assert segments[0][1].isfinite().all()
    with pytest.raises(DatasetError, match=r"u0.*mel_db\.npy: holds values that are not numbers"):
        segments[3]


def test_collation_pads_with_zeros_at_the_end(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset((30, 5, 9), ("train", "train", "train")))
    segments = FrameSegments(dataset, "train", 10, 4)
    items = [segments[3], segments[4], segments[5]]
    batch = collate_pad(items)
    assert batch["length"].tolist() == [10, 5, 9] and batch["first"].tolist() == [1, 0, 0]
    assert batch["n_frames"] == 24
    assert batch["frames"].shape == (3, 10, 16, 16) and batch["frames"].dtype == torch.uint8
    for index, (frames, mel, mask, _) in enumerate(items):
        n = len(frames)
        for name, part in (("frames", frames), ("mel", mel), ("mask", mask)):
            found = batch[name]  # type: ignore[literal-required]
            assert torch.equal(found[index, :n], part) and not found[index, n:].any()


def test_a_sound_segment_is_the_same_slice_of_sound_and_mel(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    segments = SoundSegments(dataset, "train", segment_frames=6, seed=7)
    starts = set()
    for epoch in range(12):
        mel, wave = segments[epoch, 0]
        row = dataset.utterances[0]
        assert mel.shape == (6, 8) and wave.shape == (6 * HOP,)
        whole = read_sound(dataset.audio_path(row)).samples
        found = [s for s in range(25) if np.array_equal(whole[s * HOP : (s + 6) * HOP], wave.numpy())]
        assert len(found) == 1
        starts.add(found[0])
        full = mel_db(whole, dataset.meta.features)
        assert np.array_equal(mel.numpy(), full[found[0] : found[0] + 6])
    assert len(starts) > 4


def test_a_sound_segment_is_a_function_of_seed_epoch_and_index(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    keys = [(epoch, index) for epoch in range(5) for index in range(2)]
    one = [SoundSegments(dataset, "train", 6, seed=7)[key][1] for key in keys]
    again = SoundSegments(dataset, "train", 6, seed=7)
    other = SoundSegments(dataset, "train", 6, seed=8)
    assert all(torch.equal(again[key][1], wave) for key, wave in reversed(list(zip(keys, one, strict=True))))
    assert not all(torch.equal(other[key][1], wave) for key, wave in zip(keys, one, strict=True))


@pytest.mark.parametrize("frames", [12, 13, 40])
def test_an_utterance_no_longer_than_the_segment_is_padded(make_dataset: MakeDataset, frames: int) -> None:
    dataset = Dataset(make_dataset())
    mel, wave = SoundSegments(dataset, "train", frames, seed=0)[3, 1]
    row = dataset.utterances[1]
    assert mel.shape == (frames, 8) and wave.shape == (frames * HOP,)
    assert np.array_equal(mel[:12].numpy(), dataset.mel_db(row))
    assert np.array_equal(wave[: 12 * HOP].numpy(), read_sound(dataset.audio_path(row)).samples)
    assert (mel[12:] == -100.0).all() and not wave[12 * HOP :].any()


def test_a_sound_shorter_than_its_frames_is_refused(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    row = dataset.utterances[0]
    write_float_wav(dataset.audio_path(row), np.zeros(29 * HOP, np.float32), 2000)
    assert load_sound(dataset, row, 20, 9)[1].shape == (9 * HOP,)
    with pytest.raises(DatasetError, match="shorter than its 30 frames"):
        load_sound(dataset, row, 21, 9)


def mels_that_count(dataset: Dataset, name: str, sign: int) -> Path:
    """A folder of mels in which every frame says its number, in dB: ``sign * (1000 * band + frame + 1)``."""
    folder = dataset.root / name
    folder.mkdir()
    for row in dataset.utterances:
        number = sign * (1000.0 * np.arange(8)[:, None] + np.arange(row.n_frames) + 1)
        np.save(mel_path(folder, row), (number * np.log(10) / 10).astype(np.float32))
    return folder


def test_mels_of_a_folder_are_cut_where_the_sound_is(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    plain = SoundSegments(dataset, "train", 6, seed=7)
    given = SoundSegments(dataset, "train", 6, 7, MelSource(mels_that_count(dataset, "mels", 1)))
    whole = read_sound(dataset.audio_path(dataset.utterances[0])).samples
    starts = set()
    for epoch in range(12):
        mel, wave = given[epoch, 0]
        assert torch.equal(wave, plain[epoch, 0][1]), "the place does not depend on where the mel comes from"
        start = round(float(mel[0, 0])) - 1
        expected = 1000.0 * np.arange(8) + np.arange(start, start + 6)[:, None] + 1
        assert mel.shape == (6, 8) and mel.dtype == torch.float32 and np.allclose(mel.numpy(), expected, rtol=1e-6)
        assert np.array_equal(whole[start * HOP : (start + 6) * HOP], wave.numpy())
        starts.add(start)
    assert len(starts) > 4


def test_segments_mix_two_folders_in_the_given_share(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    source = MelSource(mels_that_count(dataset, "mels", 1), mels_that_count(dataset, "extra", -1), 0.8)
    segments = SoundSegments(dataset, "train", 6, 7, source)
    keys = [(epoch, index) for epoch in range(300) for index in range(2)]
    extra = [bool(segments[key][0][0, 0] < 0) for key in keys]
    assert np.mean(extra) == pytest.approx(0.8, abs=0.05)
    again = SoundSegments(dataset, "train", 6, 7, source)
    assert [bool(again[key][0][0, 0] < 0) for key in reversed(keys[:60])] == extra[:60][::-1]
    # Where the segment lies says nothing about the choice, nor the choice about the place.
    places = [abs(round(float(segments[key][0][0, 0]))) for key in keys if key[1] == 0]
    assert abs(np.corrcoef(places, extra[::2])[0, 1]) < 0.2


def test_mels_of_a_folder_are_padded_with_the_floor(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset())
    source = MelSource(mels_that_count(dataset, "mels", 1))
    mel, wave = SoundSegments(dataset, "train", 15, 0, source)[3, 1]
    assert np.allclose(mel[:12, 0].numpy(), np.arange(12) + 1) and (mel[12:] == -100.0).all()
    assert wave.shape == (15 * HOP,) and not wave[12 * HOP :].any()
