"""Trial: what a training run would take, from some seconds of real steps. Changes nothing in the library."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from core.jobs.runner import Job, JobContext
from core.training.prepare import Params
from core.training.trial import STAGE, predict


class Trial(Job[Params]):
    """Predict the time, disk and memory of a run."""

    kind: ClassVar[str] = "trial"
    title: ClassVar[str] = STAGE
    Params: ClassVar[type[BaseModel]] = Params

    def run(self, ctx: JobContext) -> dict[str, Any]:
        """The prediction: see `core.training.trial.Prediction`."""
        return predict(ctx, self.params)
