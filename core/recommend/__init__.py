"""What sounds alike: exact neighbours over a matrix of unit rows; no database, no torch."""

from core.recommend.catalogue import Catalogue, Names
from core.recommend.neighbours import LESS_WEIGHT, Neighbours, neighbours, query_vector
from core.recommend.similar import Match, Query, Similar, similar
from core.recommend.standardise import Standardisation, measure, needs_refresh, unit_rows
from core.recommend.versions import same_recording, version_key

__all__ = [
    "LESS_WEIGHT",
    "Catalogue",
    "Match",
    "Names",
    "Neighbours",
    "Query",
    "Similar",
    "Standardisation",
    "measure",
    "needs_refresh",
    "neighbours",
    "query_vector",
    "same_recording",
    "similar",
    "unit_rows",
    "version_key",
]
