"""`earmap check`: what is wrong here, in plain sentences; changes no library and needs none."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from core import progress, selftest, settings
from core.cli_base import document_text, print_text
from core.jobs.process import lower_priority

MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
WRONG = 1


@click.command()
@click.option(
    "--quick",
    is_flag=True,
    help="Without what takes seconds: reading all of the library file, loading packages.",
)
@click.option("--gentle", is_flag=True, help="At low priority, behind everything else.")
@click.option("--library", "library_file", type=click.Path(path_type=Path), help="Another library file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def check(quick: bool, gentle: bool, library_file: Path | None, as_json: bool) -> None:
    """Say what is wrong with this installation or this computer; exit code 1 where anything does not work."""
    before = click.get_current_context().find_root().params
    library = library_file or before["library_file"] or settings.default_library()
    as_json = as_json or before["as_json"]
    if gentle:
        lower_priority()
    found = []
    for finding in selftest.check(library.absolute(), quick=quick):
        found.append(finding)
        if not as_json:
            hint = f" {finding.hint}" if finding.hint else ""
            print_text(progress.printable(f"{MARKS[finding.state]} {finding.sentence}{hint}"))
    good = all(finding.state != "problem" for finding in found)
    if as_json:
        print_text(document_text({"ok": good, "quick": quick, "findings": [asdict(one) for one in found]}))
    if not good:
        sys.exit(WRONG)
