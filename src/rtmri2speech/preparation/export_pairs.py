"""Exports for other programs: pairs of fixed length (sixteen times the dataset's size), and sounds in one folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.data.dataset.windows import windows
from rtmri2speech.data.files import new_folder, replacing
from rtmri2speech.data.media.audio import read_sound, write_wav
from rtmri2speech.data.npy import array_writer

WAVS = "audio_wav"
"""Folder of the dataset with every utterance's sound."""


def pairs_of(root: Path, utterance_id: str, ref_frames: int) -> tuple[Path, Path]:
    """The ``.npz`` file and the folder of ``.npy`` files of one utterance."""
    name = f"pairs_ref{ref_frames}"
    return root / name / f"{utterance_id}.npz", root / f"{name}_npy" / utterance_id


def write_pairs(root: Path, utterance_id: str, ref_frames: int) -> None:
    """Write every window of an utterance: mri (W, r, H, W) float32 in [0, 1], mel (W, r, M) dB, mask (W, r) or pixels.

    Raises:
        UserError: when the disk is full.
    """
    folder = root / "samples" / utterance_id
    frames = np.load(folder / "mri.npy", mmap_mode="r")
    mel = np.load(folder / "mel_db.npy")
    mask = np.load(folder / "mask.npy")
    if mask.ndim == 2:  # one mask for all frames
        mask = np.broadcast_to(mask, (len(frames), *mask.shape))
    npz, target = pairs_of(root, utterance_id, ref_frames)
    views = {"mri": windows(frames, ref_frames), "mel": windows(mel, ref_frames), "mask": windows(mask, ref_frames)}
    with new_folder(target) as temporary:
        for name, view in views.items():
            with array_writer(
                temporary / f"{name}.npy", view.shape, np.float32 if name == "mri" else view.dtype
            ) as writer:
                # One window at a time: the export of a long utterance need not fit in memory.
                for window in view:
                    writer.write((window / np.float32(255) if name == "mri" else window)[None])
        arrays = {name: np.load(temporary / f"{name}.npy", mmap_mode="r") for name in views}
        with replacing(npz) as file:
            np.savez(file, **arrays)
        del arrays


def wav_of(root: Path, utterance_id: str) -> Path:
    """The sound of an utterance for the original HiFi-GAN, which wants all in one folder: ``--input_wavs_dir``."""
    return root / WAVS / f"{utterance_id}.wav"


def write_pcm(root: Path, utterance_id: str) -> None:
    """Write an utterance's sound as 16-bit wav: the original HiFi-GAN divides what it reads by 32,768.

    Raises:
        UserError: when the disk is full.
    """
    sound = read_sound(root / "samples" / utterance_id / "audio.wav")
    write_wav(wav_of(root, utterance_id), sound.samples, sound.rate)
