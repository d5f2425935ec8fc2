"""Measured tracts with their sound's mel, as the tract model is trained on them: a folder with a file per utterance.

::

    tracts.json          what it is: mel definition, names of the inputs, what they were measured with, utterances
    <id>_inputs.npz      inputs of every look, mel, F0, formants of one utterance

Small enough to be carried about: some 2 kB per second and look, and 3 kB per second for the sound.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from rtmri2speech.arrays import Float32
from rtmri2speech.config import Config
from rtmri2speech.data.dataset.layout import Dataset, Split
from rtmri2speech.data.files import hash_files, replacing
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.features import FeatureConfig

MANIFEST = "tracts.json"
"""File that makes a folder one of tracts; written last."""

TRACTS = "tracts"
"""Folder of a dataset with its tracts."""

SCHEMA = 1
_MAKE = "Make it: rtmri2speech prepare-tracts DATASET"
# Last bits of half precision that are left out: of 10 mm one hundredth stays, of 60 dB a sixteenth.
_SPARED = {"inputs": 2, "mel_db": 1}
_ARRAYS = {"inputs": 3, "mel_db": 2, "f0_hz": 1, "formants_hz": 2, "size_factors": 1}


class TractItem(Config):
    """An utterance in a folder of tracts."""

    id: str
    speaker: str
    split: Split
    n_frames: int
    looks: int
    key: str = Field(description="hash of all that the file was made from")
    sha256: str = Field(description="hash of the file")


class TractMeta(Config):
    """What all tracts of a folder have in common."""

    features: FeatureConfig
    inputs: tuple[str, ...]
    corpus: str
    licence: str
    citation: str
    dataset: str = Field(description="fingerprint of the dataset that they were measured in")
    segmenter: str = Field(description="hash of the segmenter's weights")
    look: str
    looks: int
    seed: int


@dataclass(frozen=True)
class TractArrays:
    """One utterance of T frames.

    Attributes:
        inputs: (K, T, C), of K looks; NaN where something could not be measured.
        mel_db: (T, M), dB.
        f0_hz: (T,); 0 where there is no voice, NaN where nothing is known.
        formants_hz: (T, 4); NaN where unknown.
        size_factors: (K,), the size of a pixel that would be estimated by its true one; NaN where the true one is
            not known.
    """

    inputs: Float32
    mel_db: Float32
    f0_hz: Float32
    formants_hz: Float32
    size_factors: Float32


class TractFolder:
    """A folder of tracts, opened for reading.

    Args:
        path: the folder, or the dataset that it lies in.

    Attributes:
        root: the folder.
        meta: what its tracts have in common.
        utterances: in order.

    Raises:
        DatasetError: when there is none, or it is damaged or unfinished.
    """

    def __init__(self, path: Path) -> None:
        self.root = path if (path / MANIFEST).is_file() else path / TRACTS
        file = self.root / MANIFEST
        if not file.is_file():
            raise DatasetError(f"{path}: holds no measured tracts (no {MANIFEST}).", _MAKE)
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            if values["schema"] != SCHEMA or values["kind"] != "tracts":
                raise ValueError(f"schema {values['schema']} of {values['kind']}")
            self.utterances = [TractItem.model_validate(row) for row in values["utterances"]]
            self.meta = TractMeta.model_validate({name: values[name] for name in TractMeta.model_fields})
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            first = str(error).splitlines()[0]
            raise DatasetError(f"{file}: damaged, or of another version ({first}).", _MAKE) from None

    def of_split(self, split: Split) -> list[TractItem]:
        """Utterances of one split.

        Raises:
            DatasetError: when there are none.
        """
        found = [item for item in self.utterances if item.split == split]
        if not found:
            raise DatasetError(
                f"{self.root}: the {split} split holds no utterance.",
                "Prepare more or longer recordings, or with another `split_ratio`; then measure their tracts.",
            )
        return found

    def load(self, item: TractItem) -> TractArrays:
        """An utterance's arrays.

        Raises:
            DatasetError: when its file is missing or damaged.
        """
        arrays = read_arrays(inputs_path(self.root, item.id))
        frames = {len(arrays.mel_db), arrays.inputs.shape[1], len(arrays.f0_hz), len(arrays.formants_hz)}
        if frames != {item.n_frames} or arrays.inputs.shape[2] != len(self.meta.inputs):
            raise DatasetError(f"{inputs_path(self.root, item.id)}: not that of {MANIFEST}.", _MAKE)
        return arrays

    def fingerprint(self) -> str:
        """Hash of what the folder holds, for provenance."""
        digest = hashlib.sha256(self.meta.model_dump_json().encode())
        for row in sorted(f"{item.id},{item.split},{item.sha256}" for item in self.utterances):
            digest.update(row.encode())
        return digest.hexdigest()[:16]


def inputs_path(root: Path, utterance: str) -> Path:
    """The file of an utterance."""
    return root / f"{utterance}_inputs.npz"


def write_arrays(path: Path, arrays: TractArrays, key: str) -> None:
    """Write an utterance's file, in half precision, numbers of one input after the other, which packs best.

    Raises:
        UserError: when it cannot be written.
    """
    values = {
        "inputs": arrays.inputs.transpose(0, 2, 1),
        "mel_db": arrays.mel_db.T,
        "f0_hz": arrays.f0_hz,
        "formants_hz": arrays.formants_hz.T,
        "size_factors": arrays.size_factors,
    }
    half: dict[str, Any] = {name: _rounded(value, _SPARED.get(name, 0)) for name, value in values.items()}
    with replacing(path) as file:
        np.savez_compressed(file, key=np.array(key), **half)


def _rounded(values: Float32, bits: int) -> NDArray[np.float16]:
    """Half precision without its last bits, which no measurement has."""
    half = values.astype(np.float16)
    if not bits:
        return half
    # A carry runs into the exponent, as it should; what is no number stays as it is.
    whole = half.view(np.uint16).astype(np.uint32) + (1 << (bits - 1))
    kept = ((whole >> bits) << bits).astype(np.uint16).view(np.float16)
    return np.where(np.isfinite(half) & np.isfinite(kept), kept, half)


def read_arrays(path: Path) -> TractArrays:
    """Read what :func:`write_arrays` wrote.

    Raises:
        DatasetError: when it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name].astype(np.float32) for name in _ARRAYS}
        wrong = next((name for name, ndim in _ARRAYS.items() if found[name].ndim != ndim), None)
        if wrong is not None:
            raise ValueError(f"'{wrong}' is of shape {found[wrong].shape}")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DatasetError(f"{path}: missing or damaged ({error}).", _MAKE) from None
    return TractArrays(
        np.ascontiguousarray(found["inputs"].transpose(0, 2, 1)),
        np.ascontiguousarray(found["mel_db"].T),
        found["f0_hz"],
        np.ascontiguousarray(found["formants_hz"].T),
        found["size_factors"],
    )


