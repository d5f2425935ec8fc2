"""All per-frame maps of a clip, two bands and two layers, compared with one autograd call per frame and with synthesis.

    python benchmarks/gradcam.py [--seconds 10] [--rounds 3] [--threads 2] [--sample 6]
    python benchmarks/gradcam.py --only-disk
    python benchmarks/gradcam.py --only-default

The networks are the default ones with random weights, which time does not depend on, and the mean over windows as the
way of inference. One autograd call per frame and band, for both layers together, is timed on a few frames spread over
the clip in two forms. The usual one runs the model on the frames of the windows that hold the frame, and goes back. The
cheapest keeps the features of all other frames, so that a call runs the CNN on its one frame alone. Rounds alternate,
so that a machine shared with others slows all ways alike.

What the files of ``analyze gradcam`` take on disk is measured with the phantom model on the demo's clip, played forth
and back until it is long enough: everything in the folder, with its figures, tables and mean frame, once with pixels
and once with cells alone (``--cells``).

Measured 2026-11-29, 10 s (272 frames of 256 x 256), two bands, both methods: 287,648,498 bytes with pixels, 934,656
with cells alone.

The default maps (four: both methods, two bands) of that clip by the phantom model are timed as a notebook makes them,
with the model loaded and used once before, and after them what ``analyze gradcam`` does with them: files and figures.
CPU time of all threads tells more than the clock where other programs use the cores.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch


def one_call_per_frame(
    model: Any, frames: torch.Tensor, targets: Any, chosen: Any, features: torch.Tensor | None = None
) -> Any:
    """Maps of the chosen frames at the strides 32 and 16, by autograd: a list of (bands, layers) lists.

    With the features of all frames the CNN reads one frame per call, otherwise all that its windows hold.
    """
    around = model.config.ref_frames - 1
    from rtmri2speech.analysis.attribution.layer_maps import frozen, layer_strides

    found = []
    seen: dict[int, torch.Tensor] = {}
    names, modules = layer_strides(model), dict(model.cnn.named_modules())

    def keep(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        kept = output if output.requires_grad else output.detach().requires_grad_()
        seen[output.shape[-1]] = kept
        return kept

    handles = [modules[names[stride]].register_forward_hook(keep) for stride in (16, 32)]
    with frozen(model), torch.backends.cudnn.flags(enabled=False):
        for frame in chosen:
            maps = []
            for target in targets:
                seen.clear()
                if features is None:
                    first = max(0, frame - around)
                    at = frame - first
                    value = target(model.predict(model.encode(frames[first : frame + around + 1])))[at]
                else:
                    at, row = 0, model.encode(frames[frame : frame + 1])
                    value = target(model.predict(torch.cat([features[:frame], row, features[frame + 1 :]])))[frame]
                layers = list(seen.values())
                gradients = torch.autograd.grad(value, layers)
                pairs = zip(gradients, layers, strict=True)
                maps.append([(gradient * layer).sum(dim=1)[at].detach() for gradient, layer in pairs])
            found.append(maps)
    for handle in handles:
        handle.remove()
    return found


def long_clip(seconds: float, video: Path) -> None:
    """The demo's clip, played forth and back until it is long enough."""
    from rtmri2speech.assets import asset
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.data.media.video import read_video, write_video

    (source,) = sorted(asset("clip").glob("*/*.mp4"))
    rate, frames = scan_video(source).rate, list(read_video(source))
    order = np.resize(np.r_[: len(frames), len(frames) - 1 : -1 : -1], round(seconds * rate))
    write_video(video, [frames[index] for index in order], Fraction(rate), crf=12)


def bytes_on_disk(seconds: float) -> dict[str, int]:
    """What ``analyze gradcam`` of a clip of some seconds leaves on disk, with pixels and with cells alone."""
    from rtmri2speech.cli.main import main as rtmri2speech

    taken = {}
    with tempfile.TemporaryDirectory() as scratch:
        video = Path(scratch) / "clip.mp4"
        long_clip(seconds, video)
        for name, words in (("pixels", []), ("cells", ["--cells"])):
            out = Path(scratch) / name
            if rtmri2speech(["analyze", "gradcam", str(video), "--model", "phantom", "--out", str(out), *words]):
                raise SystemExit(1)
            taken[name] = sum(path.stat().st_size for path in out.iterdir())
    return taken


