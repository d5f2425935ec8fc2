"""A whole video to speech, in bounded memory: frames in blocks, the wave in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.audio import sound_writer
from rtmri2speech.data.media.clips import Clip, open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import BundleError, MediaError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.threads import side_by_side
from rtmri2speech.models.vocoder.cpu_generator import for_inference
from rtmri2speech.signal.frames import model_input
from rtmri2speech.signal.mel import db_to_ln

# Frames the image network sees at once: on a CPU the maps of four still fit in its cache.
_FRAMES_AT_ONCE = {"cpu": 4, "cuda": 64}


@dataclass(frozen=True)
class Synthesis:
    """What was made of one video.

    Attributes:
        name: the video's name without its ending.
        mel_db: shape (T, M), dB.
        seconds: length of the speech.
        files: what was written.
        notes: remarks for the user.
    """

    name: str
    mel_db: NDArray[np.float32]
    seconds: float
    files: list[Path]
    notes: list[str]


class Synthesizer:
    """Both stages of a bundle, ready to run. Clock, mel, normalisation and mask are the bundle's own.

    Args:
        bundle: with an acoustic stage and a vocoder.
        device: where to run.
        dtype: precision of the networks.

    Raises:
        BundleError: when a stage is missing.
    """

    def __init__(self, bundle: Bundle, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        if bundle.frames is None:
            raise BundleError(
                f"{bundle.source} holds no acoustic model.",
                "Join both: rtmri2speech bundle --acoustic A --vocoder V --out M",
            )
        self.features = bundle.features
        self.frames = bundle.frames
        self.device = torch.device(device)
        self.dtype = dtype
        self.vocoder = for_inference(bundle.build_vocoder(device, dtype))
        self.acoustic = bundle.build_acoustic(device, dtype).fuse()
        self._mask = None if bundle.mask is None else bundle.mask.to(self.device)

    @torch.inference_mode()
    def predict_mel(self, clip: Clip, on_frames: Callable[[int], None] = lambda count: None) -> NDArray[np.float32]:
        """Mel spectrogram of a clip, shape (T, M), dB.

        The image network sees each frame once, and only the features (208 numbers a frame at the default
        size) are kept, so that an hour of video needs some 100 MB.

        Args:
            clip: the video on the feature clock.
            on_frames: called with the number of frames done since the last call.
        """
        features = []
        # A GPU takes one piece after the other.
        with side_by_side(torch.get_num_threads() if self.device.type == "cpu" else 1) as pool:
            for block in clip.blocks():
                pieces = torch.split(torch.from_numpy(block), _FRAMES_AT_ONCE[self.device.type])
                for encoded in pool.map(self._encode, pieces):
                    features.append(encoded)
                    on_frames(len(encoded))
        return self.acoustic.predict(torch.cat(features)).float().cpu().numpy()

    def _encode(self, frames: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return self.acoustic.encode(model_input(frames.to(self.device), self._mask))

    def generate_wave(self, mel_db: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Wave of a mel spectrogram (T, M) in dB, in pieces (n,) that together are hop_length * T samples."""
        ln_mel = db_to_ln(torch.from_numpy(mel_db)).T.to(self.device, self.dtype)
        for piece in self.vocoder.generate(ln_mel):
            yield piece.float().cpu().numpy()


def synthesize(
    video: Path,
    synthesizer: Synthesizer,
    out: Path,
    *,
    fps: Fraction | None = None,
    on_start: Callable[[int], None] = lambda total: None,
    on_frames: Callable[[int], None] = lambda count: None,
) -> Synthesis:
    """Make speech of a video: ``<name>_generated.wav``, ``<name>_mel.npy``, ``<name>_mel_log.npy``.

    ``_mel.npy`` is (T, M) in dB, as in the dataset; ``_mel_log.npy`` is (M, T) in ln(power), as the vocoder
    reads it.

    Args:
        video: any video that can be decoded; a sound track is not needed.
        synthesizer: the models.
        out: folder to write to.
        fps: true frame rate, where the file's is known to be wrong.
        on_start: called with the number of frames.
        on_frames: called with the number of frames done since the last call.

    Raises:
        MediaError: when the video cannot be used.
        UserError: when ``out`` cannot be written.
    """
    scan = scan_video(video, fps)
    if scan.damage is not None:
        raise MediaError(f"{video}: {scan.damage}.", "Copy or export the file again.")
    if scan.frozen:
        raise MediaError(f"{video}: the picture never changes.", "Export the recording again.")
    clip = open_clip(scan, synthesizer.features, synthesizer.frames)
    on_start(clip.n_frames)
    mel = synthesizer.predict_mel(clip, on_frames)
    notes = []
    if scan.concealed:
        notes.append(f"{scan.concealed} frame(s) are damaged in part and were filled in by the decoder")
    if scan.blank:
        notes.append(f"{len(scan.blank)} blank frame(s), the first at {float(scan.starts[scan.blank[0]]):.2f} s")
    if scan.over_bright:
        until = float(scan.starts[scan.over_bright] - scan.starts[0])
        notes.append(f"the first {until:.2f} s are over-bright (approach to steady state): mistrust the speech there")
    wav, mel_path, ln_path = (out / f"{video.stem}{end}" for end in ("_generated.wav", "_mel.npy", "_mel_log.npy"))
    with sound_writer(wav, synthesizer.features.sample_rate) as file:
        for piece in synthesizer.generate_wave(mel):
            file.write(piece)
    for path, array in ((mel_path, mel), (ln_path, db_to_ln(mel).T)):
        with replacing(path) as target:
            np.save(target, array)
    seconds = float(len(mel) / synthesizer.features.frame_rate)
    return Synthesis(video.stem, mel, seconds, [wav, mel_path, ln_path], notes)
