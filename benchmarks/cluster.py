"""``prepare`` on two workers of Dask on this machine, compared with two processes of its own.

    python benchmarks/cluster.py [--recordings 40] [--seconds 20] [--rounds 5]

Needs the extra ``cluster``. Both prepare the same recordings, a phantom that is copied, in turn; Dask's workers are
started before, as a cluster's are, and connecting to them counts. Files of both have to have the same bytes.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from prepare import make_recordings

WANTED = 1.1


def files_of(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser(description="two workers of Dask compared with two processes")
    parser.add_argument("--recordings", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    from distributed import LocalCluster

    from rtmri2speech.cluster.connect import use_cluster
    from rtmri2speech.preparation.prepare import prepare

    seconds: dict[str, list[float]] = {"two processes": [], "Dask": []}
    with (
        tempfile.TemporaryDirectory() as scratch,
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        ) as cluster,
    ):
        videos = Path(scratch) / "videos"
        make_recordings(videos, options.recordings, options.seconds)
        out = {name: Path(scratch) / name for name in seconds}
        for number in range(options.rounds):
            names = list(seconds) if number % 2 else list(seconds)[::-1]
            for name in names:
                shutil.rmtree(out[name], ignore_errors=True)
                began = time.perf_counter()
                with use_cluster(cluster.scheduler_address) if name == "Dask" else nullcontext():
                    prepare(videos, out[name], workers=0 if name == "Dask" else 2)
                seconds[name].append(time.perf_counter() - began)
        same = files_of(out["Dask"]) == files_of(out["two processes"])
    for name, values in seconds.items():
        spread = f"{min(values):.2f} to {max(values):.2f}"
        print(f"{name:<14} {statistics.median(values):6.2f} s (median of {len(values)}; {spread})")
    ratio = statistics.median(one / other for one, other in zip(seconds["Dask"], seconds["two processes"], strict=True))
    print(f"{'ratio':<14} {ratio:6.2f}   (wanted: at most {WANTED})")
    print(f"files          {'the same bytes' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
