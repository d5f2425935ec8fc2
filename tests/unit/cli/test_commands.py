"""The commands on small files: what they print, write and refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.video import write_video
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from talker import FRAME_RATE, speak

Run = Callable[..., Any]
MakeBundle = Callable[..., Bundle]


def flip(path: Path, place: float = 0.5) -> Path:
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x55
    path.write_bytes(content)
    return path


@pytest.fixture
def videos(talker: Path, tmp_path: Path) -> Path:
    """A folder with one good recording, to be added to."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for path in (talker, talker.with_suffix(".wav")):
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command ``prepare`` hands on."""
    seen: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def take(corpus: FolderCorpus, out: Path, options: PrepareOptions, *rest: Any, **more: Any) -> None:
        seen.update(corpus=corpus, out=out, options=options)
        raise KeyboardInterrupt

    monkeypatch.setattr("rtmri2speech.preparation.prepare.prepare", take)
    return seen


def test_the_spelling_of_the_memo_is_understood(run: Run, given: dict[str, Any]) -> None:
    words = "prepare --data_dir a b --out_dir set --n_mels=32 --ref_frames 5 --hop_length 210 --sr 8000"
    words += " --split_ratio 70 10 20 --sync_offset -0.5 --on_mismatch trim --trim_over_bright"
    assert run(*words.split()).code == 130
    options: PrepareOptions = given["options"]
    assert given["corpus"].inputs == (Path("a"), Path("b")) and given["out"] == Path("set")
    assert (options.features.n_mels, options.features.hop_length, options.features.sample_rate) == (32, 210, 8000)
    assert options.ref_frames == 5 and options.split_ratio == (70.0, 10.0, 20.0) and options.trim_over_bright
    assert given["corpus"].sync_offset == -0.5 and options.on_mismatch == "trim"


def test_prepare_has_the_values_of_the_memo(run: Run, given: dict[str, Any]) -> None:
    assert run("prepare", "a", "b_c/d_e", "--out", "x_y").code == 130
    assert given["options"] == PrepareOptions()
    assert given["corpus"].inputs == (Path("a"), Path("b_c/d_e")) and given["out"] == Path("x_y")


def test_prepare_names_the_bad_recording_and_finishes_the_others(run: Run, videos: Path, tmp_path: Path) -> None:
    (videos / "broken.mp4").write_bytes(b"nothing")
    result = run("prepare", videos, "--out", tmp_path / "set", "--workers", "1", "--split-ratio", "60", "20", "20")
    assert str(videos / "broken.mp4") in result.problem
    assert "utterances" in result.out and "1 recording(s) worked on" in result.out
    assert {Path(row.source_video).name for row in Dataset(tmp_path / "set").utterances} == {"talker.mp4"}


def test_impossible_features_are_refused_before_anything_is_written(run: Run, videos: Path, tmp_path: Path) -> None:
    assert "win_length 4096" in run("prepare", videos, "--out", tmp_path / "set", "--win-length", "4096").problem
    assert not (tmp_path / "set").exists()


def test_check_passes_what_is_good(run: Run, videos: Path) -> None:
    result = run("check", videos, "--workers", "1")
    assert result.code == 0 and "1 recording(s) checked: nothing wrong" in result.out and result.err == ""
    as_json = run("check", videos, "--json", "--workers", "1")
    content = json.loads(as_json.out)
    assert as_json.code == 0 and content["findings"] == [] and (content["kind"], content["schema"]) == ("check", 1)
    (facts,) = content["recordings"]
    assert facts == {
        "file": str(videos / "talker.mp4"),
        "stream": "h264, 64x64, 27.17 fps",
        "sound": "talker.wav",
        "rate": 20000,
        "offset": 0.0,
        "drift": 0.0,
        "channels": "1",
        "band": 5706.5,
        "labels": None,
        "sync": None,
        "snr": pytest.approx(58.1, abs=0.5),
        "denoised": "",
        "effect": None,
    }
    assert all(word in result.out for word in ("stream", "NAME.wav", "20", "27.17"))


def test_check_estimates_sync_where_asked(run: Run, videos: Path) -> None:
    result = run("check", videos, "--sync", "--workers", "1")
    assert result.code == 0 and "sync" in result.out
    (facts,) = json.loads(run("check", videos, "--sync", "--json", "--workers", "1").out)["recordings"]
    assert facts["sync"] is None or set(facts["sync"]) == {"offset", "confidence", "explained"}


def test_check_lists_notes_without_calling_them_wrong(run: Run, fast_talker: Path) -> None:
    result = run("check", fast_talker, "--workers", "1")
    assert result.code == 0 and "nothing wrong, 1 note(s)." in result.out and "retimed" in result.out
    (finding,) = json.loads(run("check", fast_talker, "--json", "--workers", "1").out)["findings"]
    assert finding["severity"] == "note" and finding["file"] == str(fast_talker)
    assert set(finding) == {"file", "severity", "problem", "remedy"}


def test_check_fails_on_a_warning(run: Run, videos: Path) -> None:
    pictures = speak(2.5, seed=5, size=64).frames.copy()
    pictures[30] = 0
    write_video(videos / "blank.mkv", pictures, FRAME_RATE, lossless=True)
    shutil.copy(videos / "talker.wav", videos / "blank.wav")
    result = run("check", videos, "--json", "--workers", "1")
    assert result.code == 1
    assert [(Path(item["file"]).name, item["severity"]) for item in json.loads(result.out)["findings"]] == [
        ("blank.mkv", "warning")
    ]


def test_check_tells_recordings_of_one_name_apart(run: Run, videos: Path) -> None:
    for speaker in ("anna", "ben"):
        (videos / speaker).mkdir()
    (videos / "anna" / "x.mp4").write_bytes(b"")
    (videos / "ben" / "x[red].mp4").write_text("no video")
    shutil.copy(videos / "talker.mp4", videos / "mute.mp4")
    write_wav(videos / "mute.wav", np.zeros(50000), 20000)
    result = run("check", videos, "--workers", "1")
    assert result.code == 1 and "4 recording(s) checked: 3 wrong" in result.out
    shown = "".join(line.split("│")[1].strip() for line in result.out.splitlines() if line.startswith("│"))
    assert str(Path("anna") / "x.mp4") in shown and str(Path("ben") / "x[red].mp4") in shown and "mute.wav" in shown


def test_check_finds_a_flipped_byte_in_a_dataset(run: Run, dataset: Path) -> None:
    assert "1 dataset(s) checked: nothing wrong" in run("check", dataset, "--workers", "1").out
    row = Dataset(dataset).utterances[0]
    flip(dataset / "samples" / row.id / "mri.npy")
    result = run("check", dataset, "--json", "--workers", "1")
    assert result.code == 1
    assert [(item["file"], item["severity"]) for item in json.loads(result.out)["findings"]] == [
        (str(dataset / "samples" / row.id), "error")
    ]
    # The table says which utterance it is.
    assert row.id in "".join(run("check", dataset, "--workers", "1").out.replace("│", "").split())


def test_check_goes_on_after_a_dataset_that_cannot_be_opened(run: Run, dataset: Path, videos: Path) -> None:
    (dataset / "meta.json").write_text("{")
    (videos / "broken.mp4").write_bytes(b"nothing")
    result = run("check", dataset, videos, "--json", "--workers", "1")
    assert result.code == 1
    assert [item["file"] for item in json.loads(result.out)["findings"]] == [str(dataset), str(videos / "broken.mp4")]


def test_synthesize_finishes_the_others_and_lists_what_failed(
    run: Run, talker: Path, fast_talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(talker.read_bytes()[:3000])
    model, out = model_files["synthesizer"], tmp_path / "speech"
    result = run("synthesize", talker, bad, fast_talker, "--model", model, "--out", out)
    assert str(bad) in result.problem
    made = {
        f"{name}{end}"
        for name in ("talker", "fast")
        for end in ("_generated.wav", "_mel.npy", "_mel_log.npy", "_mel.png")
    }
    assert {path.name for path in out.iterdir()} == made
    assert [line.split(": ")[1] for line in result.out.splitlines()] == ["2.50 s", "2.47 s"]
    assert soundfile.info(out / "talker_generated.wav").frames == 68 * 420


def test_synthesize_takes_the_options_of_the_memo(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    words = ["synthesize", "--video", talker, "--model", model_files["synthesizer"], "--output_dir", tmp_path / "o"]
    result = run(*words, "--dtype", "bfloat16", "--device", "cpu", "--fps", "1250/23")
    assert result.code == 0 and len(np.load(tmp_path / "o" / "talker_mel.npy")) == 33


def test_two_videos_of_one_name_are_refused(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    twin = shutil.copy(talker, tmp_path / "TALKER.MP4")
    result = run("synthesize", talker, twin, "--model", model_files["synthesizer"], "--out", tmp_path / "o")
    assert "2 recordings are called 'talker'" in result.problem and not (tmp_path / "o").exists()


@pytest.mark.parametrize("place", [0.0001, 0.02, 0.5, 0.999])
def test_an_edited_bundle_is_refused(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path, place: float
) -> None:
    model = flip(Path(shutil.copy(model_files["synthesizer"], tmp_path)), place)
    result = run("synthesize", talker, "--model", model, "--out", tmp_path / "o")
    assert str(model) in result.problem and not (tmp_path / "o").exists()
    assert str(model) in run("inspect", model).problem


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_bundle_cut_short_is_refused(run: Run, model_files: dict[str, Path], tmp_path: Path, share: float) -> None:
    model, content = tmp_path / "cut.safetensors", model_files["synthesizer"].read_bytes()
    model.write_bytes(content[: int(share * len(content))])
    problem = run("inspect", model).problem
    assert str(model) in problem and "cut short" in problem


def test_a_model_of_one_stage_cannot_speak(
    run: Run, talker: Path, model_files: dict[str, Path], tmp_path: Path
) -> None:
    for kind in ("acoustic", "vocoder"):
        result = run("synthesize", talker, "--model", model_files[kind], "--out", tmp_path / "o")
        assert str(model_files[kind]) in result.problem and "rtmri2speech bundle" in result.remedy


def test_inspect_says_what_a_file_holds(run: Run, model_files: dict[str, Path]) -> None:
    rows = dict(
        line.split("  ", 1) for line in run("inspect", model_files["synthesizer"]).out.splitlines() if "  " in line
    )
    assert rows["kind"].strip() == "synthesizer" and "11413 Hz" in rows["sampling rate"]
    assert "test_efficientnet, BiLSTM 16" in rows["acoustic model"]
    values = json.loads(run("inspect", model_files["vocoder"], "--json").out)
    assert values["kind"] == "vocoder" and values["model"]["vocoder"]["initial_channels"] == 16
    assert values["features"]["hop_length"] == 420 and values["provenance"] == {"seed": 0}


def test_bundle_joins_both_stages(run: Run, model_files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "model.safetensors"
    words = ["bundle", "--acoustic", model_files["acoustic"], "--vocoder", model_files["vocoder"], "--out"]
    assert f"{out}: " in run(*words, out).out
    assert load_bundle(out).kind == "synthesizer"
    small = tmp_path / "half.safetensors"
    assert run(*words, small, "--half").code == 0
    assert small.stat().st_size < 0.7 * out.stat().st_size


def test_bundle_names_the_features_that_differ(run: Run, make_bundle: MakeBundle, tmp_path: Path) -> None:
    save_bundle(make_bundle("acoustic"), tmp_path / "a.safetensors")
    save_bundle(make_bundle("vocoder", features=FeatureConfig(preemphasis=0.5)), tmp_path / "v.safetensors")
    result = run("bundle", "--acoustic", tmp_path / "a.safetensors", "--vocoder", tmp_path / "v.safetensors",
                 "--out", tmp_path / "m.safetensors")  # fmt: skip
    for text in ("a.safetensors", "v.safetensors", "preemphasis: 0.97 against 0.5"):
        assert text in result.problem
    assert not (tmp_path / "m.safetensors").exists()
    swapped = run("bundle", "--acoustic", tmp_path / "v.safetensors", "--vocoder", tmp_path / "a.safetensors")
    assert "v.safetensors holds no acoustic model" in swapped.problem


def test_a_generator_of_another_program_comes_in(run: Run, make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("vocoder")
    torch.save({"generator": bundle.stage("vocoder")}, tmp_path / "g_00000010")
    assert bundle.vocoder is not None
    values = {"resblock": "1", "num_mels": 64, "n_fft": 2048, "hop_size": 420, "win_size": 2048,
              "sampling_rate": 11413, "fmin": 0, "fmax": None, "upsample_rates": [10, 7, 3, 2],
              "upsample_kernel_sizes": [20, 15, 7, 4], "upsample_initial_channel": 16,
              "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3]]}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(values), encoding="utf-8")
    words = ["import", "hifigan", tmp_path / "g_00000010", "--config", tmp_path / "config.json"]
    result = run(*words, "--out", tmp_path / "v.safetensors")
    assert result.code == 0 and "g_00000010" in result.out
    back = load_bundle(tmp_path / "v.safetensors")
    assert back.features == FeatureConfig() and back.vocoder == bundle.vocoder
    assert all(torch.equal(value, bundle.tensors[name]) for name, value in back.tensors.items())
    run(*words, "--preemph", "0", "--out", tmp_path / "plain.safetensors")
    assert load_bundle(tmp_path / "plain.safetensors").features.preemphasis == 0
    flip(tmp_path / "g_00000010", 0.1)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    assert str(tmp_path / "config.json") in run(*words, "--out", tmp_path / "no.safetensors").problem


def test_a_foreign_acoustic_file_of_another_kind_is_refused(
    run: Run, make_bundle: MakeBundle, dataset: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "mri_acoustic_model.pt", tmp_path / "a.safetensors"
    torch.save(make_bundle("acoustic").stage("acoustic"), path)
    words = ["import", "acoustic", path, "--scaler_json", dataset / "scaler.json", "--out", out]
    result = run(*words)
    assert str(path) in result.problem and "tf_efficientnetv2_b2" in result.problem
    path.write_bytes(path.read_bytes()[:1000])
    assert str(path) in run(*words).problem
    assert not out.exists()


def test_there_is_nothing_to_resume_without_a_run(run: Run, dataset: Path, tmp_path: Path) -> None:
    for stage in ("acoustic", "vocoder"):
        out = tmp_path / f"{stage}.safetensors"
        result = run("train", stage, dataset, "--recipe", "smoke", "--out", out, "--resume")
        assert f"{stage}_run: no training to resume" in result.problem and "--resume" in result.remedy
        assert not out.exists() and not (tmp_path / f"{stage}_run").exists()


def test_the_folder_of_another_run_is_not_overwritten(run: Run, dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    result = run("train", "acoustic", dataset, "--recipe", "smoke", "--run_dir", tmp_path / "mine",
                 "--out_ckpt", tmp_path / "a.safetensors")  # fmt: skip
    assert str(tmp_path / "mine") in result.problem and "--resume" in result.remedy and "--run-dir" in result.remedy
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_model_of_other_features_cannot_start_a_training(
    run: Run, dataset: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    features, frames = FeatureConfig(fmin=50), FrameConfig(size=64)
    save_bundle(make_bundle(features=features, frames=frames), tmp_path / "other.safetensors")
    result = run("train", "acoustic", dataset, "--recipe", "smoke", "--init", tmp_path / "other.safetensors",
                 "--out", tmp_path / "a.safetensors")  # fmt: skip
    for text in (str(tmp_path / "other.safetensors"), str(dataset), "fmin: 50.0 against 0.0", "size: 64 against 32"):
        assert text in result.problem
    assert not (tmp_path / "a_run").exists()


def test_a_dataset_that_is_unfinished_is_refused(run: Run, dataset: Path, tmp_path: Path) -> None:
    (dataset / "meta.json").unlink()
    result = run("train", "acoustic", dataset, "--recipe", "smoke", "--out", tmp_path / "a.safetensors")
    assert str(dataset) in result.problem and "prepare" in result.remedy


def test_a_demo_too_short_to_train_on_is_refused(run: Run, tmp_path: Path) -> None:
    assert "--seconds 3 is too short" in run("demo", "--train", "--seconds", "3", "--out", tmp_path / "demo").problem
    (tmp_path / "letter.txt").write_text("dear")
    assert "holds other files" in run("demo", "--out", tmp_path).problem
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_prepare_does_not_write_into_a_folder_of_other_things(run: Run, videos: Path) -> None:
    result = run("prepare", videos, "--out", videos)
    assert f"{videos}: holds other files" in result.problem
    assert sorted(path.name for path in videos.iterdir()) == ["talker.mp4", "talker.wav"]


def test_the_dataset_fixture_is_what_prepare_makes(dataset: Path, talker: Path, tmp_path: Path) -> None:
    options = PrepareOptions(frames=FrameConfig(size=32), split_ratio=(60, 20, 20))
    prepare(FolderCorpus((talker,)), tmp_path / "again", options, workers=1)
    assert [row.sha256 for row in Dataset(tmp_path / "again").utterances] == [
        row.sha256 for row in Dataset(dataset).utterances
    ]
