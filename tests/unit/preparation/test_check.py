from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from block_code import write_numbered
from counted import Counted
from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.media.audio import resample
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.preparation.check import CheckOptions, check_recordings
from rtmri2speech.preparation.check import check as check_all
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.preparation.prepare import PrepareSummary
from rtmri2speech.preparation.recording import PrepareOptions

Harm = Callable[[Path, NDArray[np.uint8], NDArray[np.float32]], object]

RATE = Fraction(625, 23)
SOUND_RATE = 20000


def check(folder: Path, **options: object) -> list[Finding]:
    recordings = FolderCorpus((folder,)).recordings()
    return check_recordings(recordings, CheckOptions.parse(options, "check"), 1)


def picture(path: Path, frames: NDArray[np.uint8], rate: Fraction = RATE) -> None:
    write_video(path / "a.avi", frames, rate, lossless=True)


def sound(path: Path, samples: NDArray[np.float32], subtype: str = "FLOAT") -> None:
    soundfile.write(path / "a.wav", samples, SOUND_RATE, subtype=subtype)


def two(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32)
    return np.stack([samples, noise], axis=1)


def narrow(path: Path, samples: NDArray[np.float32]) -> None:
    soundfile.write(path / "a.wav", resample(samples, SOUND_RATE, 8000), 8000)


