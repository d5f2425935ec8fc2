"""Recordings cut as people cut them: packets copied, nothing encoded again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av


def cut_without_encoding(source: Path, target: Path, at: Fraction, lead: Fraction = Fraction(1, 2)) -> None:
    """As ``ffmpeg -ss AT -c copy`` cuts: from the key frame before, with an edit list that starts at AT.

    The sound's packets are kept from ``lead`` seconds before AT on.
    """
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        packets = [packet for packet in old.demux() if packet.dts is not None]
        keys = [p.dts for p in packets if p.stream.type == "video" and p.is_keyframe and p.pts * p.time_base <= at]
        for packet in packets:
            video = packet.stream.type == "video"
            if packet.dts < max(keys) if video else packet.pts * packet.time_base < at - lead:
                continue
            shift = round(at / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = copies[packet.stream.index]
            new.mux(packet)
