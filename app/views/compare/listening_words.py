"""What the pages of listening say, in words."""

from __future__ import annotations

from app import wording
from app.pairing import Beside
from app.titles import Titles
from core.evaluation.listening import PairResult, WinRate

ABOUT = (
    "A track of yours is played, and then two others: one that the first encoder puts next to it, one that the second "
    "does. You say which of the two goes better with it. Which is whose is drawn anew in every round, and not told."
)
KEYS = "Keys: 0, 1, 2 play the track, A, B; A, B, T answer; S skips; Space stops."
STOPPING = (
    "The interval holds for a number of rounds that was decided on beforehand; "
    "stopping as soon as it looks good makes it too narrow."
)
LEVELS = "Levels are left as they are on the records: judge the music, not which one is louder."


def overlap(answer: Beside) -> str:
    """`7 of 10 in both`."""
    return f"{len(answer.links)} of {max(len(answer.left), len(answer.right))} in both"


def overlap_tip(answer: Beside) -> str:
    """What the overlap is, and what chance would give."""
    longest = max(len(answer.left), len(answer.right))
    return (
        f"Overlap at {longest}: {len(answer.links)} of {longest} neighbours are in both lists, wherever they stand.\n"
        f"Two lists drawn blindly from {answer.compared:,} tracks would share {answer.chance:.1f}."
    )


def headline(result: PairResult, titles: Titles) -> str:
    """Who fits better, if anybody does."""
    rate, (a, b) = result.rate, map(titles.of, result.names)
    if not rate.rounds:
        return "No round was answered."
    if rate.tie:
        return "No difference is shown so far."
    better, worse = (a, b) if rate.mean > 0.5 else (b, a)
    return f"{better} fits better than {worse}."


def win_rate(rate: WinRate) -> str:
    """`64 % (95 % interval 46 to 79 %)`."""
    if not rate.rounds:
        return ""
    return f"{percent(rate.mean)} % (95 % interval {percent(rate.low)} to {percent(rate.high)} %)"


def percent(share: float) -> str:
    """A share as a whole number of percent."""
    return f"{100 * share:.0f}"


def counts(result: PairResult, titles: Titles) -> str:
    """What the rate rests on."""
    rate, (a, b) = result.rate, map(titles.of, result.names)
    parts = [
        f"{wording.count(rate.rounds, 'round')} on {wording.count(rate.queries, 'track')}",
        f"{a} {rate.a:,}",
        f"{b} {rate.b:,}",
        wording.count(rate.ties, "tie"),
    ]
    if rate.skipped:
        parts.append(f"{rate.skipped:,} skipped")
    return " · ".join(parts)
