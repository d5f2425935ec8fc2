"""Recordings of every kind that FFmpeg writes: sound and frames come out together, or it is said that they may not.

The normal suite tries a few; ``make fuzz`` tries 2,000 (``RTMRI_FUZZ=2000``).
A seed that failed alone: ``RTMRI_FUZZ=713:714``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fuzz.judging import Tally, judge
from fuzz.plans import plan_of

FIRST, _, LAST = os.environ.get("RTMRI_FUZZ", "40").rpartition(":")
SEEDS = range(int(FIRST or 0), int(LAST))


@pytest.mark.timeout(300 if len(SEEDS) < 100 else 0)
def test_sound_and_frames_of_any_recording_stay_together(tmp_path: Path) -> None:
    tally = Tally()
    for seed in SEEDS:
        plan = plan_of(seed)
        outcome = judge(plan, tmp_path / str(seed))
        tally.add(plan, outcome)
        if outcome.verdict not in ("right", "said"):
            print(seed, plan, outcome, flush=True)
        shutil.rmtree(tmp_path / str(seed))
        if tally.counts.total() % 100 == 0:
            print(str(tally).splitlines()[-1], flush=True)
    print(tally)
    assert not tally.wrong
