"""Model bundle: weights, scaler, configurations and provenance in one .safetensors file that describes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from rtmri2speech.config import Config
from rtmri2speech.errors import BundleError, ConfigError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.borrowing import BORROWED, borrowed, leave_with
from rtmri2speech.models.bundle.container import read_container, write_container
from rtmri2speech.models.bundle.parts import MASK, Kind, check_parts
from rtmri2speech.models.bundle.strict_loading import load_strictly, require_finite
from rtmri2speech.models.bundle.weights import halved, hash_tensors
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, plain_weights
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

JOIN_COMMAND = "rtmri2speech bundle --acoustic A --vocoder V --out M"

# Parts of a stage that came later: the field that switches each on, its value without, and what goes with it. Headers
# of models without the part are those of versions from before it, which read them.
_NEWER: dict[str, tuple[str, object, tuple[str, ...]]] = {
    "acoustic": ("speaker_code", 0, ()),
    "vocoder": ("source", "none", ("pitch_channels",)),
}


@dataclass(frozen=True)
class Bundle:
    """A model and all that is needed to use it.

    Attributes:
        kind: which stages there are.
        features: the mel definition the stages were made with; a segmenter depends on none.
        frames: how video frames are prepared (with an acoustic stage).
        acoustic: size of the acoustic stage that reads frames.
        tract: size of the one that reads a measured tract instead.
        vocoder: geometry of the vocoder stage.
        segmenter: size of the segmenter.
        tensors: weights by name: ``acoustic.*`` or ``tract.*`` (the scaler among them), ``vocoder.*``,
            ``segmenter.*`` and, optionally, ``mask``, shape (H, W), uint8.
        provenance: commit, dataset hash, split, seed, recipe, metrics; anything JSON can hold.
        card: a human-readable description, Markdown.
        source: where it was read from, for messages.

    Raises:
        BundleError: when kind, configurations and tensors do not belong together.
    """

    kind: Kind
    features: FeatureConfig
    frames: FrameConfig | None = None
    acoustic: AcousticConfig | None = None
    vocoder: VocoderConfig | None = None
    segmenter: SegmenterConfig | None = None
    tensors: dict[str, Tensor] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    card: str = ""
    source: str = field(default="the bundle", compare=False)
    tract: TractAcousticConfig | None = None

    def __post_init__(self) -> None:
        if self.acoustic is not None and self.acoustic.cnn_weights is not None:
            # The weights are in the tensors; loading must not ask for a file of another machine.
            object.__setattr__(self, "acoustic", self.acoustic.model_copy(update={"cnn_weights": None}))
        check_parts(self)

    @classmethod
    def from_acoustic(
        cls,
        model: AcousticModel,
        features: FeatureConfig,
        frames: FrameConfig,
        *,
        mask: Tensor | None = None,
        provenance: dict[str, Any] | None = None,
        card: str = "",
    ) -> Self:
        """A bundle of kind ``acoustic``; ``mask`` has shape (H, W) and is multiplied onto every frame."""
        tensors = {f"acoustic.{name}": tensor for name, tensor in model.state_dict().items()}
        if mask is not None:
            tensors[MASK] = mask.to(torch.uint8)
        return cls("acoustic", features, frames, model.config, tensors=tensors, provenance=provenance or {}, card=card)

    @classmethod
    def from_vocoder(
        cls, model: Generator, features: FeatureConfig, *, provenance: dict[str, Any] | None = None, card: str = ""
    ) -> Self:
        """A bundle of kind ``vocoder``; a generator with weight norm is stored with plain weights."""
        tensors = {f"vocoder.{name}": tensor for name, tensor in plain_weights(model.state_dict()).items()}
        size = model.config
        return cls("vocoder", features, vocoder=size, tensors=tensors, provenance=provenance or {}, card=card)

    @classmethod
    def from_tract(
        cls,
        model: TractAcousticModel,
        features: FeatureConfig,
        *,
        provenance: dict[str, Any] | None = None,
        card: str = "",
    ) -> Self:
        """A bundle of kind ``acoustic`` whose network reads a measured tract."""
        tensors = {f"tract.{name}": tensor for name, tensor in model.state_dict().items()}
        size = model.config
        return cls("acoustic", features, tract=size, tensors=tensors, provenance=provenance or {}, card=card)

    @classmethod
    def from_segmenter(cls, model: Segmenter, *, provenance: dict[str, Any] | None = None, card: str = "") -> Self:
        """A bundle of kind ``segmenter``."""
        tensors = {f"segmenter.{name}": tensor for name, tensor in model.state_dict().items()}
        size = model.config
        return cls(
            "segmenter", FeatureConfig(), segmenter=size, tensors=tensors, provenance=provenance or {}, card=card
        )

    @property
    def mask(self) -> Tensor | None:
        """Mask of the frames, shape (H, W), uint8, if there is one."""
        return self.tensors.get(MASK)

    @property
    def has_mel(self) -> bool:
        """Whether it makes mels, from frames or from a measured tract."""
        return self.acoustic is not None or self.tract is not None

    @property
    def acoustic_dataset(self) -> str | None:
        """Fingerprint of the dataset that the acoustic stage was trained on, if the provenance says."""
        name = "acoustic" if self.tract is None else "tract"
        stage = self.provenance.get(name) if self.kind == "synthesizer" else self.provenance
        found = stage.get("dataset") if isinstance(stage, dict) else None
        return found if isinstance(found, str) else None

    def header(self) -> dict[str, Any]:
        """Everything but the tensors, as the file's JSON header holds it."""
        parts = {"features": None if self.kind == "segmenter" else self.features, "frames": self.frames}
        stages: dict[str, Config | None] = {"acoustic": self.acoustic, "vocoder": self.vocoder}
        stages |= {name: size for name in ("tract", "segmenter") if (size := getattr(self, name)) is not None}
        sizes = {name: None if size is None else size.model_dump(mode="json") for name, size in stages.items()}
        for stage, (switch, off, others) in _NEWER.items():
            if (size := sizes[stage]) is not None and size[switch] == off:
                sizes[stage] = {name: value for name, value in size.items() if name not in (switch, *others)}
        return {
            "kind": self.kind,
            **{name: None if part is None else part.model_dump(mode="json") for name, part in parts.items()},
            "model": sizes,
            "provenance": self.provenance,
            "card": self.card,
        }

    def stage(self, name: str) -> dict[str, Tensor]:
        """Tensors of stage ``acoustic``, ``tract``, ``vocoder`` or ``segmenter``, without the stage's prefix."""
        prefix = name + "."
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}

    def build_acoustic(self, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> AcousticModel:
        """The acoustic model, in eval mode.

        Args:
            device: where to put it.
            dtype: of its CNN backbone. The rest, whose work is little, stays float32.

        Raises:
            BundleError: when there is none, or its tensors do not fit its configuration.
        """
        if self.acoustic is None:
            raise BundleError(f"{self.source} holds no acoustic model.", f"Put one in: {JOIN_COMMAND}")
        try:
            model = AcousticModel(self.acoustic, self.features.n_mels)
        except ConfigError as error:
            raise BundleError(f"{self.source}: {error.problem}", "Install the timm it was made with.") from None
        load_strictly(model, self.stage("acoustic"), self.source)
        model.cnn.to(dtype)
        return model.to(device).eval()

    def build_tract(self, device: torch.device | str = "cpu") -> TractAcousticModel:
        """The acoustic model that reads a measured tract, in eval mode, float32.

        Raises:
            BundleError: when there is none, or its tensors do not fit its configuration.
        """
        if self.tract is None:
            raise BundleError(
                f"{self.source} holds no model that reads a measured tract.",
                "Give one that was trained with `kind=tract`.",
            )
        model = TractAcousticModel(self.tract, self.features)
        load_strictly(model, self.stage("tract"), self.source)
        return model.to(device).eval()

    def build_vocoder(self, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Generator:
        """The vocoder with plain weights, in eval mode.

        Raises:
            BundleError: when there is none, or its tensors do not fit its configuration.
        """
        if self.vocoder is None:
            raise BundleError(f"{self.source} holds no vocoder.", f"Put one in: {JOIN_COMMAND}")
        model = Generator(self.vocoder, self.features.n_mels)
        load_strictly(model, self.stage("vocoder"), self.source)
        for part in model.children():
            if part is not model.source:  # a cent of pitch needs more digits than half precision has
                part.to(dtype)
        return model.to(device).eval()

    def build_segmenter(self, device: torch.device | str = "cpu") -> Segmenter:
        """The segmenter, in eval mode; :meth:`Segmenter.folded` makes it faster.

        Raises:
            BundleError: when there is none, or its tensors do not fit its configuration.
        """
        if self.segmenter is None:
            raise BundleError(
                f"{self.source} holds no segmenter.",
                "Give a model of train segmenter, or leave it out for the shipped one.",
            )
        model = Segmenter(self.segmenter)
        load_strictly(model, self.stage("segmenter"), self.source)
        return model.to(device).eval()


def save_bundle(bundle: Bundle, path: Path, half: bool = False, lenders: Mapping[str, str] | None = None) -> None:
    """Write ``bundle`` to ``path``; the old file stays until the new one is complete.

    Args:
        bundle: what to write.
        path: a ``.safetensors`` file; its folder is made if need be.
        half: store weight matrices as float16, half the size. Vectors (biases, statistics, the scaler) and
            matrices beyond float16's range, or with a row that would become zero in it, stay as they are.
        lenders: shipped models, by stage, whose weights are not written once more; for shipped models alone.

    Raises:
        BundleError: when a lender is missing, or its weights are others.
        UserError: when the file cannot be written.
    """
    header, tensors = bundle.header(), bundle.tensors
    if lenders:
        header[BORROWED], tensors = leave_with(lenders, tensors)
    write_container(path, header, {name: halved(tensor) for name, tensor in tensors.items()} if half else tensors)


def load_bundle(path: Path) -> Bundle:
    """Read a bundle and verify that it is whole and unchanged.

    Raises:
        BundleError: when the file is missing, not a bundle, cut short, edited, of an unknown schema, with weights that
            are not numbers, or with a stage of a shipped model that is not there.
    """
    header, own = read_container(path)
    source = str(path)
    try:
        tensors = own | borrowed(header, path)
        require_finite(tensors, source)
        model, provenance, card = header["model"], header["provenance"], header["card"]
        if not isinstance(provenance, dict) or not isinstance(card, str):
            raise BundleError(
                f"{path}: its provenance or card is of the wrong type.", "Save it anew from the training run."
            )
        return Bundle(
            kind=header["kind"],
            features=_features(header, source),
            frames=None if header["frames"] is None else FrameConfig.parse(header["frames"], source),
            acoustic=None if model["acoustic"] is None else AcousticConfig.parse(model["acoustic"], source),
            vocoder=None if model["vocoder"] is None else VocoderConfig.parse(model["vocoder"], source),
            segmenter=None if (size := model.get("segmenter")) is None else SegmenterConfig.parse(size, source),
            tract=None if (size := model.get("tract")) is None else TractAcousticConfig.parse(size, source),
            tensors=tensors,
            provenance=provenance,
            card=card,
            source=source,
        )
    except ConfigError as error:
        raise BundleError(error.problem, "It was made by another version of this program; use that one.") from None
    except (KeyError, TypeError) as error:
        raise BundleError(f"{path}: its description lacks {error}.", "Save it anew from the training run.") from None


def _features(header: dict[str, Any], source: str) -> FeatureConfig:
    none = header["kind"] == "segmenter" and header["features"] is None
    return FeatureConfig() if none else FeatureConfig.parse(header["features"], source)


def weights_hash(bundle: Bundle) -> str:
    """SHA-256 of the weights in half precision: the same for a file in full, one in half, and one with another card."""
    return hash_tensors(bundle.tensors)


def join(acoustic: Bundle, vocoder: Bundle) -> Bundle:
    """Put the acoustic stage of one bundle and the vocoder stage of another together.

    Raises:
        BundleError: when a stage is missing, or the two were made with different features.
    """
    if not acoustic.has_mel:
        raise BundleError(f"{acoustic.source} holds no acoustic model.", f"Give both stages: {JOIN_COMMAND}")
    if vocoder.vocoder is None:
        raise BundleError(f"{vocoder.source} holds no vocoder.", f"Give both stages: {JOIN_COMMAND}")
    different = acoustic.features.differences(vocoder.features)
    if different:
        raise BundleError(
            f"{acoustic.source} and {vocoder.source} were made with different features: {'; '.join(different)}.",
            "Train both on data prepared with the same features.",
        )
    parts = {"acoustic" if acoustic.tract is None else "tract": acoustic, "vocoder": vocoder}
    kept = {name: value for name, value in acoustic.tensors.items() if not name.startswith("vocoder.")}
    kept |= {name: value for name, value in vocoder.tensors.items() if name.startswith("vocoder.")}
    return Bundle(
        kind="synthesizer",
        features=acoustic.features,
        frames=acoustic.frames,
        acoustic=acoustic.acoustic,
        tract=acoustic.tract,
        vocoder=vocoder.vocoder,
        tensors=kept,
        provenance={name: _provenance_of(part, name) for name, part in parts.items()},
        card="\n\n".join(dict.fromkeys(card for card in (acoustic.card, vocoder.card) if card)),
    )


def _provenance_of(bundle: Bundle, stage: str) -> Any:
    # A bundle that was joined before keeps its stages' histories apart already.
    return bundle.provenance.get(stage, {}) if bundle.kind == "synthesizer" else bundle.provenance
