"""What computes the networks on a CPU: PyTorch, OpenVINO, ONNX Runtime, in float32 and bfloat16, side by side.

    python benchmarks/backends.py networks [--threads 2] [--rounds 3]   # each network, ms per frame or second of sound
    python benchmarks/backends.py speech [--video V] [--threads 2]      # video to wav, compared with PyTorch's float32
    python benchmarks/backends.py figures DATASET [--split test]        # by how much the figures of evaluate move

The ways take turns, so that another program's work troubles all of them alike. CPU time is that of all threads: on a
machine with other work it says more than the time on the clock. The networks are those of the shipped models.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

BAR, MOVED_BAR = 0.25, 0.5
WAYS = (
    ("torch", "float32"),
    ("torch", "bfloat16"),
    ("openvino", "float32"),
    ("openvino", "bfloat16"),
    ("onnx", "float32"),
)
Work = Callable[[], Any]


def rounds(works: dict[str, Work], count: int) -> dict[str, tuple[float, float]]:
    """Medians of seconds on the clock and of CPU time of each work, after one round that does not count."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(count + 1):
        for name, work in works.items():
            clock, cpu = time.perf_counter(), time.process_time()
            work()
            taken[name].append((time.perf_counter() - clock, time.process_time() - cpu))
    return {
        name: (statistics.median(one for one, _ in times[1:]), statistics.median(one for _, one in times[1:]))
        for name, times in taken.items()
    }


def table(title: str, times: dict[str, tuple[float, float]], per: float, unit: str, bar: float | None = None) -> None:
    """Print a row for each way; the ratio is to the first one's time."""
    first = next(iter(times.values()))
    print(f"\n{title}\n{'':20} {unit:>16} {'ratio':>6} {'CPU time':>10} {'ratio':>6}")
    for name, (clock, cpu) in times.items():
        wanted = "" if bar is None else f"   (wanted: at most {bar:g})"
        row = f"{name:20} {clock / per:16.3f} {first[0] / clock:6.2f} {cpu / per:10.3f} {first[1] / cpu:6.2f}"
        print(row + wanted)


def ways() -> list[tuple[str, str]]:
    """Those that are installed, and for which the processor has instructions."""
    from rtmri2speech.models.exported.backends import has_bfloat16, installed

    able = installed("openvino") and has_bfloat16()
    found = [way for way in WAYS if way[0] == "torch" or installed(way[0])]  # type: ignore[arg-type]
    return [way for way in found if way[1] == "float32" or able]


def networks(options: argparse.Namespace) -> None:
    from rtmri2speech.assets import find_model
    from rtmri2speech.inference.encoder import encode
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_dtype
    from rtmri2speech.models.exported.backends import choose_backend
    from rtmri2speech.vocal_tract.segmenter import SHIPPED, FrameSegmenter

    generator = torch.Generator().manual_seed(0)
    frames = (torch.rand(options.frames, 256, 256, generator=generator) * 255).to(torch.uint8).numpy()
    mel_db = (torch.randn(round(options.seconds * 27.17), 64, generator=generator) * 13 - 30).numpy()
    encoders: dict[str, Work] = {}
    vocoders: dict[str, Work] = {}
    segmenters: dict[str, Work] = {}
    segmented = load_bundle(find_model(SHIPPED))
    for backend, dtype in ways():
        name = f"{backend} {dtype}"
        model = load_model("phantom", "cpu", dtype, backend=backend)
        vocoders[name] = lambda model=model: model.vocode(mel_db)
        encoders[name] = lambda model=model: encode(model.acoustic, [frames], None, encoder=model.encoder)
        if (backend, dtype) != ("torch", "bfloat16"):
            how = choose_backend(backend, model.device, choose_dtype(dtype))
            segmenter = FrameSegmenter(segmented, "cpu", how)
            segmenters[name] = lambda segmenter=segmenter: list(segmenter.probabilities(frames))
    print(f"{options.threads} threads, median of {options.rounds}")
    table("frame encoder, 256 x 256", rounds(encoders, options.rounds), options.frames / 1e3, "ms per frame")
    table("segmenter, 192 x 192", rounds(segmenters, options.rounds), options.frames / 1e3, "ms per frame")
    table("vocoder", rounds(vocoders, options.rounds), options.seconds / 1e3, "ms per second")


def speech(options: argparse.Namespace) -> None:
    from rtmri2speech.assets import example_video
    from rtmri2speech.inference.model import load_model

    video = options.video or example_video()
    works: dict[str, Work] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, backend, dtype in (
            ("torch float32", "torch", "float32"),
            ("auto", "auto", "float32"),
            ("auto bfloat16", "auto", "bfloat16"),
        ):
            model = load_model("phantom", "cpu", dtype, backend=backend)
            works[name] = lambda model=model: model.synthesize(video).save(scratch)
        made = model.synthesize(video)
        times = rounds(works, options.rounds)
    print(
        f"{made.seconds:.2f} s of video, {options.threads} threads, median of {options.rounds}; "
        f"the last is {made.backend}"
    )
    table("video to wav", times, made.seconds, "x real time", BAR)


def figures(options: argparse.Namespace) -> None:
    from rtmri2speech.assets import find_model
    from rtmri2speech.evaluation.protocol import evaluate
    from rtmri2speech.inference.model import Model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_dtype
    from rtmri2speech.models.exported.backends import choose_backend

    bundle = load_bundle(find_model(options.model))
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for backend in ("torch", options.backend):
            out = Path(scratch) / backend
            precision = choose_dtype(options.dtype if backend != "torch" else "float32")
            model = Model(bundle, wanted=choose_backend(backend, torch.device("cpu"), precision))
            made = evaluate(model, options.dataset, out, split=options.split)
            found[backend] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["all"]
    print(f"{made.backend}, {len(made.utterances)} utterances of {options.dataset}")
    moved = []
    for place in ("model", "ceiling"):
        one, two = (values if place == "model" else values["ceiling"] for values in found.values())
        for name, value in one.items():
            if isinstance(value, float) and value:
                moved.append((100 * abs(two[name] / value - 1), place, name, value, two[name]))
    for share, place, name, before, after in sorted(moved, reverse=True):
        print(f"{place:8} {name:32} {before:12.5g} {after:12.5g} {share:8.3f} %")
    print(f"largest {max(moved)[0]:.3f} %   (wanted: at most {MOVED_BAR:g} %)")


def main() -> None:
    parser = argparse.ArgumentParser(description="what computes the networks on a CPU")
    commands = parser.add_subparsers(required=True)
    for work in (networks, speech, figures):
        command = commands.add_parser(work.__name__)
        command.set_defaults(work=work)
        command.add_argument("--threads", type=int, default=2)
        command.add_argument("--rounds", type=int, default=3)
        command.add_argument("--frames", type=int, default=48)
        command.add_argument("--seconds", type=float, default=5.0)
        command.add_argument("--video", type=Path)
        command.add_argument("--backend", choices=["auto", "openvino", "onnx"], default="auto")
        command.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
        command.add_argument("--model", default="phantom")
        command.add_argument("--split", default="test")
        if work is figures:
            command.add_argument("dataset", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work(options)


if __name__ == "__main__":
    main()
