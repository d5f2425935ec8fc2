"""VocalTractLab: the only importer of the library behind the phantom.

VocalTractLab (Birkholz 2013, PLoS ONE 8(4): e60603) is a C++ library with one speaker for the whole process and
no thread safety, hence one :class:`VocalTract` at a time. Lengths are in cm, x forward and y up, the edge of the
upper incisors near the origin's height.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from xml.etree import ElementTree

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.errors import ConfigError, UserError

TRACT = (
    *("HX", "HY", "JX", "JA", "LP", "LD", "VS", "VO"),
    *("TCX", "TCY", "TTX", "TTY", "TBX", "TBY", "TRX", "TRY", "TS1", "TS2", "TS3"),
)
"""Names of the tract parameters: hyoid, jaw, lips, velum, tongue body (TC), tip, blade, root, sides; x and y."""

GLOTTIS = ("F0", "PR", "XB", "XT", "CA", "PL", "RA", "DP", "PS", "FL", "AS")
"""Names of the glottis parameters: F0 (Hz), lung pressure (dPa), displacements of the folds (cm), and more."""

ANATOMY = (
    *("lip_width", "mandible_height", "lower_molars_height", "upper_molars_height", "palate_height", "palate_depth"),
    *("hard_palate_length", "soft_palate_length", "pharynx_length", "larynx_length", "larynx_width"),
    *("vocal_fold_length", "oral_pharyngeal_angle"),
)
"""Names of the anatomy parameters, cm and degrees."""

SAMPLE_RATE = 44_100
"""Of the synthesis, Hz."""

STATE_SAMPLES = 220
"""Samples between articulatory states: 5 ms, the library interpolates.

Its default of 110 sounds the same (log spectra of vowels differ by 0.2 to 0.5 dB) and takes 1.6 times as long.
"""

STATE_RATE = SAMPLE_RATE / STATE_SAMPLES
"""Articulatory states per second."""

_SPECTRUM = 2100  # 21 Hz per sample; the peaks in between are found to some 2 Hz
_TONGUE = 1  # the library's number of the articulator
_HIGHEST_FORMANT_HZ = 7000.0
# Below every formant of an open tract; the library's walls resonate there.
_LOWEST_FORMANT_HZ = 120.0


def library() -> ModuleType:
    """The library.

    Raises:
        UserError: when the extra is not installed.
    """
    try:
        from vocaltractlab_cython import VocalTractLabApi
    except ImportError as error:
        raise UserError(
            f"The phantom needs VocalTractLab, which cannot be imported ({error}).",
            'Install the extra: pip install "rtmri2speech[simulate]" (from a checkout: pip install -e ".[simulate]").',
        ) from None
    module: ModuleType = VocalTractLabApi
    return module


def is_speaker_file(path: Path) -> bool:
    """Whether a file can be loaded: the library ends the process over one that is damaged."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return False
    parts = ("vocal_tract_model/anatomy", "vocal_tract_model/shapes", "glottis_models")
    return all(root.find(part) is not None for part in parts)