def cut(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def with_nan(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    result = samples.copy()
    result[100] = np.nan
    return result


def brightened(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    result = (frames // 3).astype(np.uint8)
    result[:4] += np.array([120, 90, 60, 40], np.uint8)[:, None, None]
    return result


def blanked(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    result = frames.copy()
    result[[10, 20]] = 0
    return result


ROWS: dict[str, tuple[Harm, str, str, str, str]] = {
    # what happened: how it is made, file, severity, words of the problem, words of the remedy
    "empty video": (lambda p, f, s: (p / "a.avi").write_bytes(b""), "a.avi", "error", "empty (0 bytes)", "again"),
    "video cut short": (lambda p, f, s: cut(p / "a.avi", 0.6), "a.avi", "error", "of 60 announced", "again"),
    "video cut to nothing": (lambda p, f, s: cut(p / "a.avi", 0.001), "a.avi", "error", "cannot be read", "again"),
    "renamed text": (
        lambda p, f, s: (p / "a.avi").write_text("notes" * 99),
        "a.avi",
        "error",
        "cannot be read",
        "kind",
    ),
    "empty sound": (lambda p, f, s: (p / "a.wav").write_bytes(b""), "a.wav", "error", "sound file", "empty"),
    "renamed sound": (lambda p, f, s: (p / "a.wav").write_text("x" * 999), "a.wav", "error", "sound file", "kind"),
    "sound cut short": (
        lambda p, f, s: cut(p / "a.wav", 0.5),
        "a.wav",
        "error",
        "2.21 s announced, 1.10 s there",
        "again",
    ),
    "silent sound": (lambda p, f, s: sound(p, s * 0), "a.wav", "error", "silent", "right sound file"),
    "nearly silent": (lambda p, f, s: sound(p, s * 1e-6), "a.wav", "error", "silent", "right sound file"),
    "last bits": (lambda p, f, s: sound(p, s * 1e-3, "PCM_16"), "a.wav", "error", "silent", "right sound file"),
    "constant": (lambda p, f, s: sound(p, s * 0 + 0.4), "a.wav", "error", "without its constant part", "right sound"),
    "soft": (lambda p, f, s: sound(p, s * 1e-3, "PCM_24"), "a.wav", "note", "very soft (-", "Listen"),
    "integers as floats": (lambda p, f, s: sound(p, s * 30000), "a.wav", "note", "16-bit integers", "yourself"),
    "no scale": (lambda p, f, s: sound(p, s * 1e12), "a.wav", "error", "on no scale of sound", "Divide"),
    "reference microphone": (lambda p, f, s: sound(p, two(s)), "a.wav", "note", "the left one is used", "`channel="),
    "narrow band": (lambda p, f, s: narrow(p, s), "a.wav", "note", "bands 57 to 64 hold nothing", "higher sampling"),
    "sound with NaN": (lambda p, f, s: sound(p, with_nan(s)), "a.wav", "error", "not numbers", "Export"),
    "sound too long": (
        lambda p, f, s: sound(p, np.concatenate([s, s])),
        "a.avi",
        "error",
        "4.42 s of sound, 2.21 s of video",
        "`on_mismatch='trim'`",
    ),
    "no sound": (lambda p, f, s: (p / "a.wav").unlink(), "a.avi", "error", "no a.wav or .flac", "Synthesis needs none"),
    "clipped sound": (lambda p, f, s: sound(p, np.clip(s * 9, -1, 1)), "a.wav", "warning", "clipped", "gain"),
    "frozen picture": (lambda p, f, s: picture(p, f[[0] * 60]), "a.avi", "error", "never changes", "Export"),
    "blank frames": (lambda p, f, s: picture(p, blanked(f)), "a.avi", "warning", "2 blank frame(s)", "black"),
    "over-bright start": (lambda p, f, s: picture(p, brightened(f)), "a.avi", "note", "first 4 frames", "`trim_over"),
    "oblong picture": (lambda p, f, s: picture(p, f[:, :48]), "a.avi", "note", "64x48 is not square", "Crop"),
    "other frame rate": (lambda p, f, s: picture(p, f, Fraction(27)), "a.avi", "note", "27.0000 frames/s", "`fps`"),
    "broken TextGrid": (lambda p, f, s: (p / "a.TextGrid").write_text("?"), "a.TextGrid", "error", "TextGrid", "Praat"),
}


def test_a_good_recording_gives_no_finding(folder: Path) -> None:
    assert check(folder) == []


@pytest.mark.parametrize("row", ROWS, ids=[name.replace(" ", "_") for name in ROWS])
def test_every_row_of_bad_input_has_its_finding(
    folder: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]], row: str
) -> None:
    harm, name, severity, problem, remedy = ROWS[row]
    harm(folder, *talk)
    findings = check(folder)
    (found,) = (finding for finding in findings if problem in finding.problem)
    assert (found.file, found.severity) == (str(folder / name), severity)
    assert remedy in found.remedy and "\n" not in found.problem + found.remedy
    others = [finding for finding in findings if finding is not found and finding.severity != "note"]
    # A picture that ends early also ends before its sound.
    assert not others or (row == "video cut short" and "disagree" in others[0].problem and len(others) == 1)


def test_a_missing_video_is_found(tmp_path: Path) -> None:
    (finding,) = check_recordings([Recording("a", "s", tmp_path / "a.mp4")], CheckOptions(), 1)
    assert finding.severity == "error" and "no such file" in finding.problem
    assert finding.as_json() == {
        "file": str(tmp_path / "a.mp4"),
        "severity": "error",
        "problem": finding.problem,
        "remedy": finding.remedy,
    }


def test_a_picture_alone_is_enough_where_no_sound_is_needed(folder: Path) -> None:
    (folder / "a.wav").unlink()
    assert [finding.severity for finding in check(folder)] == ["error"]
    assert check(folder, need_sound=False) == []
    # A sound that is there must still be good.
    (folder / "a.wav").write_bytes(b"")
    assert [finding.severity for finding in check(folder, need_sound=False)] == ["error"]


def test_options_say_what_prepare_would_do(folder: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> None:
    frames, samples = talk
    sound(folder, np.concatenate([samples, samples]))
    (finding,) = check(folder, on_mismatch="trim")
    assert finding.severity == "note" and "disagree" in finding.problem
    sound(folder, samples)
    picture(folder, brightened(frames))
    assert check(folder, trim_over_bright=True) == []
    picture(folder, frames, Fraction(15))
    assert "error" in {finding.severity for finding in check(folder)}
    assert check(folder, fps="625/23") == []


def test_a_sync_offset_counts(folder: Path, talk: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> None:
    sound(folder, np.concatenate([np.zeros(SOUND_RATE, np.float32), talk[1]]))
    assert [finding.severity for finding in check(folder)] == ["error"]
    recordings = FolderCorpus((folder,), sync_offset=1.0).recordings()
    assert check_recordings(recordings, CheckOptions(), 1) == []


def test_damaged_and_filled_in_frames_are_told(tmp_path: Path, folder: Path) -> None:
    (folder / "a.avi").unlink()
    path = folder / "a.mp4"
    rng = np.random.default_rng(0)
    frames = np.kron(rng.integers(0, 255, (60, 8, 8)), np.ones((8, 8))).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"bf": "0"})
        stream.height = stream.width = 64
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", 1 / RATE
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="gray")
            frame.pts, frame.time_base = index, 1 / RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    whole = path.read_bytes()
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(container.streams.video[0]) if packet.size]
    start, size = packets[30]
    path.write_bytes(whole[:start] + b"\xff" * size + whole[start + size :])
    (finding,) = [item for item in check(folder) if item.severity == "error"]
    assert finding.problem.startswith("1 damaged packet(s); 59 frames of 60 announced")
    spoilt = size * 6 // 10
    path.write_bytes(whole[: start + size - spoilt] + b"\xff" * spoilt + whole[start + size :])
    (finding,) = check(folder)
    assert finding.severity == "warning" and "1 frame(s) are damaged in part" in finding.problem


def test_findings_come_in_the_order_of_the_recordings(videos: Path) -> None:
    for name in ("one.wav", "two.flac"):
        (videos / name).write_bytes(b"")
    counted = Counted()
    recordings = FolderCorpus((videos,)).recordings()
    findings = check_recordings(recordings, CheckOptions(), 1, counted)
    errors = [Path(finding.file).name for finding in findings if finding.severity == "error"]
    assert errors == ["one.wav", "two.flac"] and (counted.expected, counted.done) == (3, 3)


def test_what_check_calls_an_error_prepare_refuses(
    folder: Path, run: Callable[..., PrepareSummary], talk: tuple[NDArray[np.uint8], NDArray[np.float32]]
) -> None:
    for row, (harm, _, severity, problem, _) in ROWS.items():
        picture(folder, talk[0])
        sound(folder, talk[1])
        (folder / "a.TextGrid").unlink(missing_ok=True)
        harm(folder, *talk)
        if severity == "error":
            with pytest.raises(MediaError) as caught:
                run(folder, root=folder.parent / row)
            assert problem in caught.value.problem, row
        else:
            assert not run(folder, root=folder.parent / row).failures


def test_check_takes_paths_datasets_and_corpora(
    folder: Path, run: Callable[..., PrepareSummary], tmp_path: Path
) -> None:
    run(folder, root=tmp_path / "set", options=PrepareOptions(split="test"))
    counted = Counted()
    report = check_all([folder, tmp_path / "set"], workers=1, progress=counted)
    assert (report.datasets, report.recordings, report.wrong) == (1, 1, 0)
    assert counted.expected == counted.done >= 2
    assert report.in_words == "2 recording(s) checked: nothing wrong" and report.rows() == []
    (folder / "a.wav").unlink()
    report = check_all(FolderCorpus((folder,)), workers=1)
    assert report.wrong == 1 and report.rows()[0]["severity"] == "error" and "no sound" in repr(report)
    assert check_all(str(folder), workers=1, need_sound=False).wrong == 0
    with pytest.raises(ConfigError, match="Nothing to check"):
        check_all([])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_frames_are_refused_by_check_and_prepare_alike(
    folder: Path, run: Callable[..., PrepareSummary], talk: tuple[NDArray[np.uint8], NDArray[np.float32]], n: int
) -> None:
    picture(folder, talk[0][:n])
    sound(folder, talk[1][: round(n * SOUND_RATE / RATE)])
    (finding,) = check(folder)
    assert finding.severity == "error" and f"{n} frame(s) with sound" in finding.problem
    with pytest.raises(MediaError) as caught:
        run(folder, root=folder.parent / "set")
    assert finding.problem in caught.value.problem and "a.avi" in caught.value.problem
    assert check(folder, need_sound=False) == [finding]


def test_the_table_has_a_row_for_each_recording(folder: Path) -> None:
    report = check_all(folder, workers=1)
    (facts,) = report.facts
    assert (facts.file, facts.sound, facts.rate, facts.offset) == (str(folder / "a.avi"), "a.wav", SOUND_RATE, 0.0)
    assert facts.stream == "ffv1, 64x64, 27.17 fps" and facts.labels is None and facts.sync is None
    assert report.as_json()["recordings"] == [facts.as_json()]
    (folder / "a.avi").write_bytes(b"")
    assert check_all(folder, workers=1).facts[0].stream is None


def test_sound_that_drifts_is_said(tmp_path: Path) -> None:
    source, path = write_numbered(tmp_path / "even.mkv", codec="mpeg4"), tmp_path / "in" / "a.mkv"
    path.parent.mkdir()
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                if packet.stream.type == "audio":
                    packet.pts = packet.dts = packet.pts * 101 // 100
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
    report = check_all(path, workers=1)
    (finding,) = [item for item in report.findings if "slower than its samples" in item.problem]
    assert finding.severity == "note" and "0.044 s" in finding.problem
    assert report.facts[0].drift == pytest.approx(0.044, abs=1e-3)