def default_maps(seconds: float, rounds: int) -> None:
    """Time the default maps of a clip, and the files and figures of them."""
    from rtmri2speech.analysis.attribution.compute import gradcam
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.reporting.figures.maps import draw_maps

    model = load_model("phantom", "cpu")
    times: dict[str, list[tuple[float, float]]] = {"default maps": [], "files and figures": []}

    def timed(name: str, work: Any) -> Any:
        began, used = time.perf_counter(), time.process_time()
        made = work()
        times[name].append((time.perf_counter() - began, time.process_time() - used))
        return made

    with tempfile.TemporaryDirectory() as scratch:
        video, out = Path(scratch) / "clip.mp4", Path(scratch) / "maps"
        long_clip(1.0, video)
        gradcam(model, video)  # builds the networks
        long_clip(seconds, video)
        for _ in range(rounds):
            maps = timed("default maps", lambda: gradcam(model, video))
            timed("files and figures", lambda maps=maps: (maps.save(out), draw_maps(maps, out)))
    for name, pairs in times.items():
        clock, used = (statistics.median(one) for one in zip(*pairs, strict=True))
        wanted = "   (wanted: at most 8 s for 10 s, on two cores)" if name == "default maps" else ""
        print(
            f"{name:20} {clock:8.1f} s, {used:.1f} s of CPU time, {1e3 * used / maps.n_frames:.1f} ms per frame{wanted}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of exact maps")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sample", type=int, default=6, help="frames that are timed one call at a time")
    parser.add_argument("--only-disk", action="store_true", help="measure bytes alone")
    parser.add_argument("--only-default", action="store_true", help="time the default maps alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if not options.only_disk:
        default_maps(options.seconds, options.rounds)
    if options.only_default:
        return
    taken = bytes_on_disk(options.seconds)
    print(f"on disk              {taken['pixels']:,} bytes with pixels")
    print(f"                     {taken['cells']:,} bytes with --cells   (wanted: at most 1,000,000 for 10 s)")
    if options.only_disk:
        return
    torch.manual_seed(0)

    from rtmri2speech.analysis.attribution.explainer import Explainer
    from rtmri2speech.analysis.attribution.targets import make_target, read_bands
    from rtmri2speech.data.media.clips import open_clip
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.data.media.video import write_video
    from rtmri2speech.inference.model import Model
    from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
    from rtmri2speech.models.bundle.model_file import Bundle, join
    from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
    from rtmri2speech.signal.features import FeatureConfig
    from rtmri2speech.signal.frames import FrameConfig, model_input

    features = FeatureConfig()
    acoustic = Bundle.from_acoustic(
        AcousticModel(AcousticConfig(inference="average"), features.n_mels), features, FrameConfig()
    )
    vocoder = Bundle.from_vocoder(Generator(VocoderConfig(), features.n_mels), features)
    synthesizer = Model(join(acoustic, vocoder))
    explainer = Explainer(Model(acoustic))
    bands = read_bands(["F1:300-900", "F2:900-2500"], features)
    targets = [make_target(band, "log-energy", features) for band in bands]
    count = round(options.seconds * float(features.frame_rate))
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (count, 8, 8), np.uint8).repeat(32, axis=1).repeat(32, axis=2)
    fast, usual, cheapest, speech = [], [], [], []
    references: list[Any] = []
    with tempfile.TemporaryDirectory() as scratch:
        video = Path(scratch) / "clip.mp4"
        write_video(video, list(coarse), features.frame_rate)
        clip = open_clip(scan_video(video), features, FrameConfig())
        frames = model_input(torch.from_numpy(np.concatenate(list(clip.blocks()))))
        chosen = np.linspace(0, len(frames) - 1, options.sample).astype(int)
        for _ in range(options.rounds):
            began = time.perf_counter()
            synthesizer.synthesize(video)
            speech.append(time.perf_counter() - began)
            began = time.perf_counter()
            encoded = explainer.encode(clip, [32, 16])
            gradients = explainer.explain(encoded.features, targets).gradients
            cells = explainer.cells(clip, gradients, [32, 16], encoded.kept)
            fast.append(time.perf_counter() - began)
            for times, kept in ((usual, None), (cheapest, encoded.features)):
                began = time.perf_counter()
                reference = one_call_per_frame(explainer.model, frames, targets, chosen, kept)
                times.append((time.perf_counter() - began) / len(chosen) * len(frames))
                references.append(reference)
    maps = {stride: torch.from_numpy(found) for stride, found in cells.items()}
    apart = max(
        float((maps[stride][band, frame] - reference[index][band][layer]).abs().max() / maps[stride][band].abs().max())
        for reference in references
        for index, frame in enumerate(chosen)
        for band in range(len(bands))
        for layer, stride in enumerate((16, 32))
    )
    cost = statistics.median(a / b for a, b in zip(fast, speech, strict=True))
    print(f"{len(frames)} frames, 2 bands, 2 layers, {options.threads} threads, median of {options.rounds} rounds")
    print(f"all maps             {statistics.median(fast):8.1f} s")
    for name, times in (("its windows' frames", usual), ("one frame, rest kept", cheapest)):
        ratio = statistics.median(a / b for a, b in zip(times, fast, strict=True))
        print(f"one call per frame   {statistics.median(times):8.1f} s, from {len(chosen)} frames: {name}")
        print(f"  ratio              {ratio:8.1f}   (wanted: at least 10)")
    print(f"video to wav         {statistics.median(speech):8.1f} s")
    print(f"maps / video to wav  {cost:8.2f}   (wanted: at most 4)")
    print(f"largest difference   {apart:8.1e} of the largest value")


if __name__ == "__main__":
    main()
