"""``rtmri2speech demo``."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rtmri2speech.assets import asset, pretrained
from rtmri2speech.cli.console import Device, Flag
from rtmri2speech.cli.demo_training import DEFAULT_SECONDS, check_length, train_in_a_minute
from rtmri2speech.errors import UserError

# Only a folder with this file in it is taken for an earlier demo's.
_MARKER = ".rtmri2speech-demo"
_MODEL, _STRANGERS = "phantom", "strangers"
# In the middle of an /u/.
_SHOWN_FRAME = 18


def demo(
    *,
    out: Path = Path("demo_out"),
    device: Device = "cpu",
    train: Annotated[bool, Flag] = False,
    seconds: float = DEFAULT_SECONDS,
) -> int:
    """Speech from a video that the shipped model has not seen, measured and explained.

    The clip is of a simulated speaker in a simulated scanner; a second one is of a head and a scanner that no model
    knows. Every command that is run is printed: with other paths
    they do the same for your recordings.

    Parameters
    ----------
    out
        Folder to write to.
    device
        Where to run; auto takes a GPU if there is one.
    train
        Show the way from recordings to a model instead: simulate, prepare, train for a few steps, bundle,
        synthesize. Such a model is of no use yet. Needs the extra simulate.
    seconds
        With --train, length of the recordings together, about.
    """
    if train:
        check_length(seconds)
    _claim(out)
    if train:
        train_in_a_minute(out, device, seconds)
        return 0
    return _Demonstration(out, device).run()


def _claim(out: Path) -> None:
    """Empty an earlier demo's folder, or make one.

    Raises:
        UserError: when the folder holds anything else.
    """
    from rtmri2speech.data.files import write_text

    marker = out / _MARKER
    if out.exists() and not marker.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: holds other files.", "Choose an empty folder: --out DIR")
    write_text(marker, "A demo wrote this folder; the next one replaces it.\n")
    for path in out.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != marker:
            path.unlink()


@dataclass
class _Demonstration:
    """The commands of the demo, one after the other."""

    out: Path
    device: str

    def run(self) -> int:
        if _MODEL not in pretrained():
            raise UserError(
                "The shipped model is not installed: its file is missing.",
                "Install the whole project, or see the way to a model of one's own: rtmri2speech demo --train",
            )
        from rtmri2speech.corpora.phantom import PhantomCorpus

        began = time.perf_counter()
        phantom = asset("clip")
        clip = PhantomCorpus(phantom).recordings()[0]
        folders = ("dataset", "speech", "evaluation", "maps", "widening")
        dataset, speech, figures, maps, walls = (self.out / name for name in folders)
        speech.mkdir(parents=True, exist_ok=True)
        original = speech / f"{clip.id}_original.wav"
        on = ("--device", self.device)
        self._do("The clip becomes a dataset", "prepare", phantom, "--out", dataset)
        self._do("Speech from the frames alone", "synthesize", clip.video, "--model", _MODEL, "--out", speech, *on)
        self._do("How good is it?", "evaluate", dataset, _MODEL, "--out", figures, "--workers", 1, *on)
        self._do(
            "Which part of the frame made which formant?",
            *("analyze", "gradcam", clip.video, "--model", _MODEL, "--out", maps),
            *("--formant-band", "F1:300-900", "F2:900-2500", *on),
        )
        truth = clip.video.with_suffix(".npz")
        self._do("How much of it in which articulator?", "analyze", "regions", maps, "--regions", truth)
        shutil.copy(clip.audio or clip.video, original)
        self._do(
            "What does moving a wall do to each formant?",
            *("analyze", "widening", clip.video, "--model", _MODEL, "--out", walls),
            *("--target-frames", _SHOWN_FRAME, *on),
        )
        page = self.out / "page.html"
        self._do("All of it on one page", "report", self.out, "--out", page)
        stranger = self._stranger()
        print(
            f"\nDone in {time.perf_counter() - began:.0f} s.\n"
            f"  open    {page}  (in a browser: everything below, side by side)\n"
            f"  see     {clip.video}\n"
            f"  listen  {speech / f'{clip.id}_generated.wav'}  (made from the frames)\n"
            f"          {original}  (what the simulated speaker said)\n"
            f"  compare {figures / 'metrics.md'}\n"
            f"          {figures / 'figure_all.png'}\n"
            f"  look    {maps / 'gradcam_F1_average.png'}, {maps / 'gradcam_F2_average.png'}\n"
            f"          {maps / 'gradcam_regions.png'}\n"
            f"          {walls / f'{clip.id}_widening_F1_frame{_SHOWN_FRAME:03d}.png'}"
            f"{stranger}"
        )
        return 0

    def _stranger(self) -> str:
        """Have a head in a scanner speak that no model knows; the lines on it that end the demo."""
        if _STRANGERS not in pretrained():
            print(f"\n== A stranger in another scanner: left out, the model {_STRANGERS} is not installed")
            return ""
        clip, out = asset("stranger") / "stranger.mp4", self.out / "stranger"
        out.mkdir(parents=True, exist_ok=True)
        on = ("--device", self.device)
        self._do("A stranger in another scanner", "synthesize", clip, "--model", _MODEL, "--out", out, *on)
        original = out / "stranger_original.wav"
        shutil.copy(clip.with_suffix(".wav"), original)
        return (
            f"\n  see     {clip}  (another head, another scanner)\n"
            f"  listen  {out / 'stranger_generated.wav'}  (made from the tract that was measured in it)\n"
            f"          {original}"
        )

    def _do(self, title: str, *words: object) -> None:
        """Show a command and run it.

        Raises:
            UserError: when it fails; it has said why.
        """
        from rtmri2speech.cli.main import main

        told = [str(word) for word in words]
        line = subprocess.list2cmdline(told) if os.name == "nt" else shlex.join(told)
        print(f"\n== {title}\n$ rtmri2speech {line}", flush=True)
        if main(told) != 0:
            raise UserError(f"The demo stopped at: rtmri2speech {told[0]}.", "Its own message stands above.")
