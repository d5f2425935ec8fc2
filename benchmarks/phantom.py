"""Speed of the phantom, where its time goes, and whether Praat measures the formants of the truth.

    python benchmarks/phantom.py [--seconds 30] [--speakers 3] [--skip-speed] [--skip-formants]

Speed: one utterance after the other in this process, with a clock around each part; then the same by one and by
two worker processes. Formants: isolated vowels of every speaker, measured by Praat (robust linear prediction, five
formants below 5000 Hz for men and 5500 Hz for women, window 25 ms; median over the vowel's middle third) compared with
the transfer function at the same frames. Needs the extras simulate and phonetics.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.corpora.phantom import MANIFEST
from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation import utterance
from rtmri2speech.simulation.acquisition.mri import Scanner
from rtmri2speech.simulation.options import FRAME_RATE, PhantomOptions
from rtmri2speech.simulation.phantom import simulate
from rtmri2speech.simulation.plan import plan_utterances
from rtmri2speech.simulation.speaker.anatomy import draw_speakers
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.simulation.speaker.voice import Voice
from timing import clocked

FRAME_BAR, SOUND_BAR, FORMANT_BAR = 60.0, 1.7, 5.0
SOUND = "sound (VocalTractLab)"
PARTS: dict[str, tuple[Any, str]] = {
    SOUND: (VocalTract, "synthesize"),
    "contours (VocalTractLab)": (VocalTract, "outlines"),
    "transfer function (VocalTractLab)": (VocalTract, "transfer_function"),
    "center line (VocalTractLab)": (VocalTract, "center_line"),
    "tube (VocalTractLab)": (VocalTract, "tube_with_tongue"),
    "drawing and scanning": (Scanner, "scan"),
    "sensitivity and maps": (utterance, "_truth"),
    "video file": (utterance, "write_video"),
    "truth file": (Truth, "save"),
}


def speed(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        people = draw_speakers(1, 0)
        options = PhantomOptions(minutes=seconds / 60)
        spent: dict[str, float] = defaultdict(float)
        kept = {name: getattr(owner, function) for name, (owner, function) in PARTS.items()}
        simulate(Path(scratch) / "warm", people, PhantomOptions(minutes=0.02, utterance_seconds=2.0), workers=1)
        jobs = plan_utterances(Path(scratch) / "warm", 0, people[0].name, seconds * FRAME_RATE, options)
        for name, (owner, function) in PARTS.items():
            setattr(owner, function, clocked(kept[name], name, spent))
        began = time.perf_counter()
        for job in jobs:
            utterance.simulate_utterance(job)
        everything = time.perf_counter() - began
        for name, (owner, function) in PARTS.items():
            setattr(owner, function, kept[name])
        frames = sum(job.frames for job in jobs)
        length = frames / float(FRAME_RATE)
        sound = spent[SOUND]
        print(f"{frames} frames, {length:.1f} s, one process")
        for name, value in spent.items():
            print(f"  {name:<36} {1000 * value / frames:6.1f} ms per frame")
        print(f"  {'rest':<36} {1000 * (everything - sum(spent.values())) / frames:6.1f} ms per frame")
        print(
            f"frame and truth {1000 * (everything - sound) / frames:.1f} ms per frame (wanted: at most {FRAME_BAR:g})"
        )
        print(f"sound           {sound / length:.2f} times real time (wanted: at most {SOUND_BAR:g})")
        walls = {}
        for workers in (1, 2):
            # A phantom that grows, so that the time for its speaker is left out.
            out = Path(scratch) / f"workers{workers}"
            simulate(out, people, PhantomOptions(minutes=1e-3), workers=1)
            began = time.perf_counter()
            simulate(out, people, options, workers=workers)
            walls[workers] = time.perf_counter() - began
        print(f"two workers against one: {walls[1] / walls[2]:.2f} times as fast")


def formants(speakers: int) -> None:
    import parselmouth
    from parselmouth.praat import call

    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        people = draw_speakers(speakers, 0)
        # Every seventh utterance has isolated vowels.
        options = PhantomOptions(minutes=speakers * 0.9)
        simulate(out, people, options)
        rows = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["utterances"]
        for person in people:
            voice = Voice.from_json((out / "speakers" / f"{person.name}.json").read_text(encoding="utf-8"))
            ceiling = 5000 if person.sex == "male" else 5500
            heard: dict[str, list[Any]] = defaultdict(list)
            for row in rows:
                if row["speaker"] != person.name or "-" in row["text"]:
                    continue
                stem = out / person.name / row["id"]
                truth = Truth.load(stem.with_suffix(".npz"))
                sound = parselmouth.Sound(str(stem.with_suffix(".wav")))
                track = call(sound, "To Formant (robust)...", 0.005, 5, ceiling, 0.025, 50, 1.5, 5, 1e-6)
                centers = (np.arange(len(truth.f0)) + 0.5) / float(FRAME_RATE)
                for label, (start, end) in zip(truth.phones, truth.phone_times, strict=True):
                    third = (end - start) / 3
                    inside = (centers > start + third) & (centers < end - third)
                    if label and inside.any():
                        times = np.linspace(start + third, end - third, 25)
                        measured = [np.nanmedian([track.get_value_at_time(n, t) for t in times]) for n in (1, 2)]
                        heard[str(label)].append((measured, np.median(truth.formants[inside, :2], axis=0)))
            errors = np.concatenate([[np.divide(*pair) - 1 for pair in pairs] for pairs in heard.values()])
            middle = 100 * np.median(np.abs(errors), axis=0)
            plane = np.log([np.median([pair[0] for pair in heard[vowel]], axis=0) for vowel in "aiueo"])
            apart = np.linalg.norm(plane[:, None] - plane[None], axis=-1)[np.triu_indices(5, 1)].min()
            print(
                f"{person.name}: tract {voice.tract_length:.1f} cm, {len(errors)} vowels; median error of F1 "
                f"{middle[0]:.1f} %, F2 {middle[1]:.1f} % (wanted: under {FORMANT_BAR:g}); nearest two vowels "
                f"{100 * apart:.0f} % apart"
            )
            for vowel in "aiueo":
                measured, true = (np.median([pair[i] for pair in heard[vowel]], axis=0) for i in (0, 1))
                fit = voice.vowels[vowel]
                print(
                    f"   {vowel}  wanted {fit.target[0]:4.0f} {fit.target[1]:4.0f}  fitted {fit.formants[0]:4.0f} "
                    f"{fit.formants[1]:4.0f}  truth {true[0]:4.0f} {true[1]:4.0f}  "
                    f"Praat {measured[0]:4.0f} {measured[1]:4.0f}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description="speed and formants of the phantom")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--speakers", type=int, default=3)
    parser.add_argument("--skip-speed", action="store_true")
    parser.add_argument("--skip-formants", action="store_true")
    options = parser.parse_args()
    if not options.skip_speed:
        speed(options.seconds)
    if not options.skip_formants:
        formants(options.speakers)


if __name__ == "__main__":
    main()
