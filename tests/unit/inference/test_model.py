"""Video to speech: files, equality with the training data's frames, bounded memory, and what is refused."""

from __future__ import annotations

import errno
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import BundleError, MediaError, UserError
from rtmri2speech.inference import encoder
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.speech import Speech
from rtmri2speech.inference.vocoding import wave_pieces
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.exported.backends import Wanted
from rtmri2speech.preparation.cut import CutConfig
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel import db_to_ln
from talker import FRAME_RATE, speak

MakeBundle = Callable[..., Bundle]
Frames = NDArray[np.uint8]

ENDINGS = ("_generated.wav", "_mel.npy", "_mel_log.npy")


class Watched:
    """Remembers what progress was told."""

    def __init__(self) -> None:
        self.expected: list[int] = []
        self.done: list[int] = []

    def expect(self, count: int) -> None:
        self.expected.append(count)

    def advance(self, count: int = 1) -> None:
        self.done.append(count)

    def describe(self, title: str) -> None:
        raise AssertionError("one video has one title")


class PaperClip:
    """Blocks of frames without a file; remembers how many of them are alive at once."""

    def __init__(self, sizes: list[int], frames: Frames | None = None, fail_after: int | None = None) -> None:
        self.sizes, self.frames, self.fail_after = sizes, frames, fail_after
        self.n_frames = sum(sizes)
        self.most_alive = 0
        self._alive: list[weakref.ref[Frames]] = []

    def blocks(self) -> Iterator[Frames]:
        rng = np.random.default_rng(0)
        start = 0
        for number, size in enumerate(self.sizes):
            if number == self.fail_after:
                raise MediaError("clip.mp4: broken.", "Copy it again.")
            block = (
                rng.integers(0, 256, (size, 32, 32), dtype=np.uint8)
                if self.frames is None
                else self.frames[start : start + size].copy()
            )
            start += size
            self._alive.append(weakref.ref(block))
            self.most_alive = max(self.most_alive, sum(ref() is not None for ref in self._alive))
            yield block
            del block


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bundle(make_bundle: MakeBundle) -> Bundle:
    return make_bundle()


@pytest.fixture
def model(bundle: Bundle) -> Model:
    return Model(bundle)


@pytest.fixture(scope="module")
def frames() -> Frames:
    return np.random.default_rng(1).integers(0, 256, (90, 32, 32), dtype=np.uint8)


def predict(model: Model, clip: Any) -> NDArray[np.float32]:
    return model.predict_mel(clip)


def saved(model: Model, video: Path, out: Path, **options: Any) -> Speech:
    speech = model.synthesize(video, **options)
    speech.save(out)
    return speech


def test_the_files_have_the_documented_names_shapes_and_rate(talker: Path, model: Model, tmp_path: Path) -> None:
    watched, out = Watched(), tmp_path / "new" / "out"
    result = model.synthesize(talker, progress=watched)
    files = result.save(out)
    n_frames = 68  # 625/23 is the feature clock, to 1e-5
    assert sorted(path.name for path in out.iterdir()) == sorted("talker" + end for end in ENDINGS)
    assert [path.name for path in files] == ["talker" + end for end in ENDINGS]
    wave, rate = soundfile.read(out / "talker_generated.wav", dtype="float32")
    mel, ln_mel = np.load(out / "talker_mel.npy"), np.load(out / "talker_mel_log.npy")
    assert mel.shape == (n_frames, 64) and mel.dtype == np.float32 and np.array_equal(mel, result.mel_db)
    assert ln_mel.shape == (64, n_frames) and ln_mel.dtype == np.float32
    assert np.allclose(ln_mel.T, mel * np.log(10) / 10, atol=1e-4)
    assert rate == 11413 and wave.shape == (n_frames * 420,) and np.abs(wave).max() > 0.01
    assert soundfile.info(out / "talker_generated.wav").subtype == "PCM_16"
    assert result.seconds == pytest.approx(n_frames * 420 / 11413) and result.name == "talker"
    assert watched.expected == [n_frames] and sum(watched.done) == n_frames and len(watched.done) > 1
    assert result.notes == [] and result.sample_rate == 11413 and np.array_equal(result.wave, model.vocode(mel))
    assert result.times == pytest.approx((np.arange(n_frames) + 0.5) * 420 / 11413)
    assert "2.50 s" in repr(result) and "<audio" in result._repr_html_() and "image/png" in result._repr_html_()


