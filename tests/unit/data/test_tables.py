from __future__ import annotations

from pathlib import Path

from rtmri2speech.data.tables import write_table


def test_names_that_are_not_unicode_become_escapes(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", ["file", "f1"], [["caf\udce9.wav", 1.5], {"file": "caf\u00e9"}])
    assert path.read_bytes() == b"file,f1\ncaf\\udce9.wav,1.5\ncaf\xc3\xa9,\n"
