"""The helper processes' door: `python -m app.playback engine|sketch`."""

from __future__ import annotations

import sys


def main(role: str) -> None:
    """Run one helper until the window closes its end."""
    if role == "engine":
        from app.playback.engine import run
    else:
        from app.playback.sketch import run
    run()


if __name__ == "__main__":
    main(sys.argv[1])
