"""Unpack: clips that were packed on another machine, into this library's own store, to train from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from core.audio.clip_unpack import unpack
from core.jobs.clips import reporter
from core.jobs.runner import Job, JobContext

STAGE = "Unpacking clips"


class Params(BaseModel):
    """The folder of packed clips."""

    folder: str


class Unpack(Job[Params]):
    """Make packed clips ready for training."""

    kind: ClassVar[str] = "unpack"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Unpack; what the store holds now is the result."""
        ctx.report("Checking the files", 0)
        clips = unpack(Path(self.params.folder), ctx.library.sidecar("clips"), reporter(ctx, STAGE))
        imported = sum(clip.imported for clip in clips.clips)
        return {
            "plan": clips.plan, "clips": len(clips), "imported": imported, "bytes": clips.bytes,
            "fingerprint": clips.fingerprint, "folder": str(clips.folder),
        }  # fmt: skip
