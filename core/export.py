r"""Vectors out of the library, for other programs: Parquet, NumPy, CSV.

Columns: `id`, `path`, `title`, `artist`, `album`, and the vector (`vector` in Parquet and npz, `v0`,
`v1`, ... in CSV). `meta` (encoder, plan, ...) goes into Parquet's key `earmap` and npz's `meta`, as JSON;
CSV has a column `encoder` instead, as it has no other place. Paths that are not UTF-8 are written
with surrogate escapes (`\udcff`); Parquet and npz have the bytes too, as `path_bytes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core import paths as spelling
from core.errors import UserError
from core.files import atomic
from core.recommend.standardise import chunks

_ROWS = 8192

# What spreadsheets take for a formula, also in their full-width forms.
_FORMULA = re.compile("^[\\s\x00]*[=+\\-@\t\r\n＝＋－＠]")

_LONGEST = 300


@dataclass(frozen=True, eq=False)
class _Table:
    """What is exported, row by row; `matrix` is `(n, dim)`."""

    ids: NDArray[np.int64]
    paths: Sequence[bytes]
    titles: Sequence[str]
    artists: Sequence[str]
    albums: Sequence[str]
    matrix: NDArray[np.float32]
    meta: Mapping[str, object]

    @property
    def texts(self) -> dict[str, Sequence[str]]:
        return {"title": self.titles, "artist": self.artists, "album": self.albums}


def vectors(
    path: Path,
    ids: NDArray[np.int64],
    paths: Sequence[bytes],
    titles: Sequence[str],
    artists: Sequence[str],
    albums: Sequence[str],
    matrix: NDArray[np.float32],
    meta: Mapping[str, object],
) -> None:
    """Write one row a track, in the format that the suffix names.

    Parameters
    ----------
    path
        Ends in .parquet, .npz or .csv.
    ids, paths, titles, artists, albums
        `n` each.
    matrix
        `(n, dim)`; a memory map is never copied as a whole.
    meta
        What JSON can hold; `encoder` is the encoder's name.

    Raises
    ------
    UserError
        An unknown suffix, or a place that cannot be written.
    """
    writers: dict[str, Callable[[BinaryIO, _Table], None]] = {
        ".parquet": _parquet,
        ".npz": _npz,
        ".csv": _csv,
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UserError(
            f"{path.name} does not say which format to write.", f"End the name in {', '.join(writers)}."
        )
    table = _Table(ids, paths, titles, artists, albums, matrix, meta)
    if {len(ids), *map(len, (paths, titles, artists, albums))} != {len(matrix)}:
        raise ValueError("every column needs one value for each row of the matrix")
    with atomic(path) as file:
        writer(file, table)


def safe_cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes before what looks like one."""
    text = _text(text).replace("\x00", "")
    return f"'{text}" if _FORMULA.match(text) else text


def _text(value: str) -> str:
    """Text that UTF-8 can hold: lone surrogates are spelled out."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _path(raw: bytes) -> str:
    return _text(spelling.json_text(raw))


def _csv(file: BinaryIO, table: _Table) -> None:
    import pyarrow as pa  # takes 0.3 s, only for who exports
    from pyarrow import csv

    encoder = safe_cell(str(table.meta.get("encoder", "")))
    dim = table.matrix.shape[1]
    kinds = [("id", pa.int64())] + [(name, pa.string()) for name in ("path", *table.texts, "encoder")]
    schema = pa.schema(kinds + [(f"v{i}", pa.float32()) for i in range(dim)])
    with csv.CSVWriter(file, schema) as out:
        for part in chunks(len(table.matrix), _ROWS):
            texts = [[safe_cell(_path(raw)) for raw in table.paths[part]]]
            texts += [[safe_cell(value) for value in column[part]] for column in table.texts.values()]
            texts.append([encoder] * len(texts[0]))
            numbers = np.ascontiguousarray(table.matrix[part].T, np.float32)
            columns = [pa.array(table.ids[part]), *(pa.array(text, pa.string()) for text in texts)]
            out.write_table(pa.table([*columns, *map(pa.array, numbers)], schema))


def _npz(file: BinaryIO, table: _Table) -> None:
    # Fixed-width text, since anything else would have to be unpickled: one absurd tag must not widen all.
    columns: dict[str, Any] = {
        name: np.array([_text(value.replace("\x00", ""))[:_LONGEST] for value in column], np.str_)
        for name, column in table.texts.items()
    }
    np.savez(
        file,
        id=np.asarray(table.ids, np.int64),
        path=np.array([_path(raw) for raw in table.paths], np.str_),
        path_bytes=np.array(list(table.paths), np.bytes_),
        **columns,
        vector=np.asarray(table.matrix, np.float32),
        meta=np.array(json.dumps(dict(table.meta))),
    )


def _parquet(file: BinaryIO, table: _Table) -> None:
    import pyarrow as pa  # takes 0.3 s, only for who exports
    from pyarrow import parquet

    dim = table.matrix.shape[1]
    kinds = [("id", pa.int64()), ("path", pa.string()), ("path_bytes", pa.binary())]
    kinds += [(name, pa.string()) for name in table.texts] + [("vector", pa.list_(pa.float32(), dim))]
    schema = pa.schema(kinds, {"earmap": json.dumps(dict(table.meta))})
    with parquet.ParquetWriter(file, schema) as out:
        for part in chunks(len(table.matrix), _ROWS):
            raw = table.paths[part]
            flat = pa.array(np.ascontiguousarray(table.matrix[part], np.float32).ravel())
            columns = [pa.array(table.ids[part]), [_path(one) for one in raw], pa.array(raw, pa.binary())]
            columns += [[_text(value) for value in column[part]] for column in table.texts.values()]
            columns.append(pa.FixedSizeListArray.from_arrays(flat, dim))
            out.write_table(pa.table(columns, schema))
