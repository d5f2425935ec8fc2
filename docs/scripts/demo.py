"""The images and the printed lines of the tutorial: runs the demos as a reader does, and the command of step 10.

python docs/scripts/demo.py                 # some ten minutes on two cores; needs the extras simulate and phonetics
python docs/scripts/demo.py --work FOLDER   # keeps what the demos wrote, and does not run again what is there
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import imread

from rtmri2speech.arrays import Floating
from rtmri2speech.assets import asset
from rtmri2speech.data.media.video import read_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.drawing.overlay import MapStyle, colors
from rtmri2speech.drawing.style import new_drawing
from rtmri2speech.signal.features import FeatureConfig

DOCS = Path(__file__).parents[1]
IMAGES, TUTORIAL = DOCS / "images", DOCS / "tutorial"
CLIP = asset("clip/m07/m07_0004.mp4")
SHOWN_ASSETS = "src/rtmri2speech/assets"
# Of the tutorial, step 10.
VOWELS = (
    *("analyze", "gradcam", str(CLIP), "--model", "phantom", "--out", "demo_out/vowels", "--method", "hirescam"),
    *("--textgrid", str(CLIP.with_suffix(".TextGrid")), "--label", "a", "i", "--device", "cpu"),
)
VOWEL = "a"
FENCE = r"(<!-- demo\.py: {} -->\n```text\n).*?(```)"


def run(work: Path, name: str, words: Sequence[str]) -> str:
    """What a command prints, errors included, as in a terminal of 100 columns; run once for a folder."""
    log = work / f"{name}.log"
    if not log.is_file():
        environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
        environment["PYTHONPATH"] = str(without_pesq(work))
        done = subprocess.run(
            [sys.executable, "-m", "rtmri2speech", *words],
            cwd=work,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        log.write_text(done.stdout, encoding="utf-8")
    text = log.read_text(encoding="utf-8").replace(str(asset("")), SHOWN_ASSETS)
    return re.sub(r"(Done in |\(|, )\d+( s\b| frames/s)", r"\1...\2", text)


def without_pesq(work: Path) -> Path:
    """A folder of modules that hides PESQ, which ``make demo`` does not install."""
    hider = work / "hide" / "sitecustomize.py"
    hider.parent.mkdir(exist_ok=True)
    hider.write_text('import sys\n\nsys.modules["pesq"] = None\n', encoding="utf-8")
    return hider.parent


def put(page: Path, parts: dict[str, str]) -> None:
    """Put printed lines into the fences of these names, in the page and in its Japanese translation.

    Raises:
        ValueError: when there is a fence without lines, or lines without a fence.
    """
    for one in (page, page.with_suffix(".ja.md")):
        put_into(one, parts)


def put_into(page: Path, parts: dict[str, str]) -> None:
    """The same, in one page."""
    text = page.read_text(encoding="utf-8")
    if without := set(re.findall(r"<!-- demo\.py: (.*) -->", text)) - set(parts):
        raise ValueError(f"{page}: nothing is printed under {', '.join(sorted(without))}")
    for name, lines in parts.items():
        new, count = re.subn(
            FENCE.format(re.escape(name)),
            lambda match, lines=lines: f"{match[1]}{lines.strip()}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
        if count != 1:
            raise ValueError(f"{page}: {count} fences for '{name}'")
        text = new
    page.write_text(text, encoding="utf-8", newline="\n")


def sections(text: str) -> dict[str, str]:
    """The demo's parts by their titles, each from its command on."""
    parts = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)
    return {title: body.split("\n\nDone in")[0] for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def side_by_side(files: Sequence[Path], path: Path) -> None:
    """Images in a row, as they are."""
    images = [imread(file)[..., :3] for file in files]
    height = min(len(image) for image in images)
    save(np.concatenate([image[:height] for image in images], axis=1), path)


def save(image: Floating, path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(path, optimize=True)


def smaller(source: Path, path: Path, width: int) -> None:
    """An image at another width."""
    from PIL import Image

    with Image.open(source) as image:
        plain = image.convert("RGB")
        plain.resize((width, round(plain.height * width / plain.width)), Image.Resampling.LANCZOS).save(
            path, optimize=True
        )


def frame_of(vowel: str, rate: float) -> int:
    """The frame in the middle of the longest interval of a vowel."""
    truth = Truth.load(CLIP.with_suffix(".npz"))
    spans = [
        (end - start, (start + end) / 2)
        for label, (start, end) in zip(truth.phones, truth.phone_times, strict=True)
        if label == vowel
    ]
    return int(max(spans)[1] * rate)


def draw_frame_with_map(work: Path, path: Path) -> None:
    """A frame, the maps of F1 and F2 over it, and the speech made from the video, with the frame marked."""
    maps = work / "demo_out" / "vowels"
    about = json.loads((maps / "hirescam_metadata.json").read_text(encoding="utf-8"))
    features = FeatureConfig()
    rate = float(features.frame_rate)
    frame = frame_of(VOWEL, rate)
    image = list(read_video(CLIP))[about["source"]["frames"][frame]]
    figure = new_drawing(10.0, 6.1)
    grid = figure.add_gridspec(2, 3, height_ratios=[1.45, 1.0])
    titles = (f"frame {frame}, in an /{VOWEL}/", "what moves F1 up, and down", "what moves F2 up, and down")
    for column, (title, band) in enumerate(zip(titles, (None, "F1", "F2"), strict=True)):
        axes = figure.add_subplot(grid[0, column])
        bare(axes, title)
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        if band is not None:
            values = np.load(maps / f"hirescam_{band}_sequence.npy", mmap_mode="r")[frame]
            style = MapStyle("signed", float(np.abs(values).max()), "Hz", "")
            height, width = image.shape[:2]
            axes.imshow(colors(values, style), extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    mel = np.load(work / "demo_out" / "speech" / f"{CLIP.stem}_mel.npy")
    axes = figure.add_subplot(grid[1, :])
    seconds = len(mel) / rate
    axes.imshow(mel.T, origin="lower", aspect="auto", cmap="magma", extent=(0, seconds, -0.5, features.n_mels - 0.5))
    axes.axvline((frame + 0.5) / rate, color="white", linewidth=1.2)
    hertz = (100, 500, 1000, 2000, 4000)
    axes.set_yticks(np.interp(hertz, features.mel_centers(), np.arange(features.n_mels)), [str(one) for one in hertz])
    axes.set(xlabel="time (s)", ylabel="frequency (Hz)")
    axes.set_title("speech made from the frames alone", fontsize="medium")
    figure.savefig(path, dpi=100)


def bare(axes: Axes, title: str) -> None:
    axes.set_axis_off()
    axes.set_title(title, fontsize="medium")


def main() -> None:
    parser = argparse.ArgumentParser(description="images and printed lines of the tutorial")
    parser.add_argument("--work", type=Path, help="folder to run the demos in")
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        printed = sections(run(work, "demo", ["demo"]))
        put(TUTORIAL / "demo.md", printed)
        out = work / "demo_out"
        run(work, "vowels", VOWELS)
        put(TUTORIAL / "train.md", {"train": run(work, "train", ["demo", "--train", "--out", "first_model"])})
        maps = [out / "maps" / f"{method}_F2_average.png" for method in ("gradcam", "hirescam")]
        side_by_side(maps, IMAGES / "demo_maps.png")
        differences = [out / "vowels" / f"hirescam_{band}_a-minus-i_difference.png" for band in ("F1", "F2")]
        side_by_side(differences, IMAGES / "demo_difference.png")
        walls = out / "widening" / f"{CLIP.stem}_widening_F1_frame018.png"
        smaller(walls, IMAGES / "demo_widening.png", 1000)
        smaller(out / "maps" / "hirescam_regions.png", IMAGES / "demo_regions.png", 1100)
        smaller(out / "speech" / f"{CLIP.stem}_mel.png", IMAGES / "demo_mel.png", 770)
        smaller(out / "evaluation" / "figure_all.png", IMAGES / "demo_sheet.png", 1100)
        draw_frame_with_map(work, IMAGES / "frame_with_map.png")


if __name__ == "__main__":
    main()
