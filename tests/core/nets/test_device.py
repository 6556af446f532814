"""Plans that are measured, and an embedder that survives too little memory."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core import strategies
from core.audio import SEGMENT
from core.errors import UserError
from core.nets import device, int8
from core.nets.device import (
    Embedder,
    ExecutionPlan,
    Precision,
    agreement,
    beside_decoding,
    choose,
    present,
)
from core.strategies import Strategy
from core.strategies.base import StrategyConfig

PLAIN = ExecutionPlan("cpu", "float32", channels_last=False, batch=8)
BF16 = ExecutionPlan("cpu", "bfloat16", channels_last=True, batch=8)


class Loudness(Strategy):
    """Runs out of memory above `room` segments, as `error` says it."""

    name = "loudness"
    front_end = "wave-1"

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__(StrategyConfig())
        self.dim = 1
        self.room = room
        self.error = error

    def forward(self, waves: Tensor) -> Tensor:
        if len(waves) > self.room:
            raise self.error
        return waves.square().mean(1, keepdim=True)


OUT_OF_MEMORY = [
    torch.cuda.OutOfMemoryError("CUDA out of memory."),
    MemoryError(),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
        "to allocate 1125899906842624 bytes. Error code 12 (Cannot allocate memory)"
    ),
    RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)."),
]


def waves(segments: int) -> device.Floats:
    rng = np.random.default_rng(1)
    return (rng.normal(0, 0.1, (segments, SEGMENT)) * np.linspace(0.1, 1, segments)[:, None]).astype(
        np.float32
    )


def random(width: float = 0.125) -> Strategy:
    built = strategies.build("random", {"width": width})
    built.calibrate(torch.from_numpy(waves(10)))
    return built


@pytest.fixture
def threads() -> Iterator[None]:
    """Whatever a test sets, the next one has the old number."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_out_of_memory_halves_the_batch_and_loses_nothing(error: Exception) -> None:
    sound = waves(21)
    embedder = Embedder(Loudness(3, error), PLAIN)
    vectors = embedder(sound)
    assert vectors[:, 0] == pytest.approx((sound.astype(np.float64) ** 2).mean(1), rel=1e-4)
    assert embedder.batch == 2
    assert embedder.notes == [
        "Memory ran out: 4 segments at a time from here on.",
        "Memory ran out: 2 segments at a time from here on.",
    ]
    embedder(sound)
    assert len(embedder.notes) == 2, "what was learned is kept"


def test_a_real_allocation_that_cannot_be() -> None:
    """The text that torch really raises on this machine's CPU is understood."""

    class Greedy(Loudness):
        def forward(self, waves: Tensor) -> Tensor:
            torch.empty(2**50 if len(waves) > 1 else 1)
            return super().forward(waves)

    embedder = Embedder(Greedy(8, ValueError()), PLAIN)
    assert embedder(waves(3)).shape == (3, 1)
    assert embedder.batch == 1


def test_no_room_for_one_segment_is_told_to_the_person() -> None:
    with pytest.raises(UserError, match="single segment"):
        Embedder(Loudness(0, torch.cuda.OutOfMemoryError("full")), PLAIN)(waves(2))


def test_another_error_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        Embedder(Loudness(0, RuntimeError("shapes do not match")), PLAIN)(waves(2))


def test_the_vectors_are_the_strategys() -> None:
    strategy, sound = random(), waves(11)
    expected = strategy.embed(torch.from_numpy(sound)).numpy()
    vectors = Embedder(strategy, PLAIN)(sound)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_read_only_and_empty_input() -> None:
    sound = waves(2)
    sound.flags.writeable = False
    embedder = Embedder(strategies.build("mfcc"), PLAIN)
    assert embedder(sound).shape == (2, 40)
    assert embedder(sound[:0]).shape == (0, 40)


def test_the_summary_is_the_strategys() -> None:
    mfcc = strategies.build("mfcc")
    embedder = Embedder(mfcc, PLAIN)
    vectors = embedder(waves(4))
    expected = mfcc.summarise(torch.from_numpy(vectors)).numpy()
    assert embedder.summarise(vectors) == pytest.approx(expected)


