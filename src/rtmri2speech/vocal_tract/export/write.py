"""A tract in the formats of other programs: emuR, Matlab, Praat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.export.matlab import write_matlab
from rtmri2speech.vocal_tract.export.ssff import write_ssff
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES
from rtmri2speech.vocal_tract.gestures.gestures import gestures_of
from rtmri2speech.vocal_tract.measurement.tract import Tract

ExportFormat: TypeAlias = Literal["ssff", "mat", "textgrid"]
"""Formats: tracks for emuR, a struct for Matlab, gestures for Praat."""

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)


def write_exports(tract: Tract, folder: str | Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a tract for other programs and return the files.

    ``ssff``, for emuR: ``<name>.measures`` (a column per measure, and ``tract_cm``), ``<name>.areas`` (``area``, 40
    numbers, cm2), ``<name>.distances`` (``distance``, 40, mm), ``<name>.tubeformants`` (``fm`` and ``bw``, 4 each, Hz).
    ``mat``, for Matlab: ``<name>_tract.mat``. ``textgrid``, for Praat: ``<name>_gestures.TextGrid``.

    Args:
        tract: what to write.
        folder: where; made if need be.
        formats: some of ``ssff``, ``mat``, ``textgrid``.

    Raises:
        ConfigError: for another format.
        UserError: when a file cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise ConfigError(f"`formats={unknown[0]}`: no such format.", f"Give some of: {', '.join(FORMATS)}.")
    place = Path(folder)
    return [path for name in dict.fromkeys(formats) for path in _WRITERS[name](tract, place)]


def _ssff(tract: Tract, folder: Path) -> list[Path]:
    groups = {
        "measures": {"tract_cm": tract.length, **{name: tract.measures[name] for name in MEASURES}},
        "areas": {"area": tract.area},
        "distances": {"distance": tract.distance},
        "tubeformants": {"fm": tract.formants, "bw": tract.bandwidths},
    }
    rate = float(tract.frame_rate)
    return [
        write_ssff(folder / f"{tract.name}.{ending}", tracks, rate, 0.5 / rate) for ending, tracks in groups.items()
    ]


def _mat(tract: Tract, folder: Path) -> list[Path]:
    return [write_matlab(folder / f"{tract.name}_tract.mat", tract)]


def _textgrid(tract: Tract, folder: Path) -> list[Path]:
    return [gestures_of(tract).save_textgrid(folder)]


_WRITERS: Mapping[str, Callable[[Tract, Path], list[Path]]] = {"ssff": _ssff, "mat": _mat, "textgrid": _textgrid}
