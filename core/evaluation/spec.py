"""What can be asked of encoders: the kinds of data sets and labels there are, and how one of them is named.

A form, the command line and the store all speak of a `TaskSpec`; `core.evaluation.datasets` turns it into tasks.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core import paths
from core.errors import UserError

Value = str | int | float | bool

_SPOKEN = re.compile(r"([a-z0-9]+)(?:(:)|,|$)", re.IGNORECASE)
_STRAY = re.compile(r",([a-z_]+)=")
_YES, _NO = {"true", "yes", "on", "1", ""}, {"false", "no", "off", "0"}


@dataclass(frozen=True)
class Option:
    """One thing to choose; a form is made of these.

    Parameters
    ----------
    kind
        `choice` takes one of `choices`; `number` is a whole number, 0 or more.
    """

    name: str
    title: str
    help: str
    kind: Literal["text", "number", "flag", "choice"]
    default: Value
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A kind of data set, or of labels that the library's own music has.

    Parameters
    ----------
    layout
        One sentence: what a folder or file of this kind must look like.
    needs
        What `TaskSpec.path` is; with `nothing` it may still name a folder to look at instead of the library.
    task_kind
        What its tasks ask; `report` has none: it looks at the library as it is. `csv` and `field` may
        ask for tags as well.
    """

    kind: str
    title: str
    layout: str
    needs: Literal["folder", "file", "nothing"]
    task_kind: Literal["class", "tags", "playlists", "report"]
    options: tuple[Option, ...] = ()

    def option(self, name: str) -> Option:
        """The option of that name.

        Raises
        ------
        UserError
            There is none.
        """
        for option in self.options:
            if option.name == name:
                return option
        names = ", ".join(option.name for option in self.options)
        raise UserError(
            f"{self.title} has no option {name!r}.", f"It has: {names}." if names else "It has none."
        )


_GROUPS = ("auto", "album", "artist", "folder", "track")
_GROUP = Option(
    "group", "Keep together", "What is never both learned from and asked; auto: the album, else the track.",
    "choice", "auto", _GROUPS,
)  # fmt: skip
_FEWEST = Option(
    "fewest", "Fewest tracks", "Values that fewer tracks have are left out, and counted.", "number", 5
)
_AUDIO = Option("audio", "Music in", "The folder of the audio; empty: the library's own music.", "text", "")
_KIND = Option(
    "kind", "Asks for", "One class each, or any number of tags; auto: as most tracks have it.", "choice", "auto",
    ("auto", "class", "tags"),
)  # fmt: skip
FIELDS = ("genre", "artist", "album", "album_artist", "year", "label")
JAMENDO = ("genre", "instrument", "moodtheme", "top50tags")

SOURCES: tuple[Source, ...] = (
    Source(
        "fma", "FMA", "Numbered folders (000/000002.mp3 ...), with fma_metadata/tracks.csv in or beside them.",
        "folder", "class",
        (
            Option("subset", "Subset", "Which part; auto: as the folder is called, else small.", "choice", "auto",
                   ("auto", "small", "medium", "large", "full")),
            Option("metadata", "tracks.csv", "Where it is, if it is not found.", "text", ""),
        ),
    ),
    Source(
        "gtzan", "GTZAN", "One folder a genre (blues/blues.00000.wav ...), with train_filtered.txt and so on, if any.",
        "folder", "class",
        (
            Option("split", "Split", "By the fault-filtered lists, or drawn; auto: the lists where they are there.",
                   "choice", "auto", ("auto", "filtered", "grouped")),
            Option("lists", "Lists in", "The folder of the lists, if it is another one.", "text", ""),
        ),
    ),
    Source("irmas", "IRMAS", "One folder an instrument (cel/[cel][cla]0001__1.wav ...): the training part.",
           "folder", "class"),
    Source(
        "magnatagatune", "MagnaTagATune", "annotations_final.csv beside the folders 0 to f of clips.",
        "folder", "tags", (Option("top", "Tags", "How many of the most frequent tags.", "number", 50),),
    ),
    Source(
        "jamendo", "MTG-Jamendo", "autotagging_*.tsv with splits/split-0/*.tsv, and the audio (48/948.mp3 ...) below.",
        "folder", "tags",
        (
            Option("subset", "Tags", "Which tags; all: one task each.", "choice", "all", ("all", *JAMENDO)),
            Option("split", "Split", "Which of the official splits, 0 to 4.", "number", 0),
            Option("audio", "Audio in", "The folder of the audio, if it is another one.", "text", ""),
        ),
    ),
    Source(
        "msd", "Million Song Dataset, 50 tags",
        "train_, valid_ and test_x_msd_id.txt with train_, valid_ and test_y.npy; audio named by MSD id (TR....mp3).",
        "folder", "tags",
        (Option("audio", "Audio in", "The folder of the audio, if it is another one.", "text", ""),),
    ),
    Source(
        "aotm", "AOTM-2011 playlists", "The JSON file of playlists; tracks are found by artist and title.",
        "file", "playlists",
        (Option("category", "Categories", "Only these, with commas between; empty: all.", "text", ""), _AUDIO),
    ),
    Source("m3u", "Playlists", "A folder of .m3u and .m3u8 files, or one of them.", "folder", "playlists", (_AUDIO,)),
    Source(
        "csv", "Table of labels", "A CSV or TSV file with a column of paths or file names, and columns of labels.",
        "file", "class",
        (
            Option("file", "File column", "Its heading; empty: path, file, filename and the like.", "text", ""),
            Option("labels", "Label columns", "Their headings, with commas between; empty: label, genre and the like.",
                   "text", ""),
            _KIND,
            Option("split", "Split column", "Holds train, validation, test; empty: split, set and the like, if any.",
                   "text", ""),
            Option("group", "Group column", "What is kept together; empty: group, artist, recording and the like.",
                   "text", ""),
            Option("audio", "Music in", "The folder of the audio; empty: the table's folder if audio is there, "
                   "else the library's own music.", "text", ""),
        ),
    ),
    Source(
        "field", "A tag of my music", "The library's own music, by what its tags or labels say.", "nothing", "class",
        (
            Option("field", "Tag", "What is to be told; label: your own labels.", "choice", "genre", FIELDS),
            _KIND, _GROUP, _FEWEST,
        ),
    ),
    Source(
        "folders", "Folder names", "The library's own music, by the name of the folder that it lies in.",
        "nothing", "class",
        (
            Option("depth", "Folder", "1: the folder of the file, 2: the one around it, and so on.", "number", 1),
            _GROUP, _FEWEST,
        ),
    ),
    Source("albums", "Albums as playlists", "The library's own music: what is on one album belongs together.",
           "nothing", "playlists"),
    Source("report", "Report without labels", "The library's own music, as it is.", "nothing", "report"),
)  # fmt: skip


