from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import UserError
from core.training.world import World, synchronised
from tests.core.training.world_ranks import CHUNK, PAIRS, trained

SCRIPT = Path(__file__).with_name("world_ranks.py")
ROOT = Path(__file__).parents[3]


def start(what: str, out: Path, **env: str) -> list[subprocess.Popen[str]]:
    """Two processes with what torchrun puts into their environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",  # two processes on two cores
    }
    return [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), what, str(out)],
            env=os.environ | shared | env | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]  # fmt: skip


SENTENCE = "Another process of this training ended or stopped answering.\n"


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes left what they trained together, before one of them died."""
    out = tmp_path_factory.mktemp("ranks")
    main, other = start("train", out)
    said, complaints = main.communicate(timeout=110)
    _, last_words = other.communicate(timeout=30)
    assert other.returncode == 9, last_words
    assert main.returncode == 3, complaints
    (out / "said").write_text(said)
    return out


def assert_close(one: dict[str, Tensor], other: dict[str, Tensor], tolerance: float) -> None:
    # How many chunks a process has seen is no part of its statistics.
    names = [name for name in one if not name.endswith("num_batches_tracked")]
    assert len(names) > 50
    for name in names:
        torch.testing.assert_close(one[name], other[name], rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.parametrize(("theirs", "ours"), [(0, PAIRS // 2), (CHUNK, CHUNK)])
def test_two_processes_are_one_with_the_whole_batch(ranks: Path, theirs: int, ours: int) -> None:
    """Batch norm sees each process's part (or chunks of it), so one process has to do it in such chunks."""
    alone = trained(World(), chunk=ours)
    assert_close(load_file(ranks / f"rank0-chunk{theirs}.safetensors"), alone, 1e-9)


@pytest.mark.parametrize("chunk", [0, CHUNK])
def test_all_processes_hold_the_same_network_to_the_last_bit(ranks: Path, chunk: int) -> None:
    one, other = (load_file(ranks / f"rank{rank}-chunk{chunk}.safetensors") for rank in range(2))
    assert_close(one, other, 0.0)


def test_the_parts_of_a_batch_are_all_of_it_in_order() -> None:
    rows = list(range(12))
    assert [row for rank in range(3) for row in World(rank=rank, size=3).part(rows)] == rows


@pytest.mark.parametrize("rows", [[], [1, 2], [1, 2, 3, 4]])
def test_a_batch_that_cannot_be_shared_evenly_is_refused(rows: list[int]) -> None:
    with pytest.raises(UserError, match=f"3 processes cannot share a batch of {len(rows)}"):
        World(size=3).part(rows)


def test_alone_nothing_is_exchanged() -> None:
    world, network = World.join("cpu"), nn.Linear(2, 1)
    assert (world.rank, world.size, world.is_main) == (0, 1, True)
    values = torch.ones(3, 2, requires_grad=True)
    assert world.gather(values).data_ptr() == values.data_ptr()
    assert not world.gather(values).requires_grad
    network(values).sum().backward()
    before = [weight.grad.clone() for weight in network.parameters() if weight.grad is not None]
    world.sum_gradients(network)
    world.broadcast(network)
    world.barrier()
    assert world.agree(True)
    assert not world.agree(False)
    assert all(
        torch.equal(a, w.grad)
        for a, w in zip(before, network.parameters(), strict=True)
        if w.grad is not None
    )


def test_a_process_whose_partner_dies_ends_with_a_sentence(ranks: Path) -> None:
    assert (ranks / "said").read_text() == SENTENCE


def test_a_process_whose_partner_hangs_waits_no_longer_than_it_was_told(tmp_path: Path) -> None:
    main, other = start("hang", tmp_path, PATIENCE_S="3")
    said, complaints = main.communicate(timeout=60)
    other.kill()
    other.communicate(timeout=60)
    assert main.returncode == 3, complaints
    assert said == SENTENCE


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", str(torch.cuda.device_count()))
    with pytest.raises(UserError, match="no GPU for process"):
        World.join("cuda")


def test_on_a_processor_batch_norm_keeps_to_its_own_part() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3))
    assert not synchronised(network, World("cpu", size=2))
    assert isinstance(network[0], nn.BatchNorm2d)
    assert not synchronised(network, World("cuda:0", size=1))
