"""Names of the reference configuration's programs and of the released HiFi-GAN code, and what each is here."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

_IMPORT = "rtmri2speech import acoustic FILE.pt --scaler scaler.json --out M.safetensors"
_VOCODER = (
    "rtmri2speech import hifigan g_00000000 --out V.safetensors, then rtmri2speech bundle makes one --model of both"
)
_IN_MODEL = "leave it out, the model file holds it"
_IN_DATASET = "leave it out, the dataset holds it"

SCRIPTS: Final = {
    "preprocess_rtmri_data": "prepare VIDEOS --audio-dir SOUND --out DATASET",
    "train_mri_acoustic_model": "train acoustic DATASET --recipe memo",
    "mri_acoustic_model": "train acoustic DATASET --recipe memo",
    "train": "train vocoder DATASET --recipe memo (with --fine-tune --init BASE to fine-tune)",
    "export_groundtruth_mels": "export-mels ground-truth DATASET",
    "run_mri_video_inference": "synthesize VIDEO --model M --out FOLDER (all checkpoints: compare-checkpoints)",
    "inference": "synthesize VIDEO --model M --out FOLDER",
    "inference_e2e": "synthesize VIDEO --model M --out FOLDER",
    "mri_gradcam_formant": "analyze gradcam VIDEO --model M --out FOLDER",
    "create_gradcam_video": "render heatmap --video VIDEO --sequence ARRAY --output VIDEO",
    "create_gradcam_overlay_video": "render overlay --video VIDEO --heatmap ARRAY --output VIDEO",
}
"""Scripts by their names without ending, and the command line that does the same."""

SETTINGS: Final = {
    "--batch-size": "data.batch_size",
    "--num-workers": "data.num_workers",
    "--prefetch-factor": "data.prefetch_factor",
    "--lr": "optimizer.lr",
    "--learning-rate": "optimizer.lr",
    "--weight-decay": "optimizer.weight_decay",
    "--epochs": "max_epochs",
    "--num-epochs": "max_epochs",
    "--max-epochs": "max_epochs",
    "--training-epochs": "max_epochs",
    "--steps": "max_steps",
    "--max-steps": "max_steps",
    "--seed": "seed",
    "--validation-interval": "validate_every",
    "--checkpoint-interval": "keep_every",
    "--summary-interval": "show_every",
}
"""Options of the programs that train, and the setting of a recipe's part that each is."""

SETTINGS_OF: Final = {
    "acoustic": {
        "--use-checkpoint": "checkpoint_segments",
        "--ckpt-segments": "checkpoint_segments",
        "--micro-batch-size": "data.micro_batch_size",
        "--ramp-steps": "loss.ramp_steps",
        "--hidden": "model.hidden",
        "--rnn-hidden": "model.hidden",
        "--dropout": "model.dropout",
        "--backbone": "model.backbone",
        "--ref-frames": "model.ref_frames",
        "--patience": "early_stop_patience",
    },
    "vocoder": {"--lr-decay": "lr_decay"},
}
"""The same for one of the two models."""

# --use_checkpoint takes no value; the reference configuration adds --ckpt_segments 2.
_USUAL = {"checkpoint_segments": "2"}
_OF_TRAINING = {
    "--data-dir": "name the dataset without an option: rtmri2speech {command} {value}",
    "--dataset": "name the dataset without an option: rtmri2speech {command} {value}",
    "--fine-tuning": "write --fine-tune, without a value, and --init BASE",
    "--config": "write --recipe memo, or --recipe with a YAML file of your own; single settings with --set",
    "--segment-size": "write --set {stage}.data.segment_frames=FRAMES (samples / hop_length)",
    "--input-wavs-dir": _IN_DATASET,
    "--input-training-file": _IN_DATASET,
    "--input-validation-file": _IN_DATASET,
    "--scaler": _IN_DATASET,
    "--scaler-json": _IN_DATASET,
}
_OF_OTHERS = {
    "--mri-checkpoint": f"write --model M.safetensors; from a .pt it is made by: {_IMPORT}",
    "--acoustic-checkpoint": f"write --model M.safetensors; from a .pt it is made by: {_IMPORT}",
    "--scaler": _IN_MODEL,
    "--scaler-json": _IN_MODEL,
    "--n-mels": _IN_MODEL,
    "--rnn-hidden": _IN_MODEL,
    "--ref-frames": _IN_MODEL,
    "--config": _IN_MODEL,
    "--hifigan-config": _IN_MODEL,
    "--checkpoint-file": f"give the vocoder inside --model: {_VOCODER}",
    "--checkpoint": f"give the vocoder inside --model: {_VOCODER}",
    "--hifigan-checkpoint": f"give the vocoder inside --model: {_VOCODER}",
    "--input-wavs-dir": "write --audio-dir, or name the videos alone: sound next to them is found",
}


def script_answer(word: str) -> str | None:
    """The command line that does what a script does; None for other words.

    Args:
        word: as given in a command's place: ``scripts/mri_gradcam_formant.py``.
    """
    name = PurePosixPath(word.replace("\\", "/")).name
    command = SCRIPTS.get(name.removesuffix(".py"))
    return None if command is None else f"Here it is: rtmri2speech {command}"


def option_answer(command: str, option: str, value: str | None) -> str | None:
    """What an option of the other programs is here; None for one that they do not have either.

    Args:
        command: ``train vocoder``.
        option: with hyphens: ``--batch-size``.
        value: the word after it, if it is no option.
    """
    if not command.startswith("train"):
        return _OF_OTHERS.get(option)
    stage = command.removeprefix("train").strip()
    if option in _OF_TRAINING:
        return _OF_TRAINING[option].format(command=command, value=value or "DATASET", stage=stage)
    setting = SETTINGS.get(option) or SETTINGS_OF.get(stage, {}).get(option)
    if setting is None:
        return None
    return f"write --set {stage}.{setting}={value or _USUAL.get(setting, 'VALUE')}"
