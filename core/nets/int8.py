"""The encoder in whole numbers of eight bits: on a CPU three times as fast as in float32.

Nothing is measured on music for it, so that the same weights give the same numbers everywhere. How far a channel
reaches is taken from its batch norm, and each channel is scaled to reach as far as the others; ReLU and max pooling let
a positive factor through, so that the next convolution, or what follows the last one, takes it back exactly.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.nets.encoder import Block, Encoder, MultiLevelEncoder, Trunk

ENGINE = "x86"
"""torch's own choice among its integer kernels, by what the processor knows."""
REACH = 8.0
"""Standard deviations of a channel that are told apart; twice as many are not cut off.

The least cosine with float32 vectors, of the default encoder over 240 segments of soundtracks: 0.9929 with 5, 0.9970
with 6, 0.9995 with 8, 0.9992 with 10, 0.9990 with 14.
"""
STEPS = 127
"""Levels up to `REACH`: with seven bits of eight, a pair of products fits what processors without VNNI add up in."""
_LEAST = 1e-2
"""Reach of a channel that says nothing."""
_WEIGHT_STEPS = 127


def knows(device: str) -> bool:
    """Whether a device of this machine computes in eight bits."""
    return device == "cpu" and ENGINE in torch.backends.quantized.supported_engines


def fits(network: nn.Module) -> bool:
    """Whether it is made of encoders whose last block alone counts, with the batch norms they were trained with."""
    parts = list(network.modules())
    encoders = [part for part in parts if isinstance(part, Encoder)]
    norms = [block.norm for encoder in encoders for block in _blocks(encoder.trunk)]
    plain = all(isinstance(norm, nn.BatchNorm2d) for norm in norms)
    return bool(encoders) and plain and not any(isinstance(part, MultiLevelEncoder) for part in parts)


def convert(network: nn.Module) -> None:
    """Let the encoders of a network, on the CPU and in eval mode, compute in eight bits from now on."""
    for part in network.modules():
        if isinstance(part, Encoder):
            part.trunk = cast("Trunk", Int8Trunk(part.trunk))


class Int8Trunk(nn.Module):
    """What a trunk computes, its last block only; the first convolution, of one channel, stays in float32."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        blocks = _blocks(trunk)
        self.pools = [block.pool for block in blocks]
        self._packed: list[object] = []
        reach = torch.ones(1)
        with torch.no_grad():
            for block in blocks:
                weight, bias, reach = _folded(block, reach)
                if block is blocks[0]:
                    self.weight, self.bias, self.stride = weight, bias, block.conv.stride
                else:
                    self._packed.append(_pack(block.conv, weight, bias))
        self.reach = reach[:, None, None]

    def forward(self, log_mel: Tensor) -> list[Tensor]:
        """(batch, 188, 96) -> the output of the last block, (batch, channels, 1, 1)."""
        with torch.autocast("cpu", enabled=False):
            first = functional.conv2d(
                log_mel.float().unsqueeze(1), self.weight, self.bias, self.stride, padding=2
            )
            x = torch.relu(self.pools[0](first))
            x = x.contiguous(memory_format=torch.channels_last)
            x = torch.quantize_per_tensor(x, 1 / STEPS, 0, torch.quint8)
            for packed, pool in zip(self._packed, self.pools[1:], strict=True):
                x = pool(torch.ops.quantized.conv2d_relu(x, packed, 1 / STEPS, 0))
            return [x.dequantize() * self.reach]


def _blocks(trunk: Trunk) -> list[Block]:
    return [cast("Block", block) for block in trunk.blocks]


def _folded(block: Block, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weights and biases with the batch norm in them, of channels that reach to 1; and how far each really does."""
    norm = cast("nn.BatchNorm2d", block.norm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert block.conv.bias is not None
    slope = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    reach = (norm.bias + REACH * norm.weight.abs()).clamp_min(_LEAST)
    weight = block.conv.weight * before[:, None, None] * (slope / reach)[:, None, None, None]
    bias = ((block.conv.bias - norm.running_mean) * slope + norm.bias) / reach
    return weight.contiguous(memory_format=torch.channels_last), bias, reach


def _pack(conv: nn.Conv2d, weight: Tensor, bias: Tensor) -> object:
    """What the integer kernel takes: a scale for each channel that comes out."""
    scale = weight.abs().amax(dim=(1, 2, 3)).clamp_min(torch.finfo(torch.float32).tiny) / _WEIGHT_STEPS
    zero = torch.zeros(len(scale), dtype=torch.long)
    whole = torch.quantize_per_channel(weight, scale, zero, 0, torch.qint8)
    before, torch.backends.quantized.engine = torch.backends.quantized.engine, ENGINE
    try:
        return torch.ops.quantized.conv2d_prepack(
            whole, bias, list(conv.stride), list(conv.padding), [1, 1], 1
        )
    finally:
        torch.backends.quantized.engine = before
