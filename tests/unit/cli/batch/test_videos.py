"""Work on several videos: in their order, in processes, in shares; one that fails leaves the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from rtmri2speech.cli.batch import videos
from rtmri2speech.cli.batch.distribution import ClusterOptions
from rtmri2speech.cli.batch.videos import Outcome, each_video
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.progress import SILENT, Progress

VIDEOS = [Path(f"{name}.mp4") for name in ("a", "b", "c", "d")]


@dataclass(frozen=True)
class Work:
    loads: list[tuple[str, bool]]
    device: str = "cpu"
    title: str = "Working"

    def load(self, device: str, several: bool) -> None:
        self.loads.append((device, several))

    def __call__(self, video: Path, bar: Progress = SILENT) -> Outcome:
        bar.expect(2)
        if video.stem == "b":
            raise MediaError("b.mp4: damaged.", "Get another.")
        return Outcome([f"{video.stem}.npz: done", "and more"], [f"odd {video.stem}"])


def test_one_that_fails_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    work = Work([])
    failures = each_video(work, VIDEOS)
    assert [(path.name, error.problem) for path, error in failures] == [("b.mp4", "b.mp4: damaged.")]
    out, err = capsys.readouterr()
    assert out == "".join(f"{name}.npz: done\n  and more\n" for name in "acd")
    assert err == "".join(f"note: {name}.mp4: odd {name}\n" for name in "acd")
    assert work.loads == [("cpu", False)]


@pytest.mark.parametrize(
    ("workers", "count", "load"), [(1, 4, ("cuda", False)), (3, 4, ("cpu", True)), (3, 1, ("cpu", False))]
)
def test_a_model_is_told_whether_processes_of_this_machine_follow(
    monkeypatch: pytest.MonkeyPatch, workers: int, count: int, load: tuple[str, bool]
) -> None:
    monkeypatch.setattr(videos, "run_jobs", lambda work, jobs, workers: iter(()))
    work = Work([], "cuda")
    each_video(work, VIDEOS[:count], workers)
    assert work.loads == [load]


def test_a_share_is_every_nth_video(capsys: pytest.CaptureFixture[str]) -> None:
    assert each_video(Work([]), VIDEOS, cluster=ClusterOptions(shard="1/2")) == []
    assert [line[0] for line in capsys.readouterr().out.splitlines()[::2]] == ["a", "c"]
    assert each_video(Work([]), VIDEOS, cluster=ClusterOptions(shard="5/5")) == []
    assert capsys.readouterr().out == ""


def test_what_is_refused() -> None:
    with pytest.raises(ConfigError, match="called 'a'"):
        each_video(Work([]), [Path("one/a.mp4"), Path("two/a.mp4")])
    with pytest.raises(ConfigError, match="`workers=-1`"):
        each_video(Work([]), VIDEOS, workers=-1)
    with pytest.raises(ConfigError, match="`shard=3/2`"):
        each_video(Work([]), VIDEOS, cluster=ClusterOptions(shard="3/2"))
    with pytest.raises(ConfigError, match="`workers=3`"):
        each_video(Work([]), VIDEOS, workers=3, cluster=ClusterOptions(scheduler="tcp://node1:8786"))
