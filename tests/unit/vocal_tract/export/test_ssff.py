"""SSFF files: the published format, read by a parser of its own; round trip; damaged files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import MediaError
from rtmri2speech.vocal_tract.export.ssff import read_ssff, write_ssff

RNG = np.random.default_rng(0)
TRACKS = {"fm": RNG.standard_normal((7, 4)), "tract_cm": RNG.standard_normal(7)}


def published(path: Path) -> tuple[dict[str, str], dict[str, Float64]]:
    """As the appendix "File formats" of The EMU-SDMS Manual describes it, line by line and number by number."""
    data = path.read_bytes()
    place, lines = 0, []
    while not lines or lines[-1] != "-----------------":
        end = data.index(b"\n", place)
        lines.append(data[place:end].decode("ascii"))
        place = end + 1
    assert lines[0] == "SSFF -- (c) SHLRC" and lines[1] == "Machine IBM-PC"
    header = {line.split(" ")[0]: line.split(" ")[1] for line in lines[1:4]}
    columns = [
        (name, int(count)) for name, kind, count in (line.split(" ")[1:] for line in lines[4:-1]) if kind == "DOUBLE"
    ]
    assert len(columns) == len(lines) - 5
    values: dict[str, list[list[float]]] = {name: [] for name, _ in columns}
    while place < len(data):
        for name, count in columns:
            values[name].append([struct.unpack_from("<d", data, place + 8 * number)[0] for number in range(count)])
            place += 8 * count
    assert place == len(data)
    return header, {name: np.array(rows) for name, rows in values.items()}


def test_the_published_format(tmp_path: Path) -> None:
    header, values = published(write_ssff(tmp_path / "talk.fms", TRACKS, 65040 / 781, 0.5 * 781 / 65040))
    assert float(header["Record_Freq"]) == 65040 / 781 and float(header["Start_Time"]) == 0.5 * 781 / 65040
    np.testing.assert_array_equal(values["fm"], TRACKS["fm"])
    np.testing.assert_array_equal(values["tract_cm"][:, 0], TRACKS["tract_cm"])


def test_round_trip_with_unknown_values(tmp_path: Path) -> None:
    values = np.array([[1.0, np.nan], [0.0, -2.5]])
    found = read_ssff(write_ssff(tmp_path / "talk.areas", {"area": values}, 50.0, 0.01))
    assert (found.rate, found.start) == (50.0, 0.01)
    np.testing.assert_array_equal(found.tracks["area"], values)
    assert read_ssff(write_ssff(tmp_path / "none.areas", {"area": values[:0]}, 50.0, 0.01)).tracks["area"].shape == (
        0,
        2,
    )


def test_files_of_other_programs(tmp_path: Path) -> None:
    """The example of the manual: formants of wrassp, short integers; and one of a machine with the other byte order."""
    head = "SSFF -- (c) SHLRC\nMachine {}\nRecord_Freq 200.0\nStart_Time 0.0025\nColumn fm SHORT 2\nColumn bw SHORT 1\n"
    rest = "Original_Freq DOUBLE 20000.0\nComment CHAR by hand\n-----------------\n"
    path = tmp_path / "msajc003.fms"
    for machine, order in (("IBM-PC", "<"), ("SPARC", ">")):
        path.write_bytes(
            (head + rest).format(machine).encode() + struct.pack(f"{order}6h", 500, 1500, 60, 510, 1510, 61)
        )
        found = read_ssff(path)
        np.testing.assert_array_equal(found.tracks["fm"], [[500, 1500], [510, 1510]])
        np.testing.assert_array_equal(found.tracks["bw"], [[60], [61]])
        assert (found.rate, found.start) == (200.0, 0.0025)


def test_damaged_files(tmp_path: Path) -> None:
    whole = write_ssff(tmp_path / "talk.areas", TRACKS, 50.0, 0.01).read_bytes()
    path = tmp_path / "damaged.areas"
    for data in (
        b"",
        whole[:30],
        whole[:-3],
        whole.replace(b"DOUBLE", b"TRIPLE"),
        whole.replace(b"SSFF", b"RIFF"),
        b"\xff" * 9,
    ):
        path.write_bytes(data)
        with pytest.raises(MediaError, match=r"damaged\.areas: not an SSFF file"):
            read_ssff(path)
    with pytest.raises(MediaError, match="cannot be read"):
        read_ssff(tmp_path / "missing.areas")
