"""The second part of ``rtmri2speech demo --train``: the way from recordings to a model, in a minute."""

from __future__ import annotations

import time
from pathlib import Path

from rtmri2speech.cli.console import Device
from rtmri2speech.errors import UserError

DEFAULT_SECONDS = 20.0
# Of a speaker, the first five serve to train, validate, train, train and test.
_UTTERANCES = 5


def check_length(seconds: float) -> None:
    """Make sure that the recordings are long enough to split.

    Raises:
        UserError: when they are not.
    """
    if seconds < 8.0:
        raise UserError(f"--seconds {seconds:g} is too short to split and train on.", "Take 8 or more.")


def train_in_a_minute(out: Path, device: Device, seconds: float) -> None:
    """Simulate a speaker, prepare, train both models for a few steps, and make speech with them.

    Args:
        out: an empty folder to write to.
        device: where to run; the models are too small for a GPU to matter.
        seconds: length of the recordings together, about.
    """
    from rtmri2speech.corpora.phantom import PhantomCorpus
    from rtmri2speech.drawing.mel import draw_mel
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.models.bundle.model_file import join, load_bundle, save_bundle
    from rtmri2speech.preparation.prepare import prepare
    from rtmri2speech.preparation.recording import PrepareOptions
    from rtmri2speech.simulation.phantom import simulate
    from rtmri2speech.training.recipes import load_recipe
    from rtmri2speech.training.train import train_acoustic, train_vocoder

    began = time.perf_counter()
    folders = {name: out / name for name in ("phantom", "dataset", "models", "speech")}

    def step(number: int, text: str) -> None:
        print(f"[{number}/5] {text} ({time.perf_counter() - began:.0f} s)", flush=True)

    step(1, f"Simulating a speaker in a scanner for {seconds:g} s")
    simulate(folders["phantom"], 1, minutes=seconds / 60, utterance_seconds=seconds / _UTTERANCES)
    corpus = PhantomCorpus(folders["phantom"])
    video = next(recording.video for recording in corpus.recordings() if recording.split == "test")
    step(2, "Preparing the dataset")
    summary = prepare(corpus, folders["dataset"], PrepareOptions(split="corpus"), workers=1)
    print(f"      {len(summary.utterances)} utterances, {sum(row.n_frames for row in summary.utterances)} frames")
    step(3, "Training both models for a few steps (recipe smoke)")
    recipe = load_recipe("smoke")
    models = {kind: folders["models"] / f"{kind}.safetensors" for kind in ("acoustic", "vocoder")}
    for train, path in ((train_acoustic, models["acoustic"]), (train_vocoder, models["vocoder"])):
        result = train(folders["dataset"], recipe, path, path.with_name(f"{path.stem}_run"), device=device)
        print(f"      {path.stem}: {result.steps} steps, validation loss {result.best_loss:.3f}")
    step(4, "Joining them in one file")
    model = folders["models"] / "model.safetensors"
    save_bundle(join(load_bundle(models["acoustic"]), load_bundle(models["vocoder"])), model)
    step(5, "Making speech of the unseen video")
    speech = load_model(model, device).synthesize(video)
    files = speech.save(folders["speech"])
    image = folders["speech"] / f"{speech.name}_mel.png"
    draw_mel(image, speech.mel_db, speech.features, f"{video.name} (untrained model)")
    print(
        f"\nDone in {time.perf_counter() - began:.0f} s. The model is UNTRAINED: the sound is noise, by design.\n"
        f"  video   {video}\n  its own sound   {video.with_suffix('.wav')}\n"
        f"  synthesized     {files[0]}\n  spectrogram     {image}\n  model file      {model}\n"
        "To train on your own recordings, see README.md."
    )
