"""Speaker files of VocalTractLab: read, checked field by field, and brought to the installed library's format.

The library ends the process over a file that it cannot read. So everything it reads is compared here with its own
speaker's file first, and what passes is loaded once in a process of its own.

VocalTractLab 2.x wrote three tract parameters more (AES, PW, TT), a tonsil and vocal folds, and neither the area of
the nasal port nor descriptions and units of the parameters; its glottis models are not those of the library.
"""

from __future__ import annotations

import hashlib
import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.simulation.speaker.anatomy import Sex, Speaker, reference_f0
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract, library
from rtmri2speech.simulation.speaker.voice import SHAPES

_LARGEST_BYTES = 10_000_000
_F0_HZ = (60.0, 350.0)
_WOMEN_FROM_HZ = 165.0
# Farther than any person's tract reaches, cm or degrees: the library would compute with it all the same.
_FARTHEST = 400.0
_ANATOMY = "vocal_tract_model/anatomy"


@dataclass(frozen=True)
class SpeakerFile:
    """A speaker file as the installed library reads it.

    Attributes:
        path: where it was read from.
        text: XML.
        digest: of the file's bytes, 16 hexadecimal digits.
        f0: the speaker's own, Hz; None where the file does not say.
    """

    path: Path
    text: str
    digest: str
    f0: float | None


def read_speaker_file(path: Path) -> SpeakerFile:
    """Read a speaker file, of VocalTractLab 2.x or as the installed library has them.

    Raises:
        ConfigError: naming the element that is missing or wrong.
        UserError: when the extra is not installed, or the library refuses the file for another reason.
    """
    own = ElementTree.parse(library().DEFAULT_SPEAKER_PATH).getroot()
    root, digest = _parse(path)
    anatomy = root.find(_ANATOMY)
    if root.tag != "speaker" or anatomy is None:
        raise ConfigError(f"{path}: no <anatomy>; not a speaker of VocalTractLab.", "Give a .speaker file.")
    f0 = _reference_f0(anatomy)
    _convert(root, anatomy, own)
    _compare(path, _must_find(own, _ANATOMY), anatomy, "anatomy")
    _check_shapes(path, root)
    text = ElementTree.tostring(root, encoding="unicode")
    _try(path, text)
    return SpeakerFile(path, text, digest, f0)


def _parse(path: Path) -> tuple[Element, str]:
    remedy = "Give a .speaker file of VocalTractLab."
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).", remedy) from None
    # Entities can be nested until memory is full; no speaker file has any.
    if len(content) > _LARGEST_BYTES or b"<!" in content.replace(b"<!--", b""):
        raise ConfigError(f"{path}: not a speaker file.", remedy)
    try:
        return ElementTree.fromstring(content), hashlib.sha256(content).hexdigest()[:16]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ConfigError(f"{path}: damaged ({error}).", "Copy it again from VocalTractLab.") from None


def _must_find(root: Element, path: str) -> Element:
    found = root.find(path)
    if found is None:
        raise RuntimeError(f"VocalTractLab's own speaker has no <{path}>")
    return found


def _reference_f0(anatomy: Element) -> float | None:
    folds = anatomy.find("vocal_folds")
    value = _number(folds.get("default_f0", "")) if folds is not None else None
    return None if value is None else min(max(value, _F0_HZ[0]), _F0_HZ[1])


def _convert(root: Element, anatomy: Element, own: Element) -> None:
    """Bring a file of VocalTractLab 2.x to the format of the library's own speaker."""
    for parent in root.iter():
        for child in [*parent]:
            if child.tag in ("tonsil", "vocal_folds") or (child.tag == "param" and _is_of_older_tract(parent, child)):
                parent.remove(child)
    velum, own_velum = anatomy.find("velum"), _must_find(own, f"{_ANATOMY}/velum")
    if velum is not None and "max_nasal_port_area" not in velum.attrib:
        velum.set("max_nasal_port_area", own_velum.get("max_nasal_port_area", ""))
    described = {param.get("name"): param for param in own.findall(f"{_ANATOMY}/param")}
    for param in anatomy.findall("param"):
        for name in ("description", "unit"):
            if param.get("name") in described:
                param.set(name, described[param.get("name")].attrib.get(name, ""))
    for model in root.findall("glottis_models"):
        root.remove(model)
    root.append(_must_find(own, "glottis_models"))


