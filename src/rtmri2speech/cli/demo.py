"""``rtmri2speech demo``."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Literal

from rtmri2speech.errors import UserError

_SECONDS = 20.0
# Of a speaker, the first five serve to train, validate, train, train and test.
_UTTERANCES = 5
# Only a folder with this file in it is taken for an earlier demo's.
_MARKER = ".rtmri2speech-demo"


def demo(
    *, out: Path = Path("demo_out"), device: Literal["auto", "cpu", "cuda"] = "cpu", seconds: float = _SECONDS
) -> int:
    """The whole path on a short simulated recording: simulate, prepare, train, bundle, synthesize.

    A simulated speaker talks in a simulated scanner; see the command simulate. The training is a few steps of
    the recipe smoke, so that the models stay untrained: this shows that everything runs, not how good it gets.

    Parameters
    ----------
    out
        Folder to write to.
    device
        Where to run; the models are too small for a GPU to matter.
    seconds
        Length of the recordings together, about.
    """
    from rtmri2speech.corpora.phantom import PhantomCorpus
    from rtmri2speech.data.files import write_text
    from rtmri2speech.models.bundle import join, load_bundle, save_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.preparation.prepare import prepare
    from rtmri2speech.preparation.recording import PrepareOptions
    from rtmri2speech.reporting.figures import draw_mel
    from rtmri2speech.simulation.anatomy import draw_speakers
    from rtmri2speech.simulation.phantom import PhantomOptions, simulate
    from rtmri2speech.synthesis.offline import Synthesizer, synthesize
    from rtmri2speech.training.recipes import load_recipe
    from rtmri2speech.training.run import train_acoustic, train_vocoder

    if seconds < 8.0:
        raise UserError(f"--seconds {seconds:g} is too short to split and train on.", "Take 8 or more.")
    began = time.perf_counter()
    folders = {name: out / name for name in ("phantom", "dataset", "models", "speech")}
    marker = out / _MARKER
    if out.exists() and not marker.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: holds other files.", "Choose an empty folder: --out DIR")
    write_text(marker, "A demo wrote this folder; the next one replaces it.\n")
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)

    def step(number: int, text: str) -> None:
        print(f"[{number}/5] {text} ({time.perf_counter() - began:.0f} s)", flush=True)

    step(1, f"Simulating a speaker in a scanner for {seconds:g} s")
    phantom = PhantomOptions(minutes=seconds / 60, utterance_seconds=seconds / _UTTERANCES)
    simulate(folders["phantom"], draw_speakers(1, phantom.seed), phantom)
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
    synthesizer = Synthesizer(load_bundle(model), choose_device(device))
    speech = synthesize(video, synthesizer, folders["speech"])
    picture = folders["speech"] / f"{speech.name}_mel.png"
    draw_mel(picture, speech.mel_db, synthesizer.features, f"{video.name} (untrained model)")
    print(
        f"\nDone in {time.perf_counter() - began:.0f} s. The model is UNTRAINED: the sound is noise, by design.\n"
        f"  video   {video}\n  its own sound   {video.with_suffix('.wav')}\n"
        f"  synthesized     {speech.files[0]}\n  spectrogram     {picture}\n  model file      {model}\n"
        "To train on your own recordings, see README.md."
    )
    return 0