def test_the_sound_has_the_rate_and_the_hop_of_the_bundle(
    talker: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    features = FeatureConfig(sample_rate=8000, n_mels=40, n_fft=1024, win_length=1024)
    saved(Model(make_bundle(features=features)), talker, tmp_path)
    wave, rate = soundfile.read(tmp_path / "talker_generated.wav")
    n_frames = int(68 * 23 / Fraction(625) * Fraction(8000, 420))
    assert rate == 8000 and len(wave) == 420 * n_frames
    assert np.load(tmp_path / "talker_mel.npy").shape == (n_frames, 40)


def mel_frame_by_frame(bundle: Bundle, frames: Frames) -> NDArray[np.float32]:
    """Each frame through the image network by itself, then the whole recording through the LSTM."""
    model = bundle.build_acoustic()
    mask = 1.0 if bundle.mask is None else bundle.mask.float()
    with torch.inference_mode():
        features = [model.encode(torch.from_numpy(frame[None]).float() / 255 * mask) for frame in frames]
        mel: NDArray[np.float32] = model.scaler.inverse(model.decode(torch.cat(features)[None])[0]).numpy()
    return mel


@pytest.mark.parametrize("mode", ["memo", "robust"])
@pytest.mark.parametrize("source", ["talker", "fast_talker"])
def test_synthesis_sees_the_frames_of_the_dataset(
    request: pytest.FixtureRequest, make_bundle: MakeBundle, tmp_path: Path, mode: str, source: str
) -> None:
    video: Path = request.getfixturevalue(source)
    config = FrameConfig(size=32, mode=mode)
    options = PrepareOptions(frames=config, split="recording", cut=CutConfig(mode="whole"))
    prepare(FolderCorpus((video,)), tmp_path / "set", options, workers=1)
    dataset = Dataset(tmp_path / "set")
    (row,) = dataset.utterances
    stored = np.array(dataset.frames(row))
    clip = open_clip(scan_video(video), dataset.meta.features, config)
    assert clip.n_frames == len(stored)
    assert np.array_equal(np.concatenate(list(clip.blocks())), stored)

    mask = torch.ones(32, 32, dtype=torch.uint8)
    mask[:, 20:] = 0
    masked, plain = make_bundle(frames=config, mask=mask), make_bundle(frames=config)
    heard = saved(Model(masked), video, tmp_path / "out").mel_db
    assert np.allclose(heard, mel_frame_by_frame(masked, stored), atol=2e-3)
    # The mask matters, and so does the picture.
    assert np.abs(heard - mel_frame_by_frame(plain, stored)).max() > 0.05
    assert np.ptp(heard, axis=0).max() > 0.05


@pytest.mark.parametrize("sizes", [[1] * 90, [7] * 12 + [6], [64, 26], [90]])
@pytest.mark.parametrize("at_once", [1, 5, 64])
def test_blocks_and_pieces_of_any_size_give_the_same(
    model: Model, frames: Frames, monkeypatch: pytest.MonkeyPatch, sizes: list[int], at_once: int
) -> None:
    expected = predict(model, PaperClip([64, 26], frames))
    monkeypatch.setattr(encoder, "_CPU", at_once)
    assert np.allclose(predict(model, PaperClip(sizes, frames)), expected, atol=1e-3)


def test_the_pieces_of_sound_make_the_full_pass(bundle: Bundle, model: Model) -> None:
    mel = np.random.default_rng(0).normal(-45, 12, (600, 64)).astype(np.float32)
    pieces = list(wave_pieces(model.vocoder, mel))
    with torch.inference_mode():
        whole = bundle.build_vocoder()(db_to_ln(torch.from_numpy(mel)).T[None])[0].numpy()
    assert len(pieces) > 1 and np.abs(whole).max() > 0.01
    assert np.allclose(np.concatenate(pieces), whole, atol=1e-5)


def test_a_long_video_needs_the_memory_of_a_few_blocks(model: Model) -> None:
    clip = PaperClip([64] * 30)
    assert len(predict(model, clip)) == 30 * 64
    assert clip.most_alive <= 3


def test_two_threads_give_what_one_gives(model: Model, frames: Frames) -> None:
    alone = predict(model, PaperClip([64, 26], frames))
    torch.set_num_threads(2)
    assert np.allclose(predict(model, PaperClip([64, 26], frames)), alone, atol=1e-3)


def threads_of_a_new_thread() -> int:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return seen[0]


@pytest.mark.parametrize("fail_after", [None, 0, 1])
def test_the_number_of_threads_is_as_before(model: Model, frames: Frames, fail_after: int | None) -> None:
    torch.set_num_threads(2)
    clip = PaperClip([40, 50], frames, fail_after)
    if fail_after is None:
        predict(model, clip)
    else:
        with pytest.raises(MediaError, match="broken"):
            predict(model, clip)
    assert torch.get_num_threads() == 2 and threads_of_a_new_thread() == 2


def test_bfloat16_is_close_to_float32(bundle: Bundle, frames: Frames) -> None:
    full, half = Model(bundle), Model(bundle, dtype=torch.bfloat16)
    exact, rough = (predict(one, PaperClip([90], frames)) for one in (full, half))
    assert rough.dtype == np.float32 and 0 < np.abs(exact - rough).mean() < 0.2 * np.std(exact)
    waves = [one.vocode(exact) for one in (full, half)]
    assert waves[1].dtype == np.float32
    assert 0 < np.sqrt(np.mean((waves[0] - waves[1]) ** 2)) < 0.1 * np.sqrt(np.mean(waves[0] ** 2))


@pytest.mark.parametrize("kind", ["acoustic", "vocoder"])
def test_a_bundle_with_one_stage_is_refused(make_bundle: MakeBundle, talker: Path, kind: str) -> None:
    with pytest.raises(BundleError, match="holds no") as caught:
        Model(make_bundle(kind)).synthesize(talker)
    assert "rtmri2speech bundle" in caught.value.remedy


def test_a_video_without_sound_gives_the_same_speech(talker: Path, model: Model, tmp_path: Path) -> None:
    silent = Path(shutil.copy(talker, tmp_path))  # without the wav file beside it
    one, other = (saved(model, path, tmp_path / "out") for path in (silent, talker))
    assert np.array_equal(one.mel_db, other.mel_db)


def broken(kind: str, talker: Path, folder: Path) -> Path:
    """A video with something wrong."""
    path = folder / "bad.mp4"
    content = talker.read_bytes()
    pictures = speak(1.5, seed=1, size=64).frames
    if kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "renamed":
        path.write_text("This is a text.")
    elif kind == "frozen":
        path = folder / "bad.mkv"
        write_video(path, [pictures[20]] * 30, FRAME_RATE, lossless=True)
    elif kind == "damaged":
        path = folder / "bad.mkv"
        write_video(path, pictures, FRAME_RATE, lossless=True)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(0.7 * len(whole))])
    elif kind == "one frame":
        write_video(path, pictures[:1], Fraction(100))
    return path


