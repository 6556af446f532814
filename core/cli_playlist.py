"""`earmap playlist`: the lists that the library keeps; and `earmap export playlist`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from core import paths, progress
from core.bundled import current
from core.cli_base import Session, reading_command
from core.cli_tracks import UNKNOWN_ENCODER, compared_track, track_named
from core.errors import UserError
from core.library.records import PlaylistItemRecord, PlaylistRecord
from core.recommend.rules import tracks as tracks_text

_ORDER = [(column, False) for column in ("artist", "album", "disc", "track")]


@click.group()
def playlist() -> None:
    """The playlists that the library keeps."""


@playlist.command("list")
@reading_command
def list_all(session: Session) -> None:
    """Every playlist."""
    records = session.library.playlists.all()
    lines = [f"{record.n:6}  {record.kind:8}  {record.name}" for record in records]
    session.tell(
        {"playlists": [_json(record) for record in records]}, "\n".join(lines) or "There is none yet."
    )


@playlist.command()
@click.argument("name")
@reading_command
def show(session: Session, name: str) -> None:
    """The tracks of the playlist NAME."""
    record = _named(session, name)
    items = session.library.playlists.items(record.id)
    document = _json(record) | {"rule": record.rule, "items": [_item_json(item) for item in items]}
    session.tell(document, "\n".join([_head(record, items), *map(_line, items)]))


@playlist.command()
@click.argument("name")
@click.argument("tracks", nargs=-1)
@click.option("--search", "query", help="Also what a search finds, such as 'artist:miles year:1959'.")
@reading_command
def create(session: Session, name: str, tracks: Sequence[str], query: str | None) -> None:
    """Keep TRACKS (numbers of tracks, or paths) as the playlist NAME."""
    record = session.library.playlists.create(name, _chosen(session, tracks, query))
    session.tell(_json(record), f"{record.name}: {tracks_text(record.n)}.")


@playlist.command()
@click.argument("name")
@click.argument("tracks", nargs=-1)
@click.option("--search", "query", help="Also what a search finds.")
@reading_command
def add(session: Session, name: str, tracks: Sequence[str], query: str | None) -> None:
    """Put TRACKS behind the last one of the playlist NAME."""
    record = _named(session, name)
    record = session.library.playlists.add(record.id, _chosen(session, tracks, query))
    session.tell(_json(record), f"{record.name}: {tracks_text(record.n)}.")


@playlist.command()
@click.argument("name")
@click.argument("new")
@reading_command
def rename(session: Session, name: str, new: str) -> None:
    """Call the playlist NAME otherwise."""
    record = session.library.playlists.rename(_named(session, name).id, new)
    session.tell(_json(record), f"It is called {record.name} now.")


@playlist.command()
@click.argument("name")
@reading_command
def delete(session: Session, name: str) -> None:
    """Forget the playlist NAME. No file is touched."""
    record = _named(session, name)
    session.library.playlists.delete(record.id)
    session.tell(_json(record), f"{record.name} is forgotten. Its tracks and files are where they were.")


@playlist.command()
@click.argument("name")
@reading_command
def refresh(session: Session, name: str) -> None:
    """Make the playlist NAME again by the question that it came from."""
    from core.asking import refreshed

    before = _named(session, name)
    known = {item.track_id for item in session.library.playlists.items(before.id)}
    record, found = refreshed(session.library, before)
    new = sum(match.track_id not in known for match in found.matches)
    document = _json(record) | {"new": new, "receipt": list(found.receipt)}
    session.tell(
        document,
        "\n".join([f"{record.name}: {tracks_text(record.n)}, {new} of them new.", "", *found.receipt]),
    )


@playlist.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Another name than the file's.")
@reading_command
def import_file(session: Session, file: Path, name: str | None) -> None:
    """Keep what FILE (.m3u, .m3u8 or .xspf) names, missing tracks too."""
    from core.playlist_reading import read

    listing = read(file)
    title = name or paths.display(paths.raw(file.stem)).rpartition("/")[2]
    made = session.library.playlists.import_entries(title, listing.entries)
    document = _json(made.playlist) | {"found": made.found, "missing": made.missing, "moved": made.moved}
    document["streams"] = listing.streams
    text = f"{made.playlist.name}: {tracks_text(made.found)} found"
    parts = (
        (made.moved, "in another place than the list says"), (made.missing, "missing, kept as named"),
        (listing.streams, "of streams passed over"),
    )  # fmt: skip
    session.tell(document, "".join([text, *(f", {count} {what}" for count, what in parts if count), "."]))


@playlist.command("export")
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--absolute", is_flag=True, help="Full paths instead of paths relative to the playlist (M3U8).")
@click.option("--nfc", is_flag=True, help="Compose accents in paths, for players that need it (M3U8).")
@reading_command
def export_kept(session: Session, name: str, out: Path, absolute: bool, nfc: bool) -> None:
    """Write the playlist NAME to OUT (.m3u8 or .xspf), missing tracks too."""
    from core.library_export import export_kept as write

    written, missing = write(session.library, _named(session, name).id, out, relative=not absolute, nfc=nfc)
    told = f"{tracks_text(written)} written to {out}{f', {missing} of them missing here' if missing else ''}."
    session.tell({"file": str(out), "tracks": written, "missing": missing}, told)


@click.command("playlist")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--like", "seeds", multiple=True, help="Tracks (numbers or paths) to be like; may be repeated.")
@click.option("--search", "query", help="Instead: what a search finds, such as 'artist:miles year:1959'.")
@click.option("--name", help="Instead: a playlist that the library keeps.")
@click.option("-n", "count", type=click.IntRange(1, 100_000), default=25, show_default=True)
@click.option("--encoder", help="Encoder's name.")
@click.option("--absolute", is_flag=True, help="Full paths instead of paths relative to the playlist (M3U8).")
@reading_command
def export_playlist(
    session: Session, out: Path, seeds: Sequence[str], query: str | None, name: str | None, count: int,
    encoder: str | None, absolute: bool,
) -> None:  # fmt: skip
    """Write a playlist to OUT (.m3u8 or .xspf): neighbours of tracks, what a search finds, or one that is kept."""
    from core.library_export import export_kept as write_kept
    from core.library_export import export_playlist as write

    if sum((bool(seeds), query is not None, name is not None)) > 1:
        raise click.UsageError("--like, --search and --name are three different lists.")
    if name is not None:
        written, _ = write_kept(session.library, _named(session, name).id, out, relative=not absolute)
    elif seeds:
        files = _alike(session, seeds, count, encoder)
        written = write(session.library, files[: count + len(seeds)], out, relative=not absolute)
    else:
        files = _search(session, query or "", encoder)
        written = write(session.library, files[:count], out, relative=not absolute)
    session.tell({"file": str(out), "tracks": written}, f"{tracks_text(written)} written to {out}.")


def _alike(session: Session, seeds: Sequence[str], count: int, encoder: str | None) -> list[int]:
    """The files of tracks, then those of their neighbours."""
    from core.neighbours import Neighbours

    neighbours = Neighbours(session.library, session.encoder(encoder), session.plan)
    neighbours.refresh()
    tracks = [compared_track(session, text, neighbours) for text in seeds]
    own = session.library.rows.files_of(tracks)
    found = neighbours.similar(tracks, n=count)
    return [own[track] for track in tracks if track in own] + [match.file_id for match in found]


def _search(session: Session, query: str, encoder: str | None = None) -> list[int]:
    """Files that a search finds, by artist and album."""
    library = session.library
    known = (
        library.encoders.find(encoder) if encoder else current(library, session.settings.embedding.encoder)
    )
    key = known.id if known else UNKNOWN_ENCODER
    return [int(file) for file in session.library.rows.order(key, session.plan, query, _ORDER)]


def _chosen(session: Session, tracks: Sequence[str], query: str | None) -> list[int]:
    """Tracks that were named, then those that a search finds."""
    named = [track_named(session, text) for text in tracks]
    if query is None:
        return named
    rows = session.library.rows.page(UNKNOWN_ENCODER, "", _search(session, query))
    return named + [row.track_id for row in rows if row.track_id is not None]


def _named(session: Session, name: str) -> PlaylistRecord:
    record = session.library.playlists.find(name)
    if record is None:
        raise UserError(f"There is no playlist called {name}.", "They are told by: earmap playlist list")
    return record


def _json(record: PlaylistRecord) -> dict[str, Any]:
    return {
        "name": record.name, "kind": record.kind, "tracks": record.n, "created_at": record.created_at,
        "changed_at": record.changed_at,
    }  # fmt: skip


def _item_json(item: PlaylistItemRecord) -> dict[str, Any]:
    return {
        "track": item.track_id, "path": paths.json_text(item.raw_path), "title": item.title,
        "artist": item.artist, "missing": item.file_id is None,
    }  # fmt: skip


def _head(record: PlaylistRecord, items: Sequence[PlaylistItemRecord]) -> str:
    missing = sum(item.file_id is None for item in items)
    return f"{record.name}: {tracks_text(record.n)}{f', {missing} missing' if missing else ''}"


def _line(item: PlaylistItemRecord) -> str:
    told = " - ".join(part for part in (item.artist, item.title) if part)
    missing = f"  (missing: {paths.display(item.raw_path)})" if item.file_id is None else ""
    return progress.printable(f"{item.position + 1:5}  {told}{missing}")
