"""The generator arranged for a CPU: channels last, and every layer in pieces that fit into the cache.

It is 1.6 times as fast as the released code's ``nn.Conv1d`` layers and 1.1 times as fast as the plain form (a
:class:`Generator`, whose layers are two-dimensional convolutions): 0.98 s against 1.61 and 1.10 s for 10 s of speech in
float32 on 2 cores with AVX-512, PyTorch 2.15, measured with ``benchmarks/vocoder.py generate``.
``load_model(..., generator="plain")`` goes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from threading import Lock
from typing import Final, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rtmri2speech.errors import UserError
from rtmri2speech.models.threads import single_core_threads
from rtmri2speech.models.vocoder.generator import LAST_SLOPE, SLOPE, Generator, ResBlock, Vocoder
from rtmri2speech.models.vocoder.source import as_samples
from rtmri2speech.models.vocoder.winograd import row_conv

# Numbers in a piece of a layer, and what its length is a multiple of.
_PIECE: Final = 180_000
_ROWS: Final = 12


GeneratorForm = Literal["fast", "plain"]
"""How the generator is computed: rearranged for the CPU where it runs on one, or as it was trained."""


def for_inference(generator: Generator, form: GeneratorForm = "fast") -> Vocoder:
    """The generator in the form that synthesis uses.

    Args:
        generator: as trained.
        form: ``fast`` for a :class:`CpuGenerator` where the weights are on a CPU in float32 or float64, and for
            ``generator`` itself elsewhere; ``plain`` for ``generator`` itself everywhere.

    Raises:
        UserError: for another form.
    """
    if form not in get_args(GeneratorForm):
        raise UserError(f"`generator={form}`: unknown form.", "Choose fast or plain.")
    if form == "plain":
        return generator
    weight = generator.conv_pre.weight
    wide = weight.dtype in (torch.float32, torch.float64)
    return CpuGenerator(generator) if weight.device.type == "cpu" and wide else generator


class CpuGenerator(Vocoder):
    """A generator's weights, arranged for inference on a CPU.

    Activations are rows (N, channels). A layer is computed in pieces of rows, each by one thread, and so are the
    rectifiers and sums around its convolutions, while the piece is in the cache. The mean of the parallel blocks is
    left a sum; its factor is in the weights of the layer that follows, since rectifiers let it through.

    Args:
        generator: with plain weights or weight norm, float32 or float64.
    """

    @torch.no_grad()
    def __init__(self, generator: Generator) -> None:
        super().__init__(generator.config, generator.n_mels)
        parallel = len(self.config.resblock_kernels)
        blocks = iter(generator.resblocks)
        self._first = _Layer.of(generator.conv_pre)
        self._stages = []
        for stage, up in enumerate(generator.ups):
            layer = _up_layer(up, 1 / parallel if stage else 1.0)
            self._stages.append((layer, [_pairs(next(blocks)) for _ in range(parallel)]))
        self._last = _Layer.of(generator.conv_post, 1 / parallel)
        self.source = generator.source
        self._entries = generator.entries

    @torch.inference_mode()
    def filtered(self, ln_mel: Tensor, excitation: Tensor | None) -> Tensor:
        """The waveform (B, T * hop) of a mel (B, M, T) and an excitation (B, hop, T), if any; without gradients."""
        with single_core_threads(torch.get_num_threads()) as pool:
            sources = [None] * len(ln_mel) if excitation is None else as_samples(excitation)[:, None]
            return torch.stack([self._wave(mel, own, pool) for mel, own in zip(ln_mel, sources, strict=True)])

    def _wave(self, mel: Tensor, samples: Tensor | None, pool: Executor) -> Tensor:
        x = self._first.whole(pool, mel.T.contiguous(), 1.0)
        for stage, ((up, blocks), rate, kernel) in enumerate(
            zip(self._stages, self.config.upsample_rates, self.config.upsample_kernels, strict=True)
        ):
            rows, padding = len(x) * rate, (kernel - rate) // 2
            upsampled = up.whole(pool, x, SLOPE, len(x) + up.before).view(-1, up.channels // rate)
            upsampled = upsampled[padding : padding + rows]
            if samples is not None:
                upsampled += self._entries[stage](samples)[0].T
            x = torch.empty_like(upsampled)
            for number, pairs in enumerate(blocks):
                _run_block(pool, pairs, upsampled, x, add=number > 0)
        return torch.tanh_(self._last.whole(pool, x, LAST_SLOPE)[:, 0])


class _Layer:
    """A convolution with zeros around its input.

    Args:
        weight: shape (channels out, channels in, kernel).
        bias: shape (channels out,).
        dilation: rows between taps.
        before: input rows before the output row.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dilation: int, before: int) -> None:
        self.conv = row_conv(weight, bias, dilation)
        self.channels = len(bias)
        self.before = before

    @classmethod
    def of(cls, conv: nn.Module, scale: float = 1.0) -> _Layer:
        """A layer with as many output rows as input rows."""
        assert isinstance(conv, nn.Conv1d) and conv.bias is not None
        before = conv.kernel_size[0] // 2 * conv.dilation[0]
        return cls(conv.weight.detach() * scale, conv.bias.detach().clone(), conv.dilation[0], before)

    def rows(self, x: Tensor, start: int, stop: int, slope: float) -> Tensor:
        """Rows ``start`` to ``stop`` of what is made from the rectified ``x`` (N, channels in)."""
        first = start - self.before
        read = _cut(x, first, first + self.conv.span(stop - start))
        return self.conv(F.leaky_relu(read, slope), stop - start)

    def whole(self, pool: Executor, x: Tensor, slope: float, rows: int | None = None) -> Tensor:
        """All rows, by default as many as ``x`` has."""
        out = x.new_empty(len(x) if rows is None else rows, self.channels)

        def piece(start: int, stop: int) -> None:
            out[start:stop] = self.rows(x, start, stop, slope)

        _by_pieces(pool, out, piece)
        return out


