"""The headless commands. `earmap SUBCOMMAND` and `python -m core.cli SUBCOMMAND` are the same.

Exit codes: 0 done, 1 the environment or a choice is at fault, 2 usage, 3 a bug of ours, 130 cancelled.
With `--json` standard output holds exactly one document, `{"error": {"title", "hint"}}` where the code is not 0.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from core import (
    bundled,
    cli_bundles,
    cli_check,
    cli_clips,
    cli_compare,
    cli_evaluate,
    cli_playlist,
    cli_project,
    cli_similar,
    cli_train,
    paths,
    progress,
)
from core.cli_base import ReaderGoneError, Session, command, document_text, print_text, reading_command
from core.cli_tracks import UNKNOWN_ENCODER
from core.errors import Cancelled, UserError
from core.leaving import leave
from core.library.records import JobRecord
from core.machine import version_of

DONE, USER_ERROR, USAGE, BUG, CANCELLED = 0, 1, 2, 3, 130
STOPPED_HINT = "What was finished is kept; the same command goes on from here."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--library", "library_file", type=click.Path(path_type=Path), help="Another library file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.version_option(version_of("earmap") or "(run from its source)", package_name="earmap")
def cli(library_file: Path | None, as_json: bool) -> None:
    """Explore music embeddings. Without a command, the window opens; `earmap --demo`: with music to try it."""


@cli.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--scan-only", is_flag=True, help="Find files and read tags; listen to nothing yet.")
@command
def add(session: Session, folders: Sequence[Path], scan_only: bool) -> None:
    """Add music FOLDERS (or files), and embed them with the default encoder."""
    raws = [paths.json_text(paths.raw(folder)) for folder in folders]
    document: dict[str, Any] = {"scan": session.run("scan", paths=raws)}
    if not scan_only:
        document["embed"] = session.run("embed")
    _tell_status(session, None, document)


@cli.command()
@click.option(
    "--encoder", help="Encoder's name; one that came with Earmap or needs no training is taken at once."
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]))
@click.option(
    "--segments", type=click.IntRange(0, 1000), help="0: whole tracks; else this many 3 s segments of each."
)
@click.option("--keep-segments/--no-keep-segments", default=None, help="Also store a vector for every 3 s.")
@click.option("--retry", is_flag=True, help="Try files again that failed before.")
@reading_command
def embed(
    session: Session, encoder: str | None, device: str | None, segments: int | None, keep_segments: bool | None,
    retry: bool,
) -> None:  # fmt: skip
    """Give every track of the library its vector."""
    if retry:
        session.library.files.retry()
    result = session.run(
        "embed", encoder=encoder or "", device=device, segments=segments, keep_segments=keep_segments
    )
    session.tell(result, _embed_text(result))


@cli.command()
@click.option("--encoder", help="Count for this encoder.")
@reading_command
def status(session: Session, encoder: str | None) -> None:
    """Counts that add up, failures with reasons, encoders and jobs."""
    _tell_status(session, encoder, {})


@cli.group()
def export() -> None:
    """Write vectors or playlists for other programs, an encoder to give away, or clips for another machine."""


@cli.group("import")
def import_() -> None:
    """Take what another machine or person made."""


export.add_command(cli_clips.export_clips)
import_.add_command(cli_clips.import_clips)
export.add_command(cli_bundles.export_encoder)
import_.add_command(cli_bundles.import_encoder)
cli.add_command(cli_check.check)
cli.add_command(cli_similar.similar)
cli.add_command(cli_playlist.playlist)
export.add_command(cli_playlist.export_playlist)
cli.add_command(cli_train.train)
cli.add_command(cli_evaluate.evaluate)
cli.add_command(cli_compare.compare)
cli.add_command(cli_project.project)


@export.command("vectors")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--encoder", help="Encoder's name.")
@reading_command
def export_vectors(session: Session, out: Path, encoder: str | None) -> None:
    """Write every track's vector to OUT (.parquet, .npz or .csv)."""
    from core.library_export import export_vectors as write

    record = session.encoder(encoder)
    count = write(session.library, record, session.plan, out)
    session.tell(
        {"file": str(out), "encoder": record.name, "tracks": count}, f"{count} vectors written to {out}."
    )