def _is_of_older_tract(parent: Element, param: Element) -> bool:
    return parent.tag in ("anatomy", "shape") and param.get("name") in ("AES", "PW", "TT")


def _compare(path: Path, own: Element, theirs: Element, place: str) -> None:
    """Whether an element has the children and numbers that the library's own has.

    Raises:
        ConfigError: naming the element or the attribute.
    """
    remedy = "Export the speaker again from VocalTractLab."
    for name, value in own.attrib.items():
        if name not in theirs.attrib:
            raise ConfigError(f"{path}: <{place}> has no {name}.", remedy)
        if name == "points":
            numbers = [_number(part) for part in theirs.attrib[name].split()]
            if len(numbers) != len(value.split()) or None in numbers:
                raise ConfigError(f"{path}: <{place}> {name}: not {len(value.split())} numbers.", remedy)
        elif name in ("name", "index"):
            if theirs.attrib[name] != value:
                raise ConfigError(f"{path}: <{place}> {name}: {theirs.attrib[name]}, expected {value}.", remedy)
        elif _number(value) is not None and _number(theirs.attrib[name]) is None:
            raise ConfigError(
                f'{path}: <{place}> {name}="{theirs.attrib[name]}": not a number within +-{_FARTHEST:g}.', remedy
            )
    kinds = [child.tag for child in own]
    found = [child.tag for child in theirs]
    for tag in dict.fromkeys([*kinds, *found]):
        if kinds.count(tag) != found.count(tag):
            raise ConfigError(
                f"{path}: <{place}> holds {found.count(tag)} <{tag}>, expected {kinds.count(tag)}.", remedy
            )
    for tag in dict.fromkeys(kinds):
        for mine, other in zip(own.findall(tag), theirs.findall(tag), strict=True):
            label = f"{tag} {mine.get('name')}" if mine.get("name") else tag
            _compare(path, mine, other, f"{place}/{label}")
    if own.tag == "param" and not float(theirs.attrib["min"]) < float(theirs.attrib["max"]):
        raise ConfigError(f"{path}: <{place}>: min is not below max.", remedy)


def _check_shapes(path: Path, root: Element) -> None:
    remedy = "Export the speaker again from VocalTractLab, with all shapes."
    shapes = {shape.get("name", ""): shape for shape in root.findall("vocal_tract_model/shapes/shape")}
    for name in SHAPES:
        if name not in shapes:
            raise ConfigError(f"{path}: has no shape '{name}'.", remedy)
    for name, shape in shapes.items():
        values = {param.get("name"): _number(param.get("value", "")) for param in shape.findall("param")}
        for parameter in TRACT:
            if values.get(parameter) is None:
                raise ConfigError(f"{path}: shape '{name}' has no number for {parameter}.", remedy)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= _FARTHEST else None


def _try(path: Path, text: str) -> None:
    """Load the file in a process of its own, which the library may end.

    Raises:
        UserError: when it does, or the tract that comes out is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "converted.speaker"
        scratch.write_text(text, encoding="utf-8")
        for _, result in run_jobs(_length_of, [scratch], 1, fresh=True, here=True):
            if isinstance(result, UserError) or not 8.0 < result < 25.0:
                problem = (
                    "VocalTractLab cannot load it" if isinstance(result, UserError) else f"a tract of {result:.1f} cm"
                )
                raise ConfigError(
                    f"{path}: <anatomy>: {problem}.", "Export the speaker again from VocalTractLab."
                ) from None


def _length_of(path: Path) -> float:
    """Length of the neutral vowel's tract, cm."""
    tract = VocalTract(path)
    return float(tract.tube(tract.shape("@"))[0].sum())


def speakers_of(files: Sequence[SpeakerFile], seed: int) -> list[Speaker]:
    """The speakers of files: named after them, a woman where F0 lies above 165 Hz."""
    speakers = []
    for index, file in enumerate(files):
        sex: Sex = "female" if (file.f0 or 0.0) > _WOMEN_FROM_HZ else "male"
        f0 = file.f0 or reference_f0(sex)
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", file.path.stem).strip("_-") or f"speaker{index + 1}"
        values = {"name": name, "sex": sex, "f0": f0, "seed": seed * 1000 + index, "source": file.digest}
        speakers.append(Speaker.parse(values, str(file.path)))
    return speakers
