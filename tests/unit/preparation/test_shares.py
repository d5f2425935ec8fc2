"""Shares of ``prepare`` and ``check``, which job arrays do next to each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.data.dataset.layout import RECEIPTS
from rtmri2speech.errors import ConfigError
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import PrepareSummary

Run = Callable[..., PrepareSummary]
Tree = Callable[[Path], dict[str, str]]


def is_finished(root: Path) -> bool:
    return (root / "meta.json").is_file()


def test_shares_joined_are_the_dataset_made_in_one_go(tmp_path: Path, run: Run, tree: Tree) -> None:
    whole, shared = tmp_path / "whole", tmp_path / "shared"
    run(root=whole)
    first = run(root=shared, shard="1/2")
    # What another share is writing is not swept away.
    other = shared / "samples" / ".two.1-abcdef01.tmp"
    other.mkdir()
    second = run(root=shared, shard="2/2")
    assert other.is_dir()
    other.rmdir()
    assert (first.redone, second.redone) == (2, 1) and not is_finished(shared)
    assert str(second).startswith(f"{shared}: share 2/2, ") and "1 recording(s) worked on" in str(second)
    assert not (shared / "scaler.json").exists()
    joined = run(root=shared)
    assert joined.redone == 0 and joined.shard is None and is_finished(shared)
    assert tree(shared) == tree(whole)


def test_what_a_share_has_left_is_done_when_joining(tmp_path: Path, run: Run, tree: Tree) -> None:
    whole, shared = tmp_path / "whole", tmp_path / "shared"
    run(root=whole)
    run(root=shared, shard="3/3")
    assert run(root=shared).redone == 2
    assert tree(shared) == tree(whole)


def test_more_shares_than_recordings_leave_some_without_work(tmp_path: Path, run: Run) -> None:
    root = tmp_path / "dataset"
    assert run(root=root, shard="9/9").utterances == []
    assert (root / RECEIPTS).is_dir() and not is_finished(root)


def test_a_share_removes_nothing(tmp_path: Path, run: Run) -> None:
    with pytest.raises(ConfigError, match="`prune`") as caught:
        run(shard="1/2", prune=True)
    assert "without `shard`" in caught.value.remedy
    with pytest.raises(ConfigError, match="`shard=2`"):
        run(shard="2")


def test_findings_of_all_shares_are_those_of_the_whole(tmp_path: Path, run: Run, videos: Path) -> None:
    root = tmp_path / "dataset"
    run(root=root)
    (root / "hifigan_filelists" / "training.txt").write_text("nobody\n", encoding="utf-8")
    (videos / "four.mp4").write_bytes(b"no video")
    for source in (root, videos):
        whole = check(source, workers=1)
        shares = [check(source, workers=1, shard=f"{number}/3") for number in (1, 2, 3)]
        found = [finding for share in shares for finding in share.findings]
        assert sorted(map(repr, found)) == sorted(map(repr, whole.findings)) and whole.wrong
        assert sum(share.recordings for share in shares) == whole.recordings