def test_the_strategy_itself_is_left_alone() -> None:
    strategy = random().train()
    Embedder(strategy, BF16)(waves(2))
    assert strategy.training
    weight = strategy.get_parameter("encoder.trunk.blocks.1.conv.weight")
    assert weight.dtype == torch.float32
    assert weight.is_contiguous()


def test_bf16_agrees_with_fp32() -> None:
    strategy, sound = random(0.25), waves(16)
    exact, rough = Embedder(strategy, PLAIN)(sound), Embedder(strategy, BF16)(sound)
    cosine = (exact * rough).sum(1) / (np.linalg.norm(exact, axis=1) * np.linalg.norm(rough, axis=1))
    assert cosine.min() > 0.999
    assert not np.array_equal(exact, rough), "bf16 was really used"
    assert agreement(strategy, PLAIN, BF16) > 0.999


def test_agreement_is_that_of_the_network_whatever_stands_beside_it() -> None:
    plain, both = (strategies.build("random", {"width": 0.125, "timbre": on}) for on in (False, True))
    for strategy in (plain, both):
        strategy.calibrate(torch.from_numpy(waves(10)))
    found = agreement(plain, PLAIN, BF16)
    assert found < 0.99999
    assert agreement(both, PLAIN, BF16) == pytest.approx(found, abs=1e-6)


def test_agreement_of_what_is_not_finite_is_none() -> None:
    strategy = random()
    strategy.get_parameter("encoder.head.bias").data.fill_(float("nan"))
    assert agreement(strategy, PLAIN, BF16) == 0


def test_a_plan_is_measured_in_time() -> None:
    start = time.process_time()
    plan = choose(random(0.25), "cpu")
    assert time.process_time() - start < 4 * torch.get_num_threads(), "CPU time: the machine may be busy"
    assert plan.device == "cpu"
    assert 0 < plan.ms_per_segment < math.inf
    assert plan.batch >= 1
    assert "cpu" in plan.note
    assert plan.dtype in plan.note


class Learned(Loudness):
    """Has a weight: worth measuring."""

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__(room, error)
        self.weight = torch.nn.Parameter(torch.ones(1))


class Slow(Learned):
    """Takes `seconds(segments)` of a thread for a batch."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        super().__init__(1000, ValueError())
        self.seconds = seconds

    def forward(self, waves: Tensor) -> Tensor:
        end = time.thread_time() + self.seconds(len(waves))
        while time.thread_time() < end:
            pass
        return super().forward(waves)


def test_the_measured_time_is_what_was_computed_whatever_else_runs() -> None:
    plan = choose(Slow(lambda segments: 0.005 * segments), "cpu")
    assert 5 <= plan.ms_per_segment * torch.get_num_threads() < 10


def test_larger_batches_where_they_pay_and_only_there() -> None:
    assert choose(Slow(lambda _: 0.05), "cpu", precision="float32", budget_s=60).batch == 32
    assert choose(Slow(lambda n: 0.005 * n**2), "cpu", precision="float32", budget_s=60).batch == 1


def test_nothing_new_is_tried_when_time_is_up() -> None:
    assert choose(Slow(lambda _: 0.1), "cpu", budget_s=0.25).batch == 1


def test_a_plan_can_be_stored() -> None:
    plan = choose(strategies.build("mfcc"))
    assert ExecutionPlan(**json.loads(json.dumps(dataclasses.asdict(plan)))) == plan


def test_without_weights_there_is_nothing_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "present", lambda: ["meta", "cpu"])
    mfcc = strategies.build("mfcc")
    mfcc.forward = lambda waves: pytest.fail("it was measured")  # type: ignore[method-assign]  # a trap
    for name in ("auto", "cpu"):
        plan = choose(mfcc, name)
        assert (plan.device, plan.dtype, plan.channels_last) == ("cpu", "float32", False)
        assert "nothing to choose" in plan.note
    with pytest.raises(UserError, match="does not work here"):  # what is asked for is tried
        choose(strategies.build("mfcc"), "meta")  # type: ignore[arg-type]  # no person can ask for it


def test_a_device_that_is_not_there_is_an_error_that_names_what_is() -> None:
    missing = next(name for name in ("mps", "cuda") if name not in present())
    with pytest.raises(UserError, match=rf"'{missing}'.*cpu"):
        choose(strategies.build("mfcc"), missing)  # type: ignore[arg-type]  # one of the literals, found at run time


def test_a_device_that_fails_is_passed_over_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch's `meta` stands in for a card whose driver is too old: it is there and cannot compute."""
    monkeypatch.setattr(device, "present", lambda: ["meta", "cpu"])
    plan = choose(random())
    assert plan.device == "cpu"
    assert "meta was not used" in plan.note
    with pytest.raises(UserError, match="does not work here"):
        choose(random(), "meta")  # type: ignore[arg-type]  # no person can ask for it


