"""Clips: decode the music once for training, so that a run waits for no codec; on wish, pack them to travel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from core.audio.clip_manifest import Codec
from core.audio.clip_pack import Report, pack
from core.clips_build import GB, STAGE, Build, Music
from core.jobs.runner import Job, JobContext


class Params(BaseModel):
    """Which music, and how much of each track; what is left out comes from the settings."""

    roots: list[int] | None = None
    query: str = ""
    track_ids: list[int] | None = None
    seconds: float | None = Field(None, ge=0, le=3600)
    out: str = ""
    """A new folder: pack the clips into it as well."""
    codec: Codec = "flac"


class Clips(Job[Params]):
    """Fill the clip store of a library."""

    kind: ClassVar[str] = "clips"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Build; counts that add up are the result."""
        wishes, params = ctx.settings.training, self.params
        seconds = wishes.clip_seconds if params.seconds is None else params.seconds
        music = Music(params.roots, params.query, params.track_ids)
        build = Build(ctx, music, seconds, round(wishes.clips_budget_gb * GB))
        clips = build.run()
        result = build.result() | {"bytes": clips.bytes, "fingerprint": clips.fingerprint}
        if not params.out:
            return result | {"folder": str(clips.folder)}
        packed = pack(clips, Path(params.out), params.codec, reporter(ctx, "Packing the clips"))
        sizes = [shard.bytes for shard in packed.shards]
        return result | {
            "folder": params.out,
            "codec": params.codec,
            "files": len(sizes),
            "packed_bytes": sum(sizes),
        }


def reporter(ctx: JobContext, stage: str) -> Report:
    """Tells the job's context, and stops where a person wants it to."""

    def report(done: int, total: int) -> None:
        ctx.check()
        ctx.report(stage, done, total)

    return report
