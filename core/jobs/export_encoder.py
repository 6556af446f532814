"""Export encoder: write one to a file to give away, in a process that may load torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from core.jobs.runner import Job, JobContext


class Params(BaseModel):
    """Which encoder, and where to (surrogate escapes where a name is no UTF-8)."""

    encoder: str
    out: str
    overwrite: bool = False


class ExportEncoder(Job[Params]):
    """Write an encoder with its card to one file."""

    kind: ClassVar[str] = "export_encoder"
    title: ClassVar[str] = "Export an encoder"
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """The result: the encoder and its file."""
        from core.bundles import export_named

        ctx.report("Writing the file", 0)
        name = self.params.encoder
        out = Path(os.fsdecode(self.params.out.encode("utf-8", "surrogateescape")))
        file = export_named(ctx.library, name, out, overwrite=self.params.overwrite)
        return {"encoder": name, "file": os.fsencode(file).decode("utf-8", "surrogateescape")}