class _Pair(NamedTuple):
    """The two convolutions of a residual block that belong together."""

    dilated: _Layer
    plain: _Layer

    def rows(self, x: Tensor, start: int, stop: int) -> Tensor:
        """Rows ``start`` to ``stop`` of what both make of ``x`` (N, channels)."""
        first = start - self.plain.before
        last = first + self.plain.conv.span(stop - start)
        # Around the signal the second convolution reads zeros, not what the first makes of zeros.
        inside = max(first, 0)
        hidden = self.dilated.rows(x, inside, min(last, len(x)), SLOPE)
        read = _cut(F.leaky_relu_(hidden, SLOPE), first - inside, last - inside)
        return self.plain.conv(read, stop - start)


def _pairs(block: nn.Module) -> list[_Pair]:
    assert isinstance(block, ResBlock)
    return [_Pair(_Layer.of(one), _Layer.of(two)) for one, two in zip(block.convs1, block.convs2, strict=True)]


def _run_block(pool: Executor, pairs: Sequence[_Pair], x: Tensor, total: Tensor, add: bool) -> None:
    """Write what a residual block makes of ``x`` (N, channels) to ``total``, or add it."""
    for pair in pairs:
        last = pair is pairs[-1]
        out = total if last else torch.empty_like(x)

        def piece(start: int, stop: int, pair: _Pair = pair, x: Tensor = x, out: Tensor = out) -> None:
            rows = pair.rows(x, start, stop)
            if out is total and add:
                out[start:stop] += rows.add_(x[start:stop])
            else:
                torch.add(rows, x[start:stop], out=out[start:stop])

        _by_pieces(pool, out, piece)
        x = out


def _up_layer(up: nn.Module, scale: float) -> _Layer:
    """A transposed convolution as a plain one, whose channels out are the rate's rows one after the other.

    Row a of the plain one holds rows a * rate ... a * rate + rate - 1 of the other before its padding is cut off, and
    row a * rate + q reads row a - t through tap t * rate + q.
    """
    assert isinstance(up, nn.ConvTranspose1d) and up.bias is not None
    rate, kernel = up.stride[0], up.kernel_size[0]
    taps = -(-kernel // rate)
    weight = F.pad(up.weight.detach() * scale, (0, taps * rate - kernel)).view(*up.weight.shape[:2], taps, rate)
    weight = weight.permute(3, 1, 0, 2).flip(-1).flatten(0, 1)  # rate * channels out, channels in, taps
    return _Layer(weight, up.bias.detach().repeat(rate), 1, taps - 1)


def _cut(x: Tensor, start: int, stop: int) -> Tensor:
    """Rows ``start`` to ``stop`` of ``x`` (N, channels), zeros where it has none."""
    before, after = max(-start, 0), max(stop - len(x), 0)
    inside = x[max(start, 0) : stop]
    return F.pad(inside, (0, 0, before, after)) if before or after else inside


def _by_pieces(pool: Executor, out: Tensor, piece: Callable[[int, int], None]) -> None:
    """Call ``piece`` with start and stop for all rows of ``out``, side by side."""
    threads, rows = torch.get_num_threads(), len(out)
    rounds = -(-out.numel() // (_PIECE * threads))
    length = -(-rows // (rounds * threads * _ROWS)) * _ROWS
    starts, turn = iter(range(0, rows, length)), Lock()

    def work(_: int) -> None:
        with torch.inference_mode():
            while True:
                with turn:
                    start = next(starts, None)
                if start is None:
                    return
                piece(start, min(start + length, rows))

    # One task per thread, not per piece: handing over takes time.
    for _ in pool.map(work, range(threads)):
        pass
