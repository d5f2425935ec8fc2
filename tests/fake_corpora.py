"""Published corpora as small fakes of their layout: the same folders, names, sizes and rates, with a talker's clips.

Nothing in them is of the corpora themselves. Each function writes one below a folder and returns what is to be typed
after ``prepare``: the folders, and more words where the corpus needs any.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

from rtmri2speech.data.media.audio import Sound, write_wav
from rtmri2speech.data.media.movies import write_movie
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.data.media.video import write_video
from talker import FRAME_RATE, Talk, speak

SECONDS = 1.1
USC75_RATE, TIMIT_RATE = Fraction(65040, 781), Fraction(2318, 100)
SENTENCES = ["Is this one?", "Before two, it is.", "A third.", "Four of them.", "The fifth."]


@cache
def talk(seed: int, rate: Fraction, size: int, seconds: float = SECONDS, sound: int = 20_000) -> Talk:
    return speak(seconds, seed, rate, sound, size)


def film(path: Path, clip: Talk) -> None:
    """An MP4 with its own sound track."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_movie(path, (np.repeat(frame[..., None], 3, 2) for frame in clip.frames), clip.frame_rate, track(clip))


def track(clip: Talk) -> Sound:
    return Sound(clip.audio, clip.sample_rate, 0.0)


def silent(path: Path, clip: Talk) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, clip.frames, clip.frame_rate, lossless=path.suffix == ".avi")


def wav(path: Path, clip: Talk, scale: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, clip.audio * np.float32(scale), clip.sample_rate)


def grid(path: Path, clip: Talk, words: str = "hello there") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    end = float(len(clip.frames) / clip.frame_rate)
    said = words.split()
    step = end / max(1, len(said))
    tiers = {
        "words": [(index * step, (index + 1) * step, word) for index, word in enumerate(said)],
        "phones": clip.labels,
    }
    write_textgrid(interval_grid({name: rows for name, rows in tiers.items() if rows}, end), path)


def usc75(root: Path) -> list[Path]:
    """Three subjects, an over-bright start, the table of subjects, one TextGrid of Annot-16 in another folder."""
    for number in (1, 2, 9):
        clip = talk(number, USC75_RATE, 84)
        bright = clip.frames.copy()
        bright[:10] = np.minimum(bright[:10].astype(int) * 2, 255)
        name = f"sub{number:03d}_2drt_01_vcv1_r1"
        folder = root / "usc75" / f"sub{number:03d}" / "2drt"
        film(folder / "video" / f"{name}_video.mp4", Talk(bright, clip.audio, clip.labels, USC75_RATE, 20_000))
        wav(folder / "audio" / f"{name}_audio.wav", clip)
    tasks = {
        f"sub{number:03d}": {"task": [{"prefix": f"sub{number:03d}_2drt_01_vcv1_r1", "note": note}]}
        for number, note in ((1, "motion at the end"), (2, ""), (3, ""))
    }
    tasks["sub002"]["task"].append({"prefix": "sub002_2drt_02_vcv2_r1", "note": ""})
    (root / "usc75" / "metafile_public_20210129.json").write_text(json.dumps(tasks), encoding="utf-8")
    labels = root / "75SpeakerAnnot16" / "sub009" / "alignment" / "sub009_2drt_01_vcv1_r1_text.TextGrid"
    grid(labels, talk(9, USC75_RATE, 84), "apa upu")
    return [root / "usc75", root / "75SpeakerAnnot16"]


def usctimit(root: Path) -> list[Path]:
    """Two speakers, silent videos and sounds, transcripts of one of them, and a video that is there with sound too."""
    for speaker, first in (("f1", 1), ("f1", 6), ("m1", 1)):
        clip = talk(first + (speaker == "m1"), TIMIT_RATE, 68, 3.0)
        name = f"usctimit_mri_{speaker}_{first:03d}_{first + 4:03d}"
        folder = root / "USC-TIMIT" / "MRI" / "Data" / speaker.upper()
        silent(folder / "avi" / f"{name}.avi", clip)
        wav(folder / "wav" / f"{name}.wav", clip)
        if (speaker, first) != ("m1", 1):
            (folder / "trans").mkdir(exist_ok=True)
            (folder / "trans" / f"{name}.trans").write_text(trans(first), encoding="utf-8")
    film(folder / "avi_withaudio" / f"{name}_withaudio.mp4", clip)
    return [root / "USC-TIMIT"]


def trans(first: int) -> str:
    """Five sentences of half a second, two phones each, with pauses between."""
    rows = []
    for index, sentence in enumerate(SENTENCES):
        start = 0.1 + 0.55 * index
        word = sentence.split()[0].upper().strip(",.?")
        rows += [f"{start - 0.1:.2f},{start:.2f},sil,,,"]
        rows += [f"{start:.2f},{start + 0.2:.2f},AE,{word},{sentence},{first + index}"]
        rows += [f"{start + 0.2:.2f},{start + 0.45:.2f},T,{word},{sentence},{first + index}"]
    return "\n".join([*rows, "2.75,2.95,sil,,,", ""])


