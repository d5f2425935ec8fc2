from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rtmri2speech.data.files import _HOST, _next_look, hash_files, new_folder, read_object, replacing, write_text
from rtmri2speech.errors import UserError


class FullDisk(io.BytesIO):
    """A file on a disk that is full after ten bytes."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.bin"
    with replacing(path) as file:
        file.write(b"one")
        assert not path.exists()
    assert path.read_bytes() == b"one" and names(tmp_path) == ["a.bin", "new"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_content(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old" and names(tmp_path) == ["a.bin"]


def test_a_full_disk_is_a_user_error_that_names_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "open", lambda self, *args, **options: FullDisk())
    with pytest.raises(UserError) as caught, replacing(path) as file:
        file.write(b"more than ten bytes")
    monkeypatch.undo()
    assert str(path) in caught.value.problem and "No space left" in caught.value.problem
    assert "space" in caught.value.remedy
    assert path.read_bytes() == b"old" and names(tmp_path) == ["a.bin"]


def test_a_file_in_the_place_of_a_folder_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be written"), replacing(tmp_path / "file" / "a.bin") as file:
        file.write(b"x")
    with pytest.raises(UserError, match="cannot be written"), new_folder(tmp_path / "file" / "folder"):
        pass


def test_text_is_utf8_with_unix_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "母音\nä\n")
    assert (tmp_path / "a.txt").read_bytes() == "母音\nä\n".encode()


def test_hash_is_over_the_contents_in_order(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"abc" * 1_000_000)
    other.write_bytes(b"xyz")
    assert hash_files([one, other]) == hashlib.sha256(b"abc" * 1_000_000 + b"xyz").hexdigest()
    assert hash_files([other, one]) != hash_files([one, other])


def test_a_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    final = tmp_path / "sample"
    final.mkdir()
    (final / "old").write_bytes(b"")
    with new_folder(final) as folder:
        (folder / "new").write_bytes(b"")
        assert names(final) == ["old"]
    assert names(tmp_path) == ["new", "sample"]


def test_an_error_leaves_the_old_folder(tmp_path: Path) -> None:
    final = tmp_path / "sample"
    final.mkdir()
    (final / "old").write_bytes(b"")
    with pytest.raises(KeyboardInterrupt), new_folder(final) as folder:
        (folder / "new").write_bytes(b"")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["old", "sample"]


def test_what_a_killed_run_left_does_not_mix_in(tmp_path: Path) -> None:
    with new_folder(tmp_path / "sample") as folder:
        left = folder
    left.mkdir()
    (left / "half").write_bytes(b"")
    with new_folder(tmp_path / "sample") as folder:
        (folder / "whole").write_bytes(b"")
    assert names(tmp_path) == ["sample", "whole"]


def test_a_full_disk_in_a_folder_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No space left") as caught, new_folder(tmp_path / "sample"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(tmp_path / "sample") in caught.value.problem and not names(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'"text"', b"{", b"\xff{}"])
def test_what_is_no_object_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "about.json"
    if content is not None:
        path.write_bytes(content)
    assert read_object(path) is None
    path.write_bytes('{"声": 1}'.encode())
    assert read_object(path) == {"声": 1}


def test_what_killed_runs_have_left_is_removed_by_the_next_that_writes_there(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "a")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    for name in (f".a.txt.{gone.pid}.tmp", f".b 1.npy.{gone.pid}-{_HOST}.tmp", f".c.txt.{os.getpid()}-0123abcd.tmp"):
        path = tmp_path / name
        path.write_bytes(b"half")
        os.utime(path, (1e9, 1e9))
    with replacing(tmp_path / "d.txt") as file:
        begun = Path(file.name).name
    assert begun == f".d.txt.{os.getpid()}-{_HOST}.tmp"
    kept = [begun, ".d.tmp", ".e.txt.12x.tmp", "f.txt.1.tmp", f".g.txt.{gone.pid}-0123abcd.tmp"]
    for name in kept:
        (tmp_path / name).write_bytes(b"another's")
    _next_look.clear()
    write_text(tmp_path / "a.txt", "b")
    assert names(tmp_path) == sorted([*kept, "a.txt", "d.txt"])


def test_a_folder_is_not_listed_for_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        (tmp_path / f"{number}.txt").write_bytes(b"")
    listed, scan = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), time.sleep(0.05), scan(path))[-1])
    _next_look.clear()
    for number in range(20):
        write_text(tmp_path / f"{number}.txt", "a")
    assert len(listed) == 1
