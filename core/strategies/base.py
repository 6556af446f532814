"""What every strategy offers: a segment's vector and a track's summary of them.

A strategy is one class in a file of this package; it is found by looking (see `available`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from core.audio import SEGMENT
from core.audio.features import LOG_MELS, MFCC, LogMelName, Standardise
from core.nets.encoder import LEVEL_DIM, WIDTHS, BlocksName, Encoder, MultiLevelEncoder

CHUNK = 25
"""Segments in one pass of a calibration; its batch statistics must not depend on the machine."""

Report = Callable[[int, int], None]
"""Told what is done and what there is to do; may raise to stop."""


def unwatched(done: int, total: int) -> None:
    """Nobody wants to know."""


class StrategyConfig(BaseModel):
    """A strategy's choices: titled, bounded, and nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NetworkConfig(StrategyConfig):
    """A convolutional encoder: how large it is, where its weights start, and what it hears."""

    width: float = Field(
        1.0, title="Width", json_schema_extra={"enum": list(WIDTHS)},
        description="Of every layer, beside the paper's; the cost falls with its square.",
    )  # fmt: skip
    seed: int = Field(
        0, ge=0, lt=2**31, title="Seed of the weights", description="Which random weights it begins with."
    )
    log_mel: LogMelName = Field(
        "paper", title="Spectrogram",
        description="paper: as loud as it is. modern: all segments equally loud, quiet bands raised.",
    )  # fmt: skip

    blocks: BlocksName = Field(
        "paper", title="Blocks",
        description="paper: five that pool. lean: the first two stride, with half the channels; a third of the time.",
    )  # fmt: skip

    timbre: bool = Field(
        False, title="Timbre beside it",
        description="A vector also has the MFCC of its sound, which nothing is trained on: instruments are told apart "
        "better.",
    )  # fmt: skip

    @field_validator("width")
    @classmethod
    def _known(cls, width: float) -> float:
        if width not in WIDTHS:
            raise ValueError(f"one of {', '.join(map(str, WIDTHS))} expected")
        return width


class LevelsConfig(NetworkConfig):
    """A convolutional encoder that is listened to after each of its blocks."""

    level_dim: int = Field(
        LEVEL_DIM, ge=8, le=512, title="A level's vector",
        description="Numbers for each of the five levels. Fewer take less memory, and neighbours are found faster.",
    )  # fmt: skip


def network(config: NetworkConfig) -> Encoder | MultiLevelEncoder:
    """The encoder as initialised: of all levels where there is a length for them. Its weights are drawn."""
    if isinstance(config, LevelsConfig):
        return MultiLevelEncoder(config.width, config.blocks, config.level_dim)
    return Encoder(width=config.width, blocks=config.blocks)


