"""A phantom of one speaker and two utterances, which takes some 20 s to simulate: made once for each state of the code.

It lies in pytest's cache folder under a name that tells its sources: of the simulation and all it stands on, of the
libraries, and of this machine, because another one may round otherwise.
As a program: ``python tiny_phantom.py FOLDER``.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rtmri2speech.simulation.phantom import PhantomOptions, simulate
from rtmri2speech.simulation.speaker.anatomy import draw_speakers

OPTIONS = PhantomOptions(minutes=0.045, utterance_seconds=2.0)
SECONDS = 240.0
"""Longer than it takes on a busy machine."""

_ROOT = Path(__file__).parents[1]
_SOURCE = _ROOT / "src" / "rtmri2speech"
_ABOVE = {"cli", "reporting", "drawing", "analysis", "evaluation", "training", "preparation", "inference", "models"}
_LIBRARIES = ("vocaltractlab-cython", "numpy", "scipy", "av", "soundfile", "soxr", "pillow")


@cache
def place() -> Path:
    """Where the phantom of this code lies, or will."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(_SOURCE.rglob("*.py")):
        if path.relative_to(_SOURCE).parts[0] not in _ABOVE:
            digest.update(path.read_bytes())
    for name in _LIBRARIES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{name} none\n".encode())
    digest.update(f"{sys.version} {platform.node()} {platform.machine()}".encode())
    return _ROOT / ".pytest_cache" / "d" / f"tiny_phantom_{digest.hexdigest()[:16]}"


def digest_of(folder: Path) -> str:
    """Of every name and byte in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()


def is_whole(folder: Path) -> bool:
    """Whether it is there, and as it was made: a test that changes it must not spoil later runs."""
    seal = folder.with_suffix(".sha256")
    return folder.is_dir() and seal.is_file() and seal.read_text(encoding="utf-8") == digest_of(folder)


def start_making() -> subprocess.Popen[str] | None:
    """Simulate in the background what is not there yet, while other tests run."""
    if is_whole(place()):
        return None
    for old in place().parent.glob("tiny_phantom_*"):
        if not old.name.startswith(place().name):
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    return subprocess.Popen(
        [sys.executable, __file__, str(place())], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(maker: subprocess.Popen[str] | None) -> Path:
    """The folder, once it is whole; ``maker`` is what makes it, when this process has started that."""
    deadline = time.monotonic() + SECONDS
    while not is_whole(place()):
        assert maker is None or maker.poll() in (None, 0), maker.communicate()[0]
        assert time.monotonic() < deadline, "the tiny phantom was not made"
        time.sleep(0.1)
    return place()


def _make(folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    simulate(part, draw_speakers(1, OPTIONS.seed), OPTIONS, workers=1)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    folder.with_suffix(".sha256").write_text(digest_of(folder), encoding="utf-8")


if __name__ == "__main__":
    _make(Path(sys.argv[1]))