def test_memory_that_runs_out_while_measuring_limits_the_batch() -> None:
    plan = choose(Learned(5, torch.cuda.OutOfMemoryError("full")), "cpu")
    assert plan.batch <= 4


@pytest.mark.usefixtures("threads")
def test_threads_are_those_asked_for() -> None:
    assert "cpu with 1 threads" in choose(strategies.build("mfcc"), threads=1).note
    assert torch.get_num_threads() == 1


def test_a_precision_that_was_asked_for_is_used_also_where_it_is_slower() -> None:
    for precision in ("float32", "bfloat16", "int8"):
        assert choose(random(), "cpu", precision=precision, budget_s=0.3).dtype == precision


def test_a_precision_that_no_device_knows_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "computes_in", lambda name, precision, strategy: precision == "float32")
    with pytest.raises(UserError, match="does not compute in bfloat16"):
        choose(random(), "cpu", precision="bfloat16")


def test_what_cannot_be_put_into_eight_bits_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="does not compute in int8"):
        choose(strategies.build("random-multi", {"width": 0.125}), "cpu", precision="int8")
    monkeypatch.setattr(int8, "knows", lambda _: False)
    assert choose(random(), "cpu").dtype != "int8"


@pytest.mark.parametrize(("cosine", "dtype"), [(0.9985, "int8"), (0.997, "float32")])
def test_the_fastest_is_taken_if_it_says_the_same(
    monkeypatch: pytest.MonkeyPatch, cosine: float, dtype: str
) -> None:
    times: dict[Precision, float] = {"float32": 2.0, "int8": 0.7, "bfloat16": 1.8}
    tried = [replace(PLAIN, dtype=name, ms_per_segment=ms) for name, ms in times.items()]
    monkeypatch.setattr(device, "agreement", lambda *_: cosine)
    assert device._fastest(random(), tried).dtype == dtype


@pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="this torch knows no other device")
def test_a_device_that_fails_while_it_runs_is_a_sentence_and_the_cpu_a_bug() -> None:
    broken = Loudness(
        0, RuntimeError("unspecified launch failure\nCUDA kernel errors might be reported later")
    )
    with pytest.raises(RuntimeError):
        Embedder(broken, PLAIN)(waves(1))
    elsewhere = Embedder(broken, PLAIN)
    elsewhere.plan = dataclasses.replace(PLAIN, device="cuda")
    with pytest.raises(UserError) as error:
        elsewhere(waves(1))
    assert error.value.title.startswith("The device cuda failed: ")
    assert "\n" not in error.value.title
    assert "--device cpu" in error.value.hint


@pytest.mark.parametrize(
    ("device", "ms", "there", "enough"),
    [("cpu", 1.1, 2, 1), ("cpu", 2.9, 2, 2), ("cpu", 0.3, 16, 8), ("cpu", 20.0, 16, 16), ("cpu", math.inf, 2, 2),
     ("cuda", 0.1, 2, 2)],
)  # fmt: skip
def test_threads_are_a_share_of_the_work_beside_decoding(
    device: str, ms: float, there: int, enough: int
) -> None:
    torch.set_num_threads(there)
    plan = ExecutionPlan(device, "float32", channels_last=True, batch=8, ms_per_segment=ms, note="So.")
    found = beside_decoding(plan)
    assert torch.get_num_threads() == enough
    assert dataclasses.replace(found, note="") == dataclasses.replace(plan, note="")
    assert (f"{enough} of {there} threads" in found.note) == (enough < there)