class Strategy(nn.Module, ABC):
    """A way to turn 3 s of sound into a vector.

    A subclass sets the class variables, takes a `Config` and implements `forward`.
    """

    name: ClassVar[str]
    """As on the command line, in the library and in cards."""
    title: ClassVar[str]
    """As a person reads it in a list."""
    summary: ClassVar[str]
    """One sentence for somebody who has not read the paper."""
    Config: ClassVar[type[StrategyConfig]] = StrategyConfig
    trainable: ClassVar[bool] = False
    in_order: ClassVar[bool] = False
    """Whether `summarise` hears the segments as what follows one another: it makes less sense of some that do not."""
    calibration_segments: ClassVar[int] = 0
    """How many segments `calibrate` wants to see once, before the first `embed`."""

    dim: int
    """Length of a segment's vector."""
    front_end: str
    """Version of what turns waves into the network's input; vectors of two versions are never compared."""

    def __init__(self, config: StrategyConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def track_dim(self) -> int:
        """Length of what `summarise` returns."""
        return 2 * self.dim

    @property
    def network_dim(self) -> int:
        """How many numbers at the front of a segment's vector depend on how exactly a network computes."""
        return self.dim

    @abstractmethod
    def forward(self, waves: Tensor) -> Tensor:
        """(batch, 48000) at 16 kHz -> (batch, dim)."""

    def embed(self, waves: Tensor) -> Tensor:
        """(batch, 48000) -> (batch, dim) float32, in eval mode, without gradients."""
        if waves.ndim != 2 or waves.shape[1] != SEGMENT:
            raise ValueError(f"segments of {SEGMENT} samples expected, got {tuple(waves.shape)}")
        if not len(waves):
            return waves.new_zeros(0, self.dim)
        with evaluating(self), torch.inference_mode():
            vectors: Tensor = self(waves)
        return vectors.float()

    def summarise(self, vectors: Tensor) -> Tensor:
        """(segments, dim) -> (track_dim,): means, then population standard deviations."""
        std, mean = torch.std_mean(vectors.double(), dim=0, correction=0)
        return torch.cat([mean, std]).float()

    def calibrate(self, waves: Tensor, report: Report = unwatched) -> None:
        """Measure on `calibration_segments` segments (n, 48000) what must be known before embedding."""


class EncoderStrategy(Strategy):
    """A strategy whose vector comes from a convolutional encoder over standardised log-mel.

    With `timbre`, means and population deviations of 20 MFCC over the segment's frames stand behind it.
    """

    def __init__(self, config: NetworkConfig, encoder: nn.Module, dim: int) -> None:
        super().__init__(config)
        self.dim = dim
        self.log_mel = LOG_MELS[config.log_mel]()
        self.front_end = self.log_mel.version
        self.mfcc = MFCC() if config.timbre else None
        if self.mfcc is not None:
            self.dim += 2 * self.mfcc.coefficients
            self.front_end += f"+{self.mfcc.version}"
        self.standardise = Standardise()
        self.encoder = encoder

    @property
    def network_dim(self) -> int:
        """Without the timbre."""
        return self.dim if self.mfcc is None else self.dim - 2 * self.mfcc.coefficients

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, 48000) -> (batch, dim)."""
        if self.mfcc is None:
            vectors: Tensor = self.encoder(self.standardise(self.log_mel(waves)))  # of (batch, 188, 96)
            return vectors
        log_mel, coefficients = self.log_mel.with_mfcc(waves, self.mfcc)
        std, mean = torch.std_mean(coefficients, dim=1, correction=0)
        return torch.cat([self.encoder(self.standardise(log_mel)).float(), mean, std], dim=1)

    def measure_standardisation(self, waves: Tensor) -> None:
        """Set the log-mel's scalar mean and deviation to those of `waves` (n, 48000)."""
        total = squares = count = 0.0
        for chunk in self._chunks(waves):
            values = (
                self.log_mel(chunk).cpu().double()
            )  # not every device has it; in float64 E[x^2] - E[x]^2 loses nothing that matters
            total, squares = total + values.sum().item(), squares + values.square().sum().item()
            count += values.numel()
        mean = total / count
        self.standardise.set(mean, max(squares / count - mean**2, 0.0) ** 0.5)

    def calibrate_batch_norm(self, waves: Tensor, report: Report = unwatched) -> None:
        """Set the running statistics to the plain averages over all chunks of `waves` (n, 48000)."""
        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch's word for a cumulative average
        self.train()
        chunks = self._chunks(waves)
        for done, chunk in enumerate(chunks, start=1):
            with torch.no_grad():
                self(chunk)
            report(done, len(chunks))
        self.eval()
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum

    def _chunks(self, waves: Tensor) -> list[Tensor]:
        """`waves` shuffled (a chunk must not be one album) and cut evenly, on the weights' device."""
        order = torch.randperm(len(waves), generator=torch.Generator().manual_seed(0))
        count = -(-len(waves) // CHUNK)
        device = self.standardise.mean.device
        return [waves[rows].to(device) for rows in order.tensor_split(count)]


@contextmanager
def drawn(seed: int) -> Iterator[None]:
    """Weights that are initialised meanwhile depend on `seed` alone, and leave torch's generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Eval mode for a while."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)