def key_of(path: Path) -> str | None:
    """What an utterance's file was made from; None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return str(file["key"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def write_manifest(root: Path, meta: TractMeta, utterances: Iterable[TractItem]) -> None:
    """Write ``tracts.json``, which makes a folder one of tracts.

    Raises:
        UserError: when it cannot be written.
    """
    rows = [item.model_dump(mode="json") for item in utterances]
    write_about(root / MANIFEST, "tracts", SCHEMA, {**meta.model_dump(mode="json"), "utterances": rows})


def meta_of(dataset: Dataset, inputs: tuple[str, ...], segmenter: str, look: str, looks: int, seed: int) -> TractMeta:
    """What tracts that are measured in a dataset have in common."""
    about = dataset.meta
    return TractMeta(
        features=about.features,
        inputs=inputs,
        corpus=about.corpus,
        licence=about.licence,
        citation=about.citation,
        dataset=dataset.fingerprint(),
        segmenter=segmenter,
        look=look,
        looks=looks,
        seed=seed,
    )


def item_of(root: Path, utterance: str, speaker: str, split: Split, looks: int, n_frames: int, key: str) -> TractItem:
    """The row of an utterance whose file is there."""
    sha256 = hash_files([inputs_path(root, utterance)])
    return TractItem(id=utterance, speaker=speaker, split=split, n_frames=n_frames, looks=looks, key=key, sha256=sha256)
