"""``rtmri2speech bundle``, ``inspect`` and ``import``: model files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, ModelFile, note_ending
from rtmri2speech.signal import defaults

if TYPE_CHECKING:
    from rtmri2speech.models.bundle.model_file import Bundle


def bundle(
    *,
    acoustic: ModelFile,
    vocoder: ModelFile,
    out: Path = Path("model.safetensors"),
    half: Annotated[bool, Flag] = False,
) -> int:
    """Join an acoustic model and a vocoder in one file that synthesize can use.

    Parameters
    ----------
    acoustic
        From train acoustic or import acoustic.
    vocoder
        From train vocoder or import hifigan.
    out
        The file to write.
    half
        Store the weights in half precision: half the size, the same sound for all practical purposes.
    """
    from rtmri2speech.models.bundle.model_file import join, load_bundle, save_bundle

    save_bundle(join(load_bundle(acoustic), load_bundle(vocoder)), out, half=half)
    _print_size(out)
    return 0


def inspect(model: ModelFile, /, *, json: Annotated[bool, Flag] = False) -> int:
    """Say what a model file holds: stages, definitions, where it came from.

    Parameters
    ----------
    model
        A .safetensors file of this program.
    json
        Print everything but the weights as JSON, the recipes it was trained with included.
    """
    from rtmri2speech.models.bundle.describe import describe
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.models.exported.backends import choose_backend, in_words

    bundle = load_bundle(model)
    if json:
        _print_json(bundle.header())
        return 0
    rows = [*describe(bundle), ("backend", in_words(choose_backend("auto", choose_device("auto"))))]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    if bundle.card:
        print(f"\n{bundle.card}")
    return 0


def _print_json(values: dict[str, object]) -> None:
    import json

    print(json.dumps(values, ensure_ascii=False, indent=1))


def hifigan(
    checkpoint: Path,
    /,
    *,
    out: Path,
    config: Path | None = None,
    preemphasis: Annotated[float, Parameter(name="--preemph")] = defaults.PREEMPHASIS,
) -> int:
    """Bring in a HiFi-GAN generator, as the original program writes it.

    Parameters
    ----------
    checkpoint
        The file g_00000000.
    out
        The model file to write.
    config
        Its config.json; by default the one in the checkpoint's folder.
    preemphasis
        Pre-emphasis of the mel it was trained on; the checkpoint does not say.
    """
    from rtmri2speech.models.bundle.import_hifigan import import_hifigan

    return _save(import_hifigan(checkpoint, config, preemphasis), out)


def acoustic(
    checkpoint: Path,
    /,
    *,
    scaler: Annotated[Path, Parameter(name=["--scaler", "--scaler-json"])],
    out: Path,
    backbone: str = "tf_efficientnetv2_b2",
    normalization: Literal["memo", "robust"] = "memo",
    inference: Literal["average", "last", "sequence"] = "average",
) -> int:
    """Bring in an acoustic model, mri_acoustic_model.pt, with its scaler.

    Parameters
    ----------
    checkpoint
        The .pt file.
    scaler
        The scaler.json of the dataset it was trained on.
    out
        The model file to write.
    backbone
        Its CNN, by its name in timm.
    normalization
        How its frames were scaled.
    inference
        How it makes one mel of overlapping windows: average, or last, for a model that was trained on single windows;
        sequence for one that was trained on long segments.
    """
    from rtmri2speech.models.acoustic import AcousticConfig
    from rtmri2speech.models.bundle.import_acoustic import import_acoustic
    from rtmri2speech.signal.frames import FrameConfig

    frames = FrameConfig(mode=normalization)
    config = AcousticConfig(backbone=backbone, inference=inference)
    return _save(import_acoustic(checkpoint, scaler, config, frames=frames), out)


def _save(result: Bundle, out: Path) -> int:
    from rtmri2speech.models.bundle.model_file import save_bundle

    save_bundle(result, out)
    print(result.card)
    _print_size(out)
    return 0


def _print_size(path: Path) -> None:
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    note_ending(path)
