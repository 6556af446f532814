"""What a person chooses before encoders are judged; a form and the command line are made of it. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PositiveC = Annotated[float, Field(gt=0, le=1e6)]


class PlaylistRules(BaseModel):
    """Which playlists take part, and how they are asked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    queries: int = Field(
        3, ge=1, le=20, title="Tracks that ask", description="Of each playlist; the others are to be found."
    )
    shortest: int = Field(
        4, ge=2, le=10_000, title="Shortest playlist", description="Tracks of it that are here."
    )
    longest: int = Field(0, ge=0, le=1_000_000, title="Longest playlist", description="0: any length.")
    keep_trained: bool = Field(
        False, title="Keep what was trained on",
        description="Let tracks take part that an encoder was trained on; they are counted either way.",
    )  # fmt: skip


class Wishes(BaseModel):
    """How encoders are judged."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    probes: list[Literal["svm", "logistic"]] = Field(
        default_factory=list, title="Probes", description="None named: both for classes, logistic for tags."
    )
    seeds: int = Field(
        5,
        ge=1,
        le=100,
        title="Draws",
        description="Of splits, or of playlists' queries; an official split is one.",
    )
    folds: int = Field(5, ge=2, le=50, title="Folds", description="Of each draw's cross-validation.")
    grid: list[PositiveC] = Field(
        default_factory=lambda: [0.01, 0.1, 1.0, 10.0, 100.0], min_length=1, max_length=50, title="C",
        description="Values to choose from, on validation parts alone.",
    )  # fmt: skip
    pca: bool = Field(
        False, title="Reduce to 128 dimensions", description="By PCA, since width alone helps a probe."
    )
    rules: PlaylistRules = Field(default_factory=PlaylistRules, title="Playlists")
