"""The network against the numbers of the design and against a slow reading of its description."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from core.nets.encoder import (
    BLOCKS,
    LEVELS,
    WIDTHS,
    Block,
    BlocksName,
    Encoder,
    MultiLevelEncoder,
    Trunk,
    initialise,
)


def parameters(*modules: nn.Module) -> int:
    return sum(weight.numel() for module in modules for weight in module.parameters())


def test_parameters_single_level() -> None:
    assert parameters(Encoder(128)) == 12_361_856


def test_parameters_multi_level() -> None:
    assert parameters(MultiLevelEncoder()) == 14_525_056


def test_parameters_melcpc() -> None:
    """The encoder of 256, the context GRU and four predictors add up to the design's count."""
    predictors = [nn.Linear(256, 256) for _ in range(4)]
    assert parameters(Encoder(256), nn.GRU(256, 256), *predictors) == 13_085_440


@pytest.mark.parametrize("width", WIDTHS)
def test_the_shape_of_every_level(width: float) -> None:
    levels = Trunk(width)(torch.randn(2, 188, 96))
    time_and_mel = [(94, 48), (47, 24), (23, 12), (5, 3), (1, 1)]
    channels = [int(width * n) for n in (128, 256, 256, 512, 512)]
    assert [tuple(level.shape) for level in levels] == [
        (2, n, *rest) for n, rest in zip(channels, time_and_mel, strict=True)
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("network", "dim"), [(Encoder, 128), (MultiLevelEncoder, 640)])
def test_the_vector_keeps_its_length_at_every_width(
    network: type[Encoder] | type[MultiLevelEncoder], dim: int, width: float
) -> None:
    encoder = network(width=width)
    assert encoder(torch.randn(2, 188, 96)).shape == (2, dim)
    assert encoder.dim == dim


def test_cost_of_a_segment() -> None:
    """6.6 GMAC, and a quarter of the width is near a sixteenth of that."""

    def macs(width: float) -> int:
        trunk = Trunk(width)
        counts = []
        for block in trunk.blocks:
            weights = block.conv.weight.numel()
            block.conv.register_forward_hook(
                lambda _, __, out, n=weights: counts.append(out[0, 0].numel() * n)
            )
        with torch.inference_mode():
            trunk(torch.zeros(1, 188, 96))
        return sum(counts)

    assert macs(1.0) == pytest.approx(6.6e9, rel=0.02)
    assert macs(0.25) == pytest.approx(macs(1.0) / 16, rel=0.05)


def test_a_block_is_what_it_says() -> None:
    """Convolution, batch norm, ReLU, pool, in that order, with negative batch-norm scales too."""
    block = Block(3, 8, (2, 3))
    norm = block.norm
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    x = torch.randn(4, 3, 10, 9)
    convolved = functional.conv2d(x, block.conv.weight, block.conv.bias, padding=2)
    mean, variance = (
        convolved.mean((0, 2, 3), keepdim=True),
        convolved.var((0, 2, 3), correction=0, keepdim=True),
    )
    scaled = (convolved - mean) / (variance + 1e-5).sqrt()
    scaled = scaled * norm.weight[:, None, None] + norm.bias[:, None, None]
    expected = functional.max_pool2d(functional.relu(scaled), (2, 3))
    assert torch.allclose(block.train()(x), expected, atol=1e-4)


def test_levels_are_maxima_over_time_in_order() -> None:
    """A level's part of the vector comes from its own block alone."""
    encoder = MultiLevelEncoder(width=0.125).eval()
    log_mel = torch.rand(1, 188, 96)
    vector = encoder(log_mel)[0]
    for index, level in enumerate(encoder.trunk(log_mel)):
        peaks = torch.stack([level[0, :, :, mel].max(dim=1).values for mel in range(level.shape[3])], dim=1)
        head = encoder.heads[index]
        assert torch.allclose(vector[128 * index : 128 * (index + 1)], head(peaks.reshape(-1)), atol=1e-4)


@pytest.mark.parametrize("network", [Encoder, MultiLevelEncoder])
def test_channels_last_holds_forward_and_backward(network: type[Encoder] | type[MultiLevelEncoder]) -> None:
    """No kernel of a training step has to turn a tensor around: that would cost a quarter of it."""
    encoder = network(width=0.125)
    encoder.to(memory_format=torch.channels_last)
    seen: list[bool] = []

    def look(tensor: torch.Tensor) -> None:
        seen.append(tensor.is_contiguous(memory_format=torch.channels_last))

    def watch(_: nn.Module, __: object, out: torch.Tensor) -> None:
        look(out)
        out.register_hook(look)

    for block in encoder.trunk.blocks:
        for part in block.children():
            part.register_forward_hook(watch)
    with torch.autocast("cpu", torch.bfloat16):
        encoder(torch.rand(2, 188, 96)).float().square().sum().backward()
    assert len(seen) == 2 * 5 * 3
    assert all(seen)


def test_initial_weights() -> None:
    """Uniform within Kaiming's bound for convolutions and Xavier's for linear layers; zero biases."""
    torch.manual_seed(0)
    encoder = Encoder(width=0.25)
    for block, source in zip(encoder.trunk.blocks, [1, *encoder.trunk.channels], strict=False):
        assert isinstance(block, Block)
        bound = (6 / (25 * source)) ** 0.5
        assert 0.95 * bound < block.conv.weight.abs().max() <= bound
        assert block.conv.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
        assert block.conv.bias is not None
        assert not block.conv.bias.any()
    bound = (6 / (encoder.head.in_features + encoder.head.out_features)) ** 0.5
    assert 0.95 * bound < encoder.head.weight.abs().max() <= bound
    assert not encoder.head.bias.any()


def test_initialise_takes_layers_without_bias() -> None:
    layer = nn.Linear(3, 4, bias=False)
    initialise(layer)
    assert layer.weight.isfinite().all()


@pytest.mark.parametrize("blocks", BLOCKS)
def test_blocks_use_up_the_segment(blocks: BlocksName) -> None:
    time, mel = 188, 96
    for shape in BLOCKS[blocks]:
        time, mel = time // shape.stride // shape.pool[0], mel // shape.stride // shape.pool[1]
        assert mel == shape.mels
    assert (time, mel) == (1, 1)
    assert len(BLOCKS[blocks]) == LEVELS


@pytest.mark.parametrize("width", WIDTHS)
def test_lean_blocks_have_the_shapes_they_say(width: float) -> None:
    levels = Trunk(width, "lean")(torch.randn(2, 188, 96))
    mels = [level.shape[3] for level in levels]
    assert mels == [shape.mels for shape in BLOCKS["lean"]]
    assert [level.shape[1] for level in levels] == [int(shape.channels * width) for shape in BLOCKS["lean"]]
    assert levels[-1].shape[2:] == (1, 1)


def test_lean_blocks_take_a_third_of_the_products() -> None:
    def products(blocks: BlocksName) -> int:
        total, time, mel, source = 0, 188, 96, 1
        for shape in BLOCKS[blocks]:
            time, mel = time // shape.stride, mel // shape.stride
            total += 25 * source * shape.channels * time * mel
            time, mel, source = time // shape.pool[0], mel // shape.pool[1], shape.channels
        return total

    assert products("paper") == pytest.approx(6.6e9, rel=0.02)
    assert products("lean") == pytest.approx(2.16e9, rel=0.02)
