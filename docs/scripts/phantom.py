"""The images of the phantom's data card, ``docs/explanation/phantom.md``.

python docs/scripts/phantom.py            # some five minutes on two cores
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.signal import welch

from rtmri2speech.corpora.phantom import MANIFEST
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.video import read_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation.options import FRAME_RATE
from rtmri2speech.simulation.phantom import simulate
from rtmri2speech.simulation.speaker.anatomy import draw_speakers
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.simulation.speaker.voice import Voice
from rtmri2speech.vocal_tract.figures import COLORS, tinted

VOWELS = "aiueo"
CONSONANTS = "pbmtdnsrkg"
IMAGES = Path(__file__).parents[1] / "images"


@dataclass
class Utterance:
    """An utterance with its frames, sound and truth."""

    frames: NDArray[np.uint8]
    sound: NDArray[np.float32]
    rate: int
    truth: Truth

    @classmethod
    def load(cls, video: Path) -> Utterance:
        sound = read_sound(video.with_suffix(".wav"))
        frames = np.stack(list(read_video(video))).astype(np.uint8)
        return cls(frames, sound.samples, sound.rate, Truth.load(video.with_suffix(".npz")))

    def frame_of(self, phone: str) -> int | None:
        """The frame at the middle of the first such phone."""
        for label, (start, end) in zip(self.truth.phones, self.truth.phone_times, strict=True):
            if label == phone:
                return int((start + end) / 2 * float(FRAME_RATE))
        return None


def canvas(rows: int, columns: int, size: tuple[float, float], **how: object) -> tuple[Figure, NDArray[np.object_]]:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **how)


def bare(axes: object) -> None:
    axes.set_xticks([])  # type: ignore[attr-defined]
    axes.set_yticks([])  # type: ignore[attr-defined]


def draw_vowels(utterance: Utterance, tract: VocalTract, path: Path) -> None:
    """Each vowel: frame, regions, area function, sensitivity functions, spectrum."""
    truth = utterance.truth
    figure, grid = canvas(5, 5, (14.0, 13.5), width_ratios=[1, 1, 1.25, 1.25, 1.25])
    for axes, vowel in zip(grid, VOWELS, strict=True):
        frame = utterance.frame_of(vowel)
        assert frame is not None
        axes[0].imshow(utterance.frames[frame], cmap="gray", vmin=0, vmax=255)
        axes[1].imshow(tinted(truth.regions[frame], utterance.frames[frame]))
        axes[0].set_ylabel(f"/{vowel}/", fontsize=18, rotation=0, labelpad=18)
        bare(axes[0])
        bare(axes[1])

        ends = np.concatenate([[0.0], np.cumsum(truth.lengths[frame])])
        axes[2].stairs(truth.areas[frame], ends, fill=True, color="#9ecae1", edgecolor="#08519c")
        axes[2].set(xlim=(0, 18), ylim=(0, 14))
        middles = (ends[1:] + ends[:-1]) / 2
        for formant, color in ((0, "#d55e00"), (1, "#0072b2")):
            # Per cm, so that long and short sections compare.
            density = truth.sensitivity[frame, formant] / truth.lengths[frame]
            axes[3].plot(middles, density, color=color, label=f"$S_{formant + 1}$")
        axes[3].axhline(0.0, color="black", linewidth=0.6)
        axes[3].set(xlim=(0, 18), ylim=(-0.22, 0.22))

        center = int((frame + 0.5) / float(FRAME_RATE) * utterance.rate)
        piece = utterance.sound[center - 2000 : center + 2000]
        heard_hz, heard = welch(piece, utterance.rate, nperseg=1024, noverlap=768, nfft=4096)
        true_hz, magnitude = tract.transfer_function(truth.tract[frame].astype(np.float64))
        shown = true_hz <= 5000
        curve = 20 * np.log10(magnitude[shown] / magnitude[shown].max())
        heard_db = 10 * np.log10(heard / heard.max())
        axes[4].plot(heard_hz, heard_db, color="#999999", linewidth=0.8, label="sound")
        axes[4].plot(true_hz[shown], curve, color="#d55e00", label="transfer function")
        for number, formant in enumerate(truth.formants[frame, :4], 1):
            axes[4].axvline(formant, color="black", linewidth=0.6, linestyle=":")
            axes[4].text(formant, 4, f"F{number}", ha="center", fontsize=8)
        axes[4].set(xlim=(0, 5000), ylim=(-80, 12))
    for column, title in enumerate(
        ("frame", "regions", "area function (cm²)", "sensitivity (1/cm)", "spectrum (dB)"),
    ):
        grid[0, column].set_title(title)
    for column, label in ((2, "from the glottis (cm)"), (3, "from the glottis (cm)"), (4, "frequency (Hz)")):
        grid[-1, column].set_xlabel(label)
    grid[0, 3].legend(frameon=False, ncols=2, loc="upper left")
    grid[0, 4].legend(frameon=False, fontsize=8, loc="lower left")
    names = [
        Patch(color=np.array(color) / 255.0, label=label.name.lower().replace("_", " "))
        for label, color in COLORS.items()
    ]
    figure.legend(handles=names, loc="outside lower center", ncols=len(names) // 2, frameon=False)
    figure.savefig(path, dpi=80)


def draw_consonants(utterances: list[Utterance], path: Path) -> None:
    """A frame within each consonant, and one at rest."""
    figure, grid = canvas(2, 6, (13.0, 4.8))
    found = {}
    for phone in (*CONSONANTS, ""):
        for utterance in utterances:
            frame = utterance.frame_of(phone)
            if frame is not None:
                found[phone] = utterance.frames[frame]
                break
    for axes, phone in zip(grid.flat, (*CONSONANTS, ""), strict=False):
        axes.imshow(found[phone], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"/{phone}/" if phone else "before speaking")
    for axes in grid.flat:
        bare(axes)
    grid[-1, -1].set_axis_off()
    figure.savefig(path, dpi=80)


def draw_speakers_of(utterances: dict[str, Utterance], voices: dict[str, Voice], path: Path) -> None:
    """Each speaker saying /a/, and everybody's vowels in the F1-F2 plane."""
    figure = Figure(figsize=(13.0, 6.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=[1.45, 1])
    names = list(utterances)
    grid = left.subplots(2, (len(names) + 1) // 2, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, name in zip(grid.flat, names, strict=False):
        frame = utterances[name].frame_of("a")
        axes.imshow(utterances[name].frames[frame], cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{name}, {voices[name].tract_length:.1f} cm")
    plane = right.subplots()
    markers = "osD^vP*X"
    for name, marker in zip(names, markers, strict=False):
        points = np.array([voices[name].vowels[vowel].formants[:2] for vowel in "ieaou"])
        plane.plot(points[:, 1], points[:, 0], marker=marker, label=name, linewidth=0.8)
    for vowel in VOWELS:
        middle = np.mean([voices[name].vowels[vowel].formants[:2] for name in names], axis=0)
        plane.text(middle[1], middle[0], vowel, fontsize=18, ha="center", va="center", alpha=0.45)
    plane.set(xlabel="F2 (Hz)", ylabel="F1 (Hz)", xscale="log", yscale="log")
    plane.set_xticks([800, 1000, 1500, 2000, 2500], ["800", "1000", "1500", "2000", "2500"])
    plane.set_yticks([300, 400, 500, 700, 900], ["300", "400", "500", "700", "900"])
    plane.minorticks_off()
    plane.invert_xaxis()
    plane.invert_yaxis()
    plane.legend(frameon=False, ncols=2)
    figure.savefig(path, dpi=80)


def table(voices: dict[str, Voice]) -> str:
    """Formants aimed at and reached, as Markdown."""
    lines = ["| speaker | tract | " + " | ".join(f"/{vowel}/" for vowel in VOWELS) + " |", "|---" * 7 + "|"]
    for name, voice in voices.items():
        cells = []
        for vowel in VOWELS:
            fit = voice.vowels[vowel]
            errors = ", ".join(f"{error:+.1f}" for error in fit.error_percent[:2])
            cells.append(f"{fit.formants[0]:.0f}, {fit.formants[1]:.0f} ({errors})")
        lines.append(f"| {name} | {voice.tract_length:.1f} cm | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="images of the phantom's data card")
    parser.add_argument("--phantom", type=Path, help="make it here and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = options.phantom or Path(scratch)
        people = draw_speakers(6, 0)
        # The first utterance of a speaker has isolated vowels, the second and the fifth morae.
        simulate(root, people[:1], minutes=0.7)
        simulate(root, people, minutes=0.01)
        voices = {
            person.name: Voice.from_json((root / "speakers" / f"{person.name}.json").read_text(encoding="utf-8"))
            for person in people
        }
        first = {name: Utterance.load(root / name / f"{name}_0000.mp4") for name in voices}
        name = people[0].name
        more = [Utterance.load(video) for video in sorted((root / name).glob("*.mp4"))]
        IMAGES.mkdir(exist_ok=True)
        draw_vowels(first[name], VocalTract(root / "speakers" / f"{name}.speaker"), IMAGES / "phantom_vowels.png")
        draw_consonants(more, IMAGES / "phantom_consonants.png")
        draw_speakers_of(first, voices, IMAGES / "phantom_speakers.png")
        count = len(json.loads((root / MANIFEST).read_text(encoding="utf-8"))["utterances"])
    print(table(voices))
    print(f"{count} utterances; images in {IMAGES}")


if __name__ == "__main__":
    main()
