"""``rtmri2speech import hifigan`` and ``rtmri2speech import acoustic``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.signal import defaults


def hifigan(checkpoint: Path, /, *, config: Path, out: Path, preemph: float = defaults.PREEMPHASIS) -> int:
    """Bring in a HiFi-GAN generator, as the original program writes it.

    Parameters
    ----------
    checkpoint
        The file g_00000000.
    config
        Its config.json.
    out
        The model file to write.
    preemph
        Pre-emphasis of the mel it was trained on; the checkpoint does not say.
    """
    from rtmri2speech.models.bundle.foreign import import_hifigan
    from rtmri2speech.models.bundle.model_file import save_bundle

    result = import_hifigan(checkpoint, config, preemph)
    save_bundle(result, out)
    print(result.card)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0


def acoustic(
    checkpoint: Path,
    /,
    *,
    scaler: Annotated[Path, Parameter(name=["--scaler", "--scaler-json"])],
    out: Path,
    backbone: str = "tf_efficientnetv2_b2",
    normalisation: Literal["memo", "robust"] = "memo",
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
        Its image network, by its name in timm.
    normalisation
        How its frames were scaled.
    """
    from rtmri2speech.models.acoustic import AcousticConfig
    from rtmri2speech.models.bundle.foreign import import_acoustic
    from rtmri2speech.models.bundle.model_file import save_bundle
    from rtmri2speech.signal.frames import FrameConfig

    frames = FrameConfig(mode=normalisation)
    result = import_acoustic(checkpoint, scaler, AcousticConfig(backbone=backbone), frames=frames)
    save_bundle(result, out)
    print(result.card)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0
