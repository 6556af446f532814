"""Decoded frames of any rate, format and layout in, mono samples at 16 kHz out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext

from core.audio import SAMPLE_RATE
from core.audio.records import Samples, UnusableError

_PULL_EVERY = 16
"""Frames between two looks at the graph's end; each look costs an exception when there is nothing yet."""
_PULL_SAMPLES = 1 << 17
"""Samples of all channels in the queue at which the graph is emptied in any case."""
_LOWEST_RATE = 1000
"""In Hz; below, a few bytes would make hours."""
_MOST_CHANNELS = 64
"""FFmpeg's `pan` takes no more."""


def _graph(frame: AudioFrame, chunk: int) -> tuple[FilterContext, FilterContext, Graph]:
    """A filter graph from frames like this one to mono, its entry and its exit.

    The mix-down is the mean of all channels, done by `pan`: the resampler's own matrix weighs channels
    by their place in the room, and does not normalise floating-point samples. It comes before the
    resampling, so that one channel is resampled and not all.
    """
    channels = frame.layout.nb_channels
    if channels > _MOST_CHANNELS:
        raise UnusableError("unreadable", f"It has {channels} channels; {_MOST_CHANNELS} can be mixed.")
    if frame.sample_rate < _LOWEST_RATE:
        raise UnusableError("unreadable", f"Its sample rate of {frame.sample_rate} Hz is not one of sound.")
    graph = Graph()
    chain = [
        graph.add(
            "abuffer",
            sample_rate=str(frame.sample_rate),
            sample_fmt=frame.format.name,
            channel_layout=frame.layout.name,
            time_base=f"1/{frame.sample_rate}",
        )
    ]
    if channels > 1:
        weights = "+".join(f"{1 / channels:.9f}*c{channel}" for channel in range(channels))
        chain.append(graph.add("aformat", sample_fmts="fltp"))  # else integers would be rounded by the mix
        chain.append(graph.add("pan", f"mono|c0={weights}"))
    chain.append(graph.add("aresample", str(SAMPLE_RATE)))
    chain.append(
        graph.add("aformat", sample_fmts="flt", channel_layouts="mono", sample_rates=str(SAMPLE_RATE))
    )
    chain.append(graph.add("asetnsamples", n=str(chunk), p="0"))
    chain.append(graph.add("abuffersink"))
    graph.link_nodes(*chain).configure()
    return chain[0], chain[-1], graph


class Mono:
    """Mixes and resamples a sequence of frames; rate, format and layout may change on the way.

    The filter graph collects frames, so that Python sees an array of `chunk` samples (3 s, say) and
    not one for every frame of some 20 ms.
    """

    def __init__(self, chunk: int) -> None:
        self._chunk = chunk
        self._entry: FilterContext | None = None
        self._exit: FilterContext | None = None
        self._graph: Graph | None = None  # the contexts refer to it weakly
        self._most_samples = 0
        self._frames = 0
        self._samples = 0

    def feed(self, frame: AudioFrame) -> Sequence[Samples]:
        """Take one frame; give what has become ready, `(n,)` each."""
        ready: Sequence[Samples] = ()
        entry = self._entry or self._begin(frame)
        try:
            entry.push(frame)
        except av.error.ArgumentError:  # this is how the graph refuses another rate, format or layout
            ready = self.flush()
            self._begin(frame).push(frame)
        self._frames += 1
        self._samples += frame.samples
        if self._frames >= _PULL_EVERY or self._samples >= self._most_samples:
            ready = [*ready, *self._pull()]
        return ready

    def flush(self) -> Sequence[Samples]:
        """Give what is left; the next frame begins anew."""
        if self._entry is None:
            return ()
        self._entry.push(None)
        left = self._pull()
        self._entry = self._exit = self._graph = None
        return left

    def _begin(self, frame: AudioFrame) -> FilterContext:
        self._entry, self._exit, self._graph = _graph(frame, self._chunk)
        chunk = self._chunk * frame.sample_rate // SAMPLE_RATE
        self._most_samples = min(chunk, _PULL_SAMPLES // frame.layout.nb_channels)
        return self._entry

    def _pull(self) -> list[Samples]:
        self._frames = self._samples = 0
        ready: list[Samples] = []
        if self._exit is None:
            return ready
        while True:
            try:
                frame = self._exit.pull()
            except (av.error.BlockingIOError, av.error.EOFError):  # no more yet, no more at all
                return ready
            ready.append(cast("AudioFrame", frame).to_ndarray()[0])