def _tell_status(session: Session, encoder: str | None, document: dict[str, Any]) -> None:
    """Counts of everything, as text or beside `document`."""
    library = session.library
    name = encoder or session.settings.embedding.encoder
    records, shipped = library.encoders.all(), bundled.available()
    record = session.encoder(encoder) if encoder else bundled.in_use(records, shipped, name)
    name, unheard = record.name if record else name, bundled.offered(records, shipped)
    counts = library.files.counts(record.id if record else UNKNOWN_ENCODER, session.plan)
    failures = library.files.failures()
    document |= asdict(counts) | {
        "encoder": name,
        "failures": [
            {"path": paths.json_text(f.path), "state": f.state, "reason": f.reason} for f in failures
        ],
        "encoders": [{"name": e.name, "strategy": e.strategy, "dim": e.track_dim} for e in records],
        "bundled": [
            {"name": e.name, "title": e.title, "strategy": e.card["strategy"], "dim": e.card["track_dim"]}
            for e in unheard
        ],
        "jobs": [_job_json(job) for job in library.jobs.recent(20)],
        "roots": [{"path": paths.json_text(r.raw_path), "online": r.online} for r in library.roots.all()],
    }
    lines = [
        f"{counts.found} audio files found = {counts.embedded} embedded + {counts.partial} partial + "
        f"{counts.failed} failed + {counts.skipped} skipped + {counts.pending} pending   (encoder {name})",
        f"Apart: {counts.duplicates} duplicates, {counts.offline} offline, {counts.missing} missing, "
        f"{counts.other_files} other files",
        *(progress.printable(f"  {f.state}: {paths.display(f.path)}: {f.reason}") for f in failures[:50]),
    ]
    if len(failures) > 50:
        lines.append(f"  ... and {len(failures) - 50} more (--json lists all)")
    lines += [f"Encoders: {', '.join(e.name for e in records) or 'none has listened yet'}"]
    if unheard:
        lines.append(
            f"Not listened with yet: {', '.join(e.name for e in unheard)}   (earmap embed --encoder NAME)"
        )
    session.tell(document, "\n".join(lines))


def _job_json(job: JobRecord) -> dict[str, Any]:
    keys = (
        "id", "kind", "state", "done", "total", "skipped", "title", "hint", "created_at", "finished_at", "result",
    )  # fmt: skip
    return {key: getattr(job, key) for key in keys}


def _embed_text(result: dict[str, Any]) -> str:
    return (
        f"{result['encoder']} on {result['device']} ({result['precision']}): {result['read']} tracks in "
        f"{result['seconds']} s, {result['tracks_per_s']} tracks/s. {result['note']}\n"
        f"{result['embedded']} embedded, {result['partial']} partial, {result['failed']} failed, "
        f"{result['skipped']} skipped, {result['pending']} pending of {result['found']}."
    )


def _fail(code: int, title: str, hint: str, *, as_json: bool) -> NoReturn:
    """Say what went wrong, to a person on standard error and to a machine on standard output."""
    click.echo(progress.printable_lines(f"{title}\n{hint}".strip()), err=True)
    if as_json:
        print_text(document_text({"error": {"title": title, "hint": hint}}))
    sys.exit(code)


def _leave_quietly() -> NoReturn:
    """End although standard output is gone: what is left in its buffer must not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(DONE)


def _run(arguments: list[str]) -> None:
    """Run a command; exits unless all went well."""
    fail = partial(_fail, as_json="--json" in arguments)
    try:
        cli.main(args=arguments, prog_name="earmap", standalone_mode=False)
    except UserError as error:
        fail(USER_ERROR, error.title, error.hint)
    except click.UsageError as error:
        error.show()
        if "--json" in arguments:
            print_text(
                document_text({"error": {"title": error.format_message(), "hint": "See: earmap --help"}})
            )
        sys.exit(USAGE)
    except (Cancelled, KeyboardInterrupt, click.Abort) as stopped:
        fail(CANCELLED, "Stopped.", str(stopped) or STOPPED_HINT)
    except progress.JobFailedError as error:
        fail(BUG, "Earmap made a mistake:", str(error))
    except ReaderGoneError:
        raise
    except Exception:  # noqa: BLE001 - the command line's exception hook
        fail(BUG, "Earmap made a mistake:", traceback.format_exc())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code. Without `arguments`, those of this process, which ends at once."""
    try:
        _main(list(sys.argv[1:] if arguments is None else arguments))
    except SystemExit as end:
        if arguments is None and isinstance(end.code, int):
            leave(end.code)
        raise


def _main(arguments: list[str]) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names hold what a terminal's encoding may not
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(arguments)
    except ReaderGoneError:
        _leave_quietly()
    sys.exit(DONE)


if __name__ == "__main__":
    main()
