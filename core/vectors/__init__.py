"""Vectors beside the library as memory-mapped files; a copy that can always be made again."""

from core.vectors.cache import VectorCache
from core.vectors.snapshot import Snapshot

__all__ = ["Snapshot", "VectorCache"]