@pytest.mark.parametrize("kind", ["truncated", "empty", "renamed", "frozen", "damaged", "one frame", "missing"])
def test_a_video_that_cannot_be_used_leaves_nothing_behind(
    talker: Path, model: Model, tmp_path: Path, kind: str
) -> None:
    video = broken(kind, talker, tmp_path)
    with pytest.raises(MediaError) as caught:
        saved(model, video, tmp_path / "out")
    assert str(video) in caught.value.problem and caught.value.remedy
    assert not (tmp_path / "out").exists()


def test_a_video_shorter_than_a_window_works(model: Model, tmp_path: Path) -> None:
    pictures = speak(2.0, seed=1, size=64).frames
    write_video(tmp_path / "short.mp4", pictures[20:22], Fraction(27))
    result = saved(model, tmp_path / "short.mp4", tmp_path / "out")
    assert result.mel_db.shape == (2, 64) and np.isfinite(result.mel_db).all()
    assert soundfile.info(tmp_path / "out" / "short_generated.wav").frames == 840


@pytest.mark.parametrize("fps", [Fraction(50), Fraction(27173, 2000)])
def test_another_frame_rate_changes_the_length(talker: Path, model: Model, tmp_path: Path, fps: Fraction) -> None:
    result = saved(model, talker, tmp_path, fps=fps)
    n_frames = int(68 / fps * Fraction(11413, 420))
    assert len(result.mel_db) == n_frames
    assert soundfile.info(tmp_path / "talker_generated.wav").frames == 420 * n_frames