def usclss(root: Path) -> list[Path]:
    """Sentences in the lists of a split, denoised and raw sound, transcripts; and a whole session of the same."""
    base = root / "single_spk"
    for index, split in enumerate(("train", "train", "val", "test")):
        clip, name = talk(index, Fraction(99), 104, sound=16_000), f"usc_s1_1_{index}"
        silent(base / "video" / f"{name}.avi", clip)
        wav(base / "audio_raw" / f"{name}.wav", clip, 0.5)
        wav(base / "audio_dsp" / f"{name}.wav", clip)
        (base / "transcripts").mkdir(exist_ok=True)
        (base / "transcripts" / f"{name}.txt").write_text(f"Sentence  number\n{index}.", encoding="utf-8")
        with (base / f"{split}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
    silent(base / "avi" / "usc_s1_1.avi", talk(0, Fraction(99), 104, sound=16_000))
    return [base]


def uscemo(root: Path) -> list[Path]:
    """Two speakers, emotions in the names, the sounds in a folder."""
    for index in range(10):
        folder, clip = root / "EMO" / ("F1" if index < 6 else "M2"), talk(index % 3, TIMIT_RATE, 68)
        name = f"{('neu', 'ang', 'sad')[index % 3]}_{index:02d}"
        silent(folder / "avi" / f"{name}.avi", clip)
        wav(folder / "wav" / f"{name}.wav", clip)
    return [root / "EMO"]


def atr503(root: Path) -> list[Path]:
    """A speaker with a rate rounded to 27, sounds of 736 samples per frame, a TextGrid and a sentence as text."""
    for index in range(10):
        clip, name = talk(index % 3, FRAME_RATE, 64), f"A{index + 1:02d}"
        rounded = Talk(clip.frames, clip.audio, clip.labels, Fraction(27), 20_000)
        silent(root / "ATR" / "spk1" / f"{name}.mp4", rounded)
        wav(root / "ATR" / "spk1" / f"{name}.wav", clip)
        grid(root / "ATR" / "spk1" / f"{name}.TextGrid", clip, "")
    (root / "ATR" / "spk1" / "A01.txt").write_text("あらゆる現実を\n", encoding="utf-8")
    return [root / "ATR"]


def rtmridb(root: Path) -> list[Path]:
    """Videos with their own sound in one folder, TextGrids in another, speakers in the database."""
    base = root / "rtMRIDB"
    names = [f"s{1 + index // 5}_{index % 5:03d}" for index in range(10)]
    for index, name in enumerate(names):
        clip = talk(index % 3, FRAME_RATE, 64)
        film(base / "rtmridb_v1_mp4" / f"{name}.mp4", clip)
        grid(base / "textgrid" / f"{name}.TextGrid", clip, "")
    with closing(sqlite3.connect(base / "rtMRIDB.sqlite3")) as database:
        database.execute("CREATE TABLE rtmri (file TEXT, phoneme TEXT, start REAL, end REAL, subject_id TEXT)")
        speakers = {"s1": "f01", "s2": "m02"}
        rows = [(name, phone, 0.0, 0.1, speakers[name[:2]]) for name in names for phone in "ai"]
        database.executemany("INSERT INTO rtmri VALUES (?, ?, ?, ?, ?)", rows)
        database.commit()
    return [base]


def bids(root: Path) -> list[Path]:
    """Three participants with sidecars and events."""
    base = root / "bids"
    for index in range(10):
        number, run = 1 + index % 3, 1 + index // 3
        clip, stem = talk(number, Fraction(50), 64), f"sub-{number:02d}_task-vowels_run-{run}"
        folder = base / f"sub-{number:02d}" / "mri"
        silent(folder / f"{stem}_video.mp4", clip)
        wav(folder / f"{stem}_audio.wav", clip)
        lines = [f"{start:.3f}\t{end - start:.3f}\t{label}" for start, end, label in clip.labels]
        (folder / f"{stem}_events.tsv").write_text(
            "\n".join(["onset\tduration\ttrial_type", *lines, ""]), encoding="utf-8"
        )
    (folder / f"{stem}_video.json").write_text(json.dumps({"Text": "ah oh", "SyncOffset": 0.0}), encoding="utf-8")
    (base / "task-vowels_video.json").write_text(json.dumps({"PixelSpacing": [1.6, 1.6], "FrameRate": 50}), "utf-8")
    about = {"Name": "lab-x", "License": "CC0", "HowToAcknowledge": "Cite us."}
    (base / "dataset_description.json").write_text(json.dumps(about), encoding="utf-8")
    (base / "participants.tsv").write_text("participant_id\tsex\nsub-01\tF\nsub-02\tM\nsub-03\tF\n", encoding="utf-8")
    return [base]


FAKES: dict[str, Callable[[Path], list[Path]]] = {
    "usc75": usc75,
    "usctimit": usctimit,
    "usclss": usclss,
    "uscemo": uscemo,
    "atr503": atr503,
    "rtmridb": rtmridb,
    "bids": bids,
}
