"""Import encoder: take a file that somebody gave away, in a process that may load torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from core.jobs.runner import Job, JobContext


class Params(BaseModel):
    """The file (surrogate escapes where its name is no UTF-8), and what it shall be called ("": its own name)."""

    path: str
    name: str = ""


class ImportEncoder(Job[Params]):
    """Check an encoder's file and make it known to the library."""

    kind: ClassVar[str] = "import_encoder"
    title: ClassVar[str] = "Import an encoder"
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """The result: its name, whether it is new here, and a sentence on what it learned from, if its card tells."""
        from core.bundles import import_encoder
        from core.nets.card import learned

        ctx.report("Checking the file", 0)
        before = {record.name for record in ctx.library.encoders.all()}
        path = Path(os.fsdecode(self.params.path.encode("utf-8", "surrogateescape")))
        record = import_encoder(ctx.library, path, self.params.name or None)
        return {
            "encoder": record.name, "new": record.name not in before, "learned": learned(record.card),
        }  # fmt: skip