def test_blank_and_over_bright_frames_are_pointed_out(model: Model, tmp_path: Path) -> None:
    pictures = speak(3.0, seed=1, size=64).frames // 2
    pictures[:8] = np.minimum(pictures[:8].astype(int) * 2, 255)
    pictures[50] = 0
    write_video(tmp_path / "odd.mkv", pictures, FRAME_RATE, lossless=True)
    notes = saved(model, tmp_path / "odd.mkv", tmp_path / "out").notes
    assert len(notes) == 2
    assert "1 blank frame(s), the first at 1.84 s" in notes[0] and "0.29 s are over-bright" in notes[1]


@pytest.mark.parametrize("stage", ["acoustic.head.weight", "vocoder.conv_pre.weight"])
def test_values_that_are_not_numbers_are_never_written(
    bundle: Bundle, talker: Path, tmp_path: Path, stage: str
) -> None:
    tensors = {**bundle.tensors, stage: torch.full_like(bundle.tensors[stage], 3e38)}
    model = Model(replace(bundle, tensors=tensors, source="huge.safetensors"))
    with pytest.raises(BundleError, match=r"huge\.safetensors: gives values that are not numbers for talker"):
        model.synthesize(talker)
    with pytest.raises(UserError, match="`mel_db`: holds values that are not numbers"):
        Model(bundle).vocode(np.full((3, 64), np.nan, np.float32))
    with pytest.raises(UserError, match=r"x\.wav: not written, because samples are not numbers"):
        write_wav(tmp_path / "x.wav", np.array([0.0, np.inf], np.float32), 8000)
    assert not list(tmp_path.iterdir())


class FullDisk:
    def __init__(self, after: int, function: Callable[..., Any]) -> None:
        self.after, self.function = after, function

    def __call__(self, file: Any, *args: Any, **options: Any) -> Any:
        self.after -= 1
        if self.after < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.function(file, *args, **options)


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_leaves_no_half_written_file(
    talker: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(np, "save", FullDisk(after, np.save))
    with pytest.raises(UserError, match="No space left") as caught:
        saved(model, talker, tmp_path / "out")
    assert "_mel" in caught.value.problem
    names = ["talker_generated.wav", "talker_mel.npy"][: after + 1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert soundfile.info(tmp_path / "out" / names[0]).frames == 68 * 420
    monkeypatch.undo()
    saved(model, talker, tmp_path / "out")
    assert np.load(tmp_path / "out" / "talker_mel.npy").shape == (68, 64)


def test_a_disk_that_fills_up_under_the_sound_leaves_the_old_file(
    talker: Path, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talker_generated.wav").write_bytes(b"old")
    monkeypatch.setattr(soundfile.SoundFile, "write", FullDisk(0, lambda *args: None))
    with pytest.raises(UserError, match=r"talker_generated\.wav: cannot be written \(No space left"):
        saved(model, talker, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["talker_generated.wav"]
    assert (tmp_path / "talker_generated.wav").read_bytes() == b"old"


def test_an_output_folder_that_is_a_file_is_named(talker: Path, model: Model, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(UserError, match="cannot be written") as caught:
        saved(model, talker, tmp_path / "out")
    assert str(tmp_path / "out") in caught.value.problem
    assert (tmp_path / "out").read_text() == "x"


def test_another_backend_reads_frames_and_makes_sound_in_place_of_pytorch(
    bundle: Bundle, talker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setenv("RTMRI_CACHE", str(tmp_path))
    fast = Model(bundle, wanted=Wanted("openvino", asked=True))
    plain = fast.in_torch()
    made, true = fast.synthesize(talker), plain.synthesize(talker)
    assert made.backend.startswith("openvino ") and true.backend == "torch"
    assert np.abs(made.mel_db - true.mel_db).max() < 0.01
    assert np.abs(made.wave - true.wave).max() < 1e-3 * np.abs(true.wave).max()
    assert made.notes == true.notes
    assert len(list(tmp_path.glob("*.network"))) == 2 and plain.encoder is None


def test_a_backend_that_fails_leaves_the_work_to_pytorch_and_says_so(
    bundle: Bundle, talker: Path, broken_engine: None
) -> None:
    made = Model(bundle, wanted=Wanted("openvino", asked=True)).synthesize(talker)
    assert made.backend == "torch"
    assert sum("runs with PyTorch, since openvino cannot be used: libopenvino.so" in note for note in made.notes) == 2
    np.testing.assert_array_equal(made.wave, Model(bundle).synthesize(talker).wave)
