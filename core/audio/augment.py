"""Augmentations of waves, on the waves' device, for a whole batch: pitch, stretch, filter, room, noise, polarity.

Only the items for which an effect is drawn are computed. See `core.audio.augment_draws` for what chance depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.audio import SEGMENT
from core.audio.augment_config import AugmentConfig
from core.audio.augment_draws import Draws, on_device
from core.audio.augment_room import ROOMS, Rooms
from core.audio.augment_vocoder import Retime
from core.audio.features import CPU_CHUNK

COLUMNS = (
    "pitch", "semitones", "stretch", "speed", "filter", "high_pass", "corner", "reverb", "room", "wet",
    "noise", "snr", "offset", "polarity",
)  # fmt: skip
"""New ones go to the end: a run keeps its draws."""
GPU_CHUNK = 512
"""Views at a time on a GPU: 3 GB of spectra."""
NOISE = 2**20
"""Samples of the noise that all items take theirs from, each from a place of its own."""
NOISE_SEED = 0x6E6F697365

Response = Callable[[Tensor], Tensor]
"""Of some items (m,) what their spectra are multiplied with, (m, bins)."""


class WaveAugment(nn.Module):
    """What happens to a view before the front-end.

    Parameters
    ----------
    config
        Probabilities and ranges.
    """

    noise: Tensor

    def __init__(self, config: AugmentConfig) -> None:
        super().__init__()
        self.config = config
        self.retime = Retime(config.pitch.semitones if config.pitch.p else ())
        self.rooms = Rooms(config.reverb.decay_low, config.reverb.decay_high)
        noise = np.random.Generator(np.random.Philox(NOISE_SEED)).standard_normal(NOISE, np.float32)
        self.register_buffer("noise", torch.from_numpy(noise), persistent=False)

    @torch.no_grad()
    def forward(
        self,
        waves: Tensor,
        seed: int,
        step: int,
        rows: NDArray[np.integer[Any]],
        side: int,
        *,
        to_end: bool = False,
    ) -> Tensor:
        """Augment a batch of views.

        Parameters
        ----------
        waves
            float32 (n, at least config.crop(side, k)), heard as k segments, as many as there are; left as they are.
        seed, step, rows, side
            What the items' draws depend on; `rows` is (n,).
        to_end
            What was cut is heard up to its end, else from its beginning: a stretch hears less of it or more.

        Returns
        -------
        float32 (n, k 48000). May exceed 1 where noise or a room adds to a loud sound: nothing is clipped.

        Raises
        ------
        ValueError
            The views are too short for one segment.
        """
        segments = waves.shape[1] // self.config.crop(side)
        if not segments:
            raise ValueError(
                f"views of {self.config.crop(side)} samples a segment expected, got {waves.shape[1]}"
            )
        samples = segments * SEGMENT
        if side not in self.config.sides:
            return waves[:, :samples]  # cut no longer than it is heard
        draws = Draws(COLUMNS, seed, step, rows, side)
        with torch.autocast(waves.device.type, enabled=False):
            heard = self._retimed(waves, draws, samples, to_end)
            self._resound(heard, draws)
            self._add_noise(heard, draws)
            self._invert(heard, draws)
        return heard

    def _retimed(self, waves: Tensor, draws: Draws, samples: int, to_end: bool) -> Tensor:
        """The first (or last) `samples` of each wave after pitch shift and stretch, in memory of its own."""
        pitch, stretch = self.config.pitch, self.config.stretch
        shifted, stretched = draws.on("pitch", pitch.p), draws.on("stretch", stretch.p)
        choice = np.array(pitch.semitones)[draws.below("semitones", len(pitch.semitones))]
        intervals = np.where(shifted, choice, 0)
        semitones = on_device(intervals, waves.device)
        speed = draws.between("speed", stretch.low, stretch.high)
        speeds = on_device(np.where(stretched, speed, 1.0), waves.device)
        begins = (
            (waves.shape[1] - samples * speeds).long().clamp_(min=0)
            if to_end
            else torch.zeros_like(semitones)
        )
        heard = (waves[:, -samples:] if to_end else waves[:, :samples]).clone()
        for some in _chunks(shifted | stretched, waves.device, intervals):
            heard[some] = self.retime(waves[some], semitones[some], speeds[some], samples, begins[some])
        return heard

    def _resound(self, heard: Tensor, draws: Draws) -> None:
        """Filter and reverberation; an item that gets both pays for one multiplication of its spectrum."""
        filtered = draws.on("filter", self.config.filter.p)
        reverberated = draws.on("reverb", self.config.reverb.p)
        filters, rooms = self._filters(draws, heard.device), self._rooms(draws, heard.device)
        for chosen, parts in (
            (filtered & ~reverberated, (filters,)),
            (reverberated & ~filtered, (rooms,)),
            (filtered & reverberated, (filters, rooms)),
        ):
            for some in _chunks(chosen, heard.device):
                heard[some] = self.rooms(heard[some], reduce(torch.mul, (part(some) for part in parts)))

    def _filters(self, draws: Draws, device: torch.device) -> Response:
        config = self.config.filter
        low_pass = draws.octaves("corner", config.low_pass_low, config.low_pass_high)
        high_pass = draws.octaves("corner", config.high_pass_low, config.high_pass_high)
        high = draws.on("high_pass", 0.5)
        corners, kinds = on_device(np.where(high, high_pass, low_pass), device), on_device(high, device)
        return lambda some: self.rooms.filters(corners[some], kinds[some])

    def _rooms(self, draws: Draws, device: torch.device) -> Response:
        wet = on_device(draws.between("wet", self.config.reverb.wet_low, self.config.reverb.wet_high), device)
        rooms = on_device(draws.below("room", ROOMS), device)
        return lambda some: self.rooms.reverberation(rooms[some], wet[some])

    def _add_noise(self, heard: Tensor, draws: Draws) -> None:
        """White noise, `snr` below the power of what is heard; silence stays silent."""
        config, samples = self.config.noise, heard.shape[1]
        snr = draws.between("snr", config.snr_low, config.snr_high)
        gains = on_device(10 ** (-snr / 20), heard.device)
        offsets = on_device(draws.below("offset", NOISE - samples), heard.device)
        for some in _chunks(draws.on("noise", config.p), heard.device):
            noise = self.noise.unfold(0, samples, 1)[offsets[some]]
            sound = heard[some]
            noise *= (gains[some] * _rms(sound) / _rms(noise))[:, None]
            heard[some] = sound.add_(noise)

    def _invert(self, heard: Tensor, draws: Draws) -> None:
        """The other polarity."""
        for some in _chunks(draws.on("polarity", self.config.polarity.p), heard.device):
            heard[some] = -heard[some]


def _rms(waves: Tensor) -> Tensor:
    """(n, samples) -> (n,)."""
    return waves.square().mean(1).sqrt()


def _chunks(
    chosen: NDArray[np.bool_], device: torch.device, alike: NDArray[np.int64] | None = None
) -> Iterator[Tensor]:
    """The numbers of the `chosen` items, some at a time (on a CPU: as its cache holds), those `alike` together."""
    found = chosen.nonzero()[0]
    rows = on_device(found if alike is None else found[alike[found].argsort(kind="stable")], device)
    if len(rows):
        yield from torch.split(rows, CPU_CHUNK if device.type == "cpu" else GPU_CHUNK)
