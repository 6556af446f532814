"""What can be asked of encoders: the kinds of data sets and of labels there are, and what there is to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import UserError

Value = str | int | float | bool


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
    Source(
        "albums", "Albums as playlists", "The library's own music: what is on one album belongs together.",
        "nothing", "playlists",
        (Option("by", "An album is", "What the tags call an album, or what lies in one folder.", "choice", "tag",
                ("tag", "folder")),),
    ),
    Source("report", "Report without labels", "The library's own music, as it is.", "nothing", "report"),
)  # fmt: skip


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