class VocalTract:
    """A speaker's vocal tract, loaded into this process.

    Opening another one closes the one before: the library holds one at a time. Loading afresh also makes
    what follows independent of what the process has done before.

    Args:
        speaker_file: a ``.speaker`` file of VocalTractLab; None for the library's own speaker JD3.

    Raises:
        UserError: when the extra is not installed, or the file is missing or damaged.
    """

    _open: ClassVar[VocalTract | None] = None

    def __init__(self, speaker_file: Path | None = None) -> None:
        self._vtl = library()
        path = Path(self._vtl.DEFAULT_SPEAKER_PATH) if speaker_file is None else speaker_file
        if not is_speaker_file(path):
            raise UserError(f"{path}: missing, or no speaker file.", "Run simulate again; it makes the file anew.")
        self._vtl._close()
        self._vtl._initialize(str(path))
        self._path = path
        VocalTract._open = self
        self._read_limits()

    def _read_limits(self) -> None:
        info = self._vtl.get_param_info("tract")
        self.low = np.array([float(item["min"]) for item in info])
        self.high = np.array([float(item["max"]) for item in info])

    def _library(self) -> Any:
        if VocalTract._open is not self:
            raise RuntimeError("another vocal tract has been opened since")
        return self._vtl

    def reshape(self, name: str, anatomy: dict[str, float]) -> None:
        """Give this tract another anatomy. To be called in a process of its own, once: see :func:`speaker_file_text`.

        Args:
            name: of the speaker, for the error.
            anatomy: values of :data:`ANATOMY`.

        Raises:
            ConfigError: for values that the library would change in silence.
        """
        import atexit

        vtl = self._library()
        atexit.unregister(vtl._close)
        wanted = np.array([anatomy[size] for size in ANATOMY])
        vtl.set_anatomy_params(wanted)
        taken = np.asarray(vtl.get_anatomy_params())
        for size, want, took in zip(ANATOMY, wanted, taken, strict=True):
            if abs(want - took) > 1e-6:
                raise ConfigError(
                    f"Speaker {name}: an anatomy with {size} = {want:g} is impossible; VocalTractLab would take "
                    f"{took:g}.",
                    f"Change {size}, or what it depends on.",
                )
        self._read_limits()

    def named(self, names: Iterable[str]) -> list[str]:
        """Those of the names that the speaker file has shapes of."""
        root = ElementTree.parse(self._path).getroot()
        known = {shape.get("name") for shape in root.iterfind("vocal_tract_model/shapes/shape")}
        return [name for name in names if name in known]

    def shape(self, name: str) -> Float64:
        """Tract parameters of a named shape of the speaker file, (19,)."""
        return np.asarray(self._library().get_shape(name, "tract"), np.float64)

    def glottis(self, name: str) -> Float64:
        """Glottis parameters of a named shape, (11,)."""
        return np.asarray(self._library().get_shape(name, "glottis"), np.float64)

    def outlines(self, tract: Float64) -> dict[str, Float64]:
        """Mid-sagittal outlines ``upper`` (34, 2), ``lower`` (28, 2), ``tongue`` (37, 2), ``epiglottis`` (7, 2), cm."""
        result: dict[str, Float64] = self._library().get_outlines(tract)
        return result

    def center_line(self, tract: Float64) -> Float64:
        """Center line of the tract from glottis to lips: x, y, normal x, normal y, position; (129, 5), cm."""
        return np.asarray(self._library().get_centerline(tract), np.float64)

    def tube(self, tract: Float64) -> tuple[Float64, Float64]:
        """Lengths (40,) in cm and areas (40,) in cm^2 of the tube sections from glottis to lips."""
        lengths, areas, _ = self.tube_with_tongue(tract)
        return lengths, areas

    def narrowest(self, tract: Float64) -> float:
        """Smallest area of the tube, cm^2."""
        return float(self.tube(tract)[1].min())

    def tube_with_tongue(self, tract: Float64) -> tuple[Float64, Float64, Bool]:
        """Lengths and areas as :meth:`tube` gives them, and which sections (40,) the tongue makes."""
        # The fast way gives the same numbers in half the time: it leaves out the outlines.
        state = self._library().tract_state_to_tube_state(tract, fast_calculation=True)
        lengths, areas = np.asarray(state["tube_length"], np.float64), np.asarray(state["tube_area"], np.float64)
        return lengths, areas, np.asarray(state["tube_articulator"] == _TONGUE)

    def transfer_function(self, tract: Float64) -> tuple[Float64, Float64]:
        """Frequencies in Hz and magnitude of flow at lips and nose by flow at the glottis, both (n,), to 7 kHz."""
        spectrum = self._library().tract_state_to_transfer_function(
            tract, n_spectrum_samples=_SPECTRUM, save_phase_spectrum=False
        )["magnitude_spectrum"]
        frequencies = np.arange(_SPECTRUM, dtype=np.float64) * (SAMPLE_RATE / _SPECTRUM)
        kept = frequencies <= _HIGHEST_FORMANT_HZ
        return frequencies[kept], np.asarray(spectrum, np.float64)[kept]

    def formants(self, tract: Float64, count: int = 4) -> Float64:
        """The first peaks of the transfer function from 120 Hz on, (count,), Hz; NaN where there are fewer."""
        return peaks(*self.transfer_function(tract), count)

    def synthesize(self, tract: Float64, glottis: Float64) -> Float64:
        """Sound of S states, (S, 19) and (S, 11), 220 samples per state: shape (220 S,), 44.1 kHz."""
        sound = self._library().synth_block(
            np.ascontiguousarray(tract), np.ascontiguousarray(glottis), state_samples=STATE_SAMPLES
        )
        return np.asarray(sound, np.float64)


def peaks(frequencies: Float64, magnitude: Float64, count: int) -> Float64:
    """Frequencies of the first local maxima above 120 Hz: (count,), NaN where there are fewer.

    Around a resonance the inverse of the power is a parabola (one pair of poles), exactly so for a single one.
    """
    inverse = 1.0 / np.square(np.maximum(magnitude, 1e-30))
    top = np.flatnonzero((inverse[1:-1] < inverse[:-2]) & (inverse[1:-1] <= inverse[2:])) + 1
    top = top[frequencies[top] > _LOWEST_FORMANT_HZ][:count]
    before, here, after = inverse[top - 1], inverse[top], inverse[top + 1]
    offset = 0.5 * (before - after) / (before - 2.0 * here + after)
    result = np.full(count, np.nan)
    result[: len(top)] = frequencies[top] + offset * (frequencies[1] - frequencies[0])
    return result


def speaker_file_text(name: str, anatomy: dict[str, float], scratch: Path) -> str:
    """A ``.speaker`` file: the library's own speaker with another anatomy.

    To be called in a process of its own: after a change of anatomy the library cannot be closed any more
    (version 0.0.17 crashes), and what it saves lacks the shapes and is no XML. So only the anatomy is taken
    from there and put into the text of the library's own speaker.

    Args:
        name: of the speaker, for the error.
        anatomy: values of :data:`ANATOMY`.
        scratch: a file that may be written.

    Raises:
        ConfigError: for values that the library would change in silence.
    """
    vtl = library()
    VocalTract().reshape(name, anatomy)
    vtl.save_speaker(str(scratch))
    changed = _anatomy_of(scratch.read_text(encoding="latin-1"))
    own = Path(vtl.DEFAULT_SPEAKER_PATH).read_text(encoding="latin-1")
    units = dict(re.findall(r'name="(\w+)"\s+description="[^"]*"\s+unit="([^"]*)"', _anatomy_of(own)))
    # What is saved lacks the units, without which it cannot be read.
    changed = re.sub(
        r'(name="(\w+)"\s+description="[^"]*")', lambda match: f'{match[1]} unit="{units[match[2]]}"', changed
    )
    return own.replace(_anatomy_of(own), changed)


def _anatomy_of(text: str) -> str:
    match = re.search(r"<anatomy>.*?</anatomy>", text, re.DOTALL)
    if match is None:
        raise RuntimeError("VocalTractLab wrote a speaker without anatomy")
    return match[0]
