"""Weights in half precision, and their hash, whatever precision a file has them in."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import torch
from torch import Tensor


def halved(tensor: Tensor) -> Tensor:
    """A weight matrix as float16; vectors, and matrices beyond its range or with a row that would vanish, as is."""
    if not tensor.is_floating_point() or tensor.ndim < 2 or tensor.dtype == torch.float16:
        return tensor
    half = tensor.half()
    vanished = tensor.flatten(1).any(dim=1) & ~half.flatten(1).any(dim=1)
    return half if bool(half.isfinite().all()) and not bool(vanished.any()) else tensor


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of weights in half precision, whatever they are stored in."""
    digest = sha256()
    for name, tensor in sorted(tensors.items()):
        stored = halved(tensor)
        digest.update(f"{name} {stored.dtype} {tuple(stored.shape)}\n".encode())
        digest.update(stored.contiguous().numpy().tobytes())
    return digest.hexdigest()
