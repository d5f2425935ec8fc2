"""Tracks as SSFF files, which emuR, the EMU-webApp and wrassp read.

The format (Winkelmann, The EMU-SDMS Manual, appendix "File formats"; Cassidy and Harrington 2001, Speech Communication
33, 61): lines of text up to one of dashes, then numbers, record by record, all columns of a record one after the other.
``Column NAME TYPE N`` is a column of N numbers of a type; ``Machine IBM-PC`` says that their least byte comes first;
record i (from 0) is that of the time ``Start_Time + i / Record_Freq``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.files import replacing
from rtmri2speech.errors import MediaError

_FIRST_LINE = "SSFF -- (c) SHLRC"
_LAST_LINE = "-" * 17
_NUMBERS = {"SPARC": ">", "IBM-PC": "<"}
_TYPES = {"DOUBLE": "f8", "FLOAT": "f4", "LONG": "i4", "SHORT": "i2", "BYTE": "u1"}


@dataclass(frozen=True, eq=False)
class SsffFile:
    """Tracks of one file.

    Attributes:
        rate: records per second.
        start: time of the first record, seconds.
        tracks: (T, N) each, by name of the column.
    """

    rate: float
    start: float
    tracks: Mapping[str, Float64]


def write_ssff(path: Path, tracks: Mapping[str, Float64], rate: float, start: float) -> Path:
    """Write tracks as DOUBLE, least byte first, and return ``path``; NaN stays NaN.

    Args:
        path: the file; its ending is what emuR knows the tracks by.
        tracks: (T,) or (T, N) each, by names without spaces.
        rate: records per second.
        start: time of the first record, seconds.

    Raises:
        UserError: when it cannot be written.
    """
    columns = {name: values if values.ndim == 2 else values[:, None] for name, values in tracks.items()}
    lines = [_FIRST_LINE, "Machine IBM-PC", f"Record_Freq {rate!r}", f"Start_Time {start!r}"]
    lines += [f"Column {name} DOUBLE {values.shape[1]}" for name, values in columns.items()]
    data = np.concatenate(list(columns.values()), axis=1).astype("<f8")
    with replacing(path) as file:
        file.write("\n".join([*lines, _LAST_LINE, ""]).encode("ascii"))
        file.write(data.tobytes())
    return path


def read_ssff(path: Path) -> SsffFile:
    """Read an SSFF file, of either byte order and any type of numbers.

    Raises:
        MediaError: when there is none, or it is not one that can be read.
    """
    try:
        head, _, data = path.read_bytes().partition(f"\n{_LAST_LINE}\n".encode("ascii"))
        return _parsed(head.decode("ascii").splitlines(), data)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from None
    except (ValueError, KeyError, IndexError, UnicodeDecodeError):
        raise MediaError(f"{path}: not an SSFF file that can be read.", "Export it again.") from None


def _parsed(lines: list[str], data: bytes) -> SsffFile:
    if lines[0] != _FIRST_LINE:
        raise ValueError(lines[0])
    words = [line.split() for line in lines[1:]]
    single = {line[0]: line[1] for line in words if len(line) == 2}
    columns = [(line[1], line[2], int(line[3])) for line in words if line[0] == "Column"]
    order = _NUMBERS[single["Machine"]]
    kind = np.dtype([(name, f"{order}{_TYPES[what]}", (count,)) for name, what, count in columns])
    if len(data) % kind.itemsize:
        raise ValueError(len(data))
    records = np.frombuffer(data, kind)
    tracks = {name: records[name].astype(np.float64) for name, *_ in columns}
    return SsffFile(float(single["Record_Freq"]), float(single["Start_Time"]), tracks)