class TaskSpec(BaseModel):
    """Which tasks are meant: a kind, where it is, and what was chosen.

    Parameters
    ----------
    kind
        Of `SOURCES`.
    path
        As text with surrogate escapes; "" is the library's own music.
    options
        What differs from the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str = ""
    options: dict[str, Value] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Stable text of all that is chosen, defaults included."""
        known = next((source for source in SOURCES if source.kind == self.kind), None)
        defaults = {option.name: option.default for option in known.options} if known else {}
        return json.dumps([self.kind, self.path, defaults | self.options], sort_keys=True)

    @property
    def raw_path(self) -> bytes:
        """The path as the operating system spells it."""
        return paths.raw(self.path)

    def option(self, name: str) -> Value:
        """What was chosen, or the default.

        Raises
        ------
        UserError
            There is no such option, or its value cannot be.
        """
        option = source(self.kind).option(name)
        return _checked(option, self.options.get(name, option.default))

    def text(self, name: str) -> str:
        """`option`, for one that is a text or a choice."""
        return str(self.option(name)).strip()

    def number(self, name: str) -> int:
        """`option`, for one that is a number."""
        return int(self.option(name))

    @classmethod
    def parse(cls, text: str) -> TaskSpec:
        """The `KIND:PATH[,option=value...]` or `KIND[,option=value...]` of the command line; commas may be in PATH.

        Raises
        ------
        UserError
            No such kind or option, a value that cannot be, or no path where one is needed.
        """
        spoken = _SPOKEN.match(text)
        known = source(spoken[1].lower() if spoken else text)
        rest = text[spoken.end() :] if spoken else ""
        names = "|".join(re.escape(option.name) for option in known.options)
        pieces = re.split(rf"(?:^|,)({names})=", rest) if names else [rest]
        head = pieces[0]
        stray = _STRAY.search(head)
        if stray and not Path(head).exists():
            known.option(stray[1])  # says what there is
        options = {
            name: _checked(known.option(name), value)
            for name, value in zip(pieces[1::2], pieces[2::2], strict=True)
        }
        with_path = spoken is not None and bool(spoken[2])
        if head and not with_path:
            known.option(head.partition("=")[0])
        return checked(cls(kind=known.kind, path=_absolute(head) if head else "", options=options))


def source(kind: str) -> Source:
    """The kind of that name.

    Raises
    ------
    UserError
        There is none.
    """
    for each in SOURCES:
        if each.kind == kind:
            return each
    kinds = ", ".join(each.kind for each in SOURCES)
    raise UserError(f"There is no kind of data set called {kind[:80]!r}.", f"There are: {kinds}.")


def checked(spec: TaskSpec) -> TaskSpec:
    """`spec`, if it can be meant.

    Raises
    ------
    UserError
        No such kind or option, a value that cannot be, or no path where one is needed.
    """
    known = source(spec.kind)
    for name in spec.options:
        spec.option(name)
    if known.needs != "nothing" and not spec.path:
        raise UserError(
            f"{known.title} needs a {known.needs}.", f"Name it as {known.kind}:PATH. {known.layout}"
        )
    return spec


def _absolute(path: str) -> str:
    return paths.json_text(paths.raw(Path(path).expanduser()))


def _checked(option: Option, value: Value) -> Value:
    """`value` as the option's type; UserError where it cannot be one."""
    text = str(value).strip()
    if option.kind == "flag":
        if text.lower() not in _YES | _NO:
            raise UserError(f"{option.name} cannot be {text[:80]!r}.", "It is yes or no.")
        return text.lower() in _YES
    if option.kind == "number":
        number = float(text) if re.fullmatch(r"\d{1,9}(\.0*)?", text) else math.nan
        if math.isnan(number):
            raise UserError(f"{option.name} cannot be {text[:80]!r}.", "It is a whole number, 0 or more.")
        return int(number)
    if option.kind == "choice" and text not in option.choices:
        raise UserError(
            f"{option.name} cannot be {text[:80]!r}.", f"It is one of: {', '.join(option.choices)}."
        )
    return text
