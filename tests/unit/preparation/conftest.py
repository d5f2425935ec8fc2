"""Small recordings of the schematic talker, and clips that exist on paper only."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from threadpoolctl import threadpool_limits

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import Clip, open_clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.preparation.prepare import PrepareSummary, prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from talker import speak, write_recording

Mux = Callable[..., Path]

OPTIONS = PrepareOptions(frames=FrameConfig(size=32))


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> Iterator[None]:
    """One, as ``prepare`` has, because the number of threads shows in the last bit."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def options() -> PrepareOptions:
    """The memo's options at a small frame size."""
    return OPTIONS


@pytest.fixture(scope="session")
def _recordings(tmp_path_factory: pytest.TempPathFactory, mux: Mux) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    one, two = (speak(seconds, seed, size=64) for seconds, seed in ((3.0, 1), (2.2, 2)))
    three = speak(2.0, 3, sample_rate=16000, size=64)  # AAC knows no 20 kHz
    write_recording(one, folder, "one", textgrid=True)
    write_recording(two, folder, "two", wav=False)
    soundfile.write(folder / "two.flac", two.audio, two.sample_rate)
    mux(folder / "three.mkv", three.frames, three.frame_rate, three.audio, three.sample_rate, "aac")
    return folder


@pytest.fixture
def videos(_recordings: Path, tmp_path: Path) -> Path:
    """Folder with three recordings: wav beside it and TextGrid; flac beside it; own AAC track."""
    return Path(shutil.copytree(_recordings, tmp_path / "videos"))


@pytest.fixture
def run(videos: Path, tmp_path: Path) -> Callable[..., PrepareSummary]:
    """Prepare the folder ``videos`` (or other inputs) into ``dataset``, in this process."""

    def run(
        *inputs: Path,
        root: Path = tmp_path / "dataset",
        options: PrepareOptions = OPTIONS,
        corpus: FolderCorpus | None = None,
        workers: int = 1,
        **more: bool,
    ) -> PrepareSummary:
        return prepare(corpus or FolderCorpus(inputs or (videos,)), root, options, workers, **more)

    return run


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, str]]:
    """Path and checksum of every file below a folder."""

    def tree(root: Path) -> dict[str, str]:
        return {
            path.relative_to(root).as_posix(): hash_files([path]) for path in sorted(root.rglob("*")) if path.is_file()
        }

    return tree


@pytest.fixture(scope="session")
def paper_clip() -> Callable[..., Clip]:
    """A clip of n frames at a rate, beginning at a time, without a file."""

    def make(n: int, rate: Fraction, begin: float = 0.0, features: FeatureConfig | None = None) -> Clip:
        scan = VideoScan(
            path=Path("clip.mp4"),
            width=64,
            height=64,
            codec="h264",
            pixel_format="gray",
            starts=begin + np.array([float(i / rate) for i in range(n)]),
            end=begin + float(n / rate),
            rate=rate,
            announced=n,
            damaged=0,
            concealed=0,
            means=np.full(n, 50.0),
            blank=[],
            frozen=False,
            histogram=np.ones(256, np.int64),
            over_bright=0,
        )
        return open_clip(scan, features or FeatureConfig(), FrameConfig(size=32))

    return make
