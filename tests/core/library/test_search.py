from __future__ import annotations

import random
import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import paths
from core.library import search
from core.library.records import Found, Read
from core.library.rows import SORTS
from core.library.store import Library
from core.library.text import fold, storable
from tests.library_tools import PLAN
from tests.shelf import encoder, vector

MUSIC = {
    "so what.flac": {"title": "So What", "artist": "Miles Davis", "album": "Kind of Blue", "genre": "Jazz",
                     "year": 1959, "seconds": 565.0, "codec": "flac", "track_number": 1, "disc_number": 1,
                     "sample_rate": 44100},
    "live.mp3": {"title": "So What (live)", "artist": "Miles Davis", "album": "In Person", "genre": "Jazz",
                 "year": 1961, "seconds": 300.0, "codec": "mp3", "track_number": 12, "channels": 1},
    "joga.ogg": {"title": "J\u00f3ga", "artist": "BJ\u00d6RK", "album": "Homogenic", "genre": "\u00c9lectro",
                 "year": 1997, "seconds": 304.9, "codec": "vorbis", "track_number": 2, "album_artist": "Bj\u00f6rk"},
    "nfd.opus": {"title": "Cafe\u0301", "artist": "\u0416\u0430\u043d\u043d\u0430", "album": "100% \u2014 a_b\\c",
                 "year": 2001, "seconds": 59.0, "codec": "opus"},
    "Stra\u00dfe 01.wav": {"title": "", "artist": "", "seconds": 7200.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(tmp_path_factory.mktemp("search") / "library.earmap")
    root = library.roots.add(b"/music")
    batch = [
        Found(name.encode(), "/music/" + ("Box Set" if i % 2 else "\u00dcbung"), name, i, i, tags=tags)
        for i, (name, tags) in enumerate(MUSIC.items())
    ]
    library.files.put(root.id, batch, {})
    record = encoder(library)
    reads = [
        Read(1, "ok", identity="A", vector=vector("A"), n_segments=1), Read(2, "failed", "Broken \u00c9."),
        Read(3, "partial", "Read 1 s of 2 s.", identity="B", vector=vector("B"), n_segments=1),
    ]  # fmt: skip
    library.files.record(reads, record.id, PLAN, "cpu", "float32")
    library.labels.set([1], "Sunday Morning")
    library.labels.set([1, 2], "caf\u00e9")
    return library


def names(library: Library, query: str, *sort: tuple[str, bool]) -> list[str]:
    ids = library.rows.order(1, PLAN, query, sort).tolist()
    short = {"so what.flac": "what", "live.mp3": "live", "joga.ogg": "joga", "nfd.opus": "nfd"}
    return [short.get(paths.display(row.path)[7:], "wav") for row in library.rows.page(1, PLAN, ids)]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "what live joga nfd wav"),
        ("   ", "what live joga nfd wav"),
        ("miles", "what live"),
        ("miles blue", "what"),
        ("MILES -live", "what"),
        ("-miles", "joga nfd wav"),
        ('"so what"', "what live"),
        ('"what so"', ""),
        ('"so what', "what live"),  # a phrase that is being typed
        ('-"so what"', "joga nfd wav"),
        ("1997", "joga"),
        ("flac", "what"),  # the name of the file
        # Case and accents say nothing, wherever the text stands and however it is spelled.
        ("bjork", "joga"),
        ("bj\u00f6rk", "joga"),
        ("BJO\u0308RK", "joga"),
        ("artist:bj\u00d6rk", "joga"),
        ("artist:bjork", "joga"),
        ("cafe", "nfd"),
        ("CAF\u00c9", "nfd"),
        ("title:caf\u00e9", "nfd"),
        ("\u0436\u0410\u041d\u041d\u0410", "nfd"),
        ("artist:\u0436\u0430\u043d\u043d\u0430", "nfd"),
        ("strasse", "wav"),
        ("file:STRASSE", "wav"),
        ("title:strasse", "wav"),  # an untitled file is called by its name
        ("folder:ubung", "what joga wav"),
        ('folder:"box set"', "live nfd"),
        ("label:CAFE", "what joga"),
        ('label:"sunday m"', "what"),
        ("reason:\u00c9.", "live"),
        # Fields
        ("artist:davis", "what live"),
        ("artist:blue", ""),
        ("albumartist:bjork", "joga"),
        ("ALBUM:blue", "what"),
        ("format:mp3", "live"),
        ('title:""', "wav"),
        ('-title:""', "what live joga nfd"),
        ("artist:", "what live joga nfd wav"),  # its value is still being typed
        ("artist: davis", "what live"),
        ("-artist:", "what live joga nfd wav"),
        ("nonsense:davis", ""),
        ("state:embedded", "what"),
        ("state:PARTIAL", "joga"),
        ("state:failed", "live"),
        ("state:pending", "nfd wav"),
        ("state:skipped", ""),
        ("-state:pending", "what live joga"),
        ("state:offline", ""),
        ("state:nonsense", ""),
        # Numbers
        ("year:1959", "what"),
        ("year:1955..1965", "what live"),
        ("year:1955-1965", "what live"),
        ("year:1960..", "live joga nfd"),
        ("year:..1960", "what"),
        ("year:<1961", "what"),
        ("year:<=1961", "what live"),
        ("-year:1959", "live joga nfd wav"),  # also what has no year
        ("year:..", ""),
        ("year:abc", ""),
        ("year:nan", ""),
        ("year:inf", ""),
        ("length:>5:00", "what joga wav"),
        ("length:5:00", "live"),
        ("length:304", "joga"),
        ("length:0:59", "nfd"),
        ("length:1:00:00..3:00:00", "wav"),
        ("length:>99999999999999999999:00:00", ""),
        ("track:12", "live"),
        ("disc:1", "what"),
        ("rate:44100", "what"),
        ("channels:1", "live"),
        # Letters that mean something to SQL or to LIKE
        ("100%", "nfd"),
        ("a_b", "nfd"),
        ("a\\c", ""),
        ("b\\c", "nfd"),
        ("%", "nfd"),
        ("_", "nfd"),
        ("\\", "nfd"),
        ("'", ""),
        ("--", "what live joga nfd wav"),  # without a hyphen
        (":ids", ""),
        ("artist:%", ""),
        ("\U0001f600", ""),
        ("\ud800", ""),
        ("da\0vis", "what live"),
    ],
)
def test_what_a_search_finds(library: Library, query: str, wanted: str) -> None:
    assert " ".join(names(library, query)) == wanted


WORDS = st.sampled_from([
    "miles", '"', "'", "%", "_", "\\", "-", ":", "..", ">", "<=", "OR", "AND", "NOT", ";--", "DROP TABLE file", "NULL",
    ")", "(", "artist:", "year:", "length:", "label:", "state:", "state:embedded", "1e999", "nan", "9:99:99", "\0",
    "\ud800", "\udcff", ":q0", ":encoder", "?", "{}", "\n", "\u0130", "\ufb03", "9" * 40, "x" * 60_000,
])  # fmt: skip
QUERIES = st.one_of(st.text(st.characters(codec=None), max_size=60), st.lists(WORDS, max_size=12).map("".join),
                    st.lists(WORDS, max_size=12).map(" ".join))  # fmt: skip
SORTED = st.lists(st.tuples(st.sampled_from(sorted(SORTS)), st.booleans()), max_size=5)


@settings(max_examples=300)
@given(QUERIES, SORTED)
def test_no_search_and_no_sort_raises(library: Library, query: str, sort: list[tuple[str, bool]]) -> None:
    ids = library.rows.order(1, PLAN, query, sort).tolist()
    assert len(ids) == len(set(ids))
    assert set(ids) <= {1, 2, 3, 4, 5}


def test_a_very_long_search_is_cut_and_answers(library: Library) -> None:
    assert names(library, "miles " * 10_000) == ["what", "live"]
    assert names(library, "-nothing " * 10_000) == ["what", "live", "joga", "nfd", "wav"]
    assert names(library, "x" * 200_000) == []


@given(st.text(st.characters(codec=None)))
def test_text_that_is_stored_comes_back(text: str) -> None:
    kept = storable(text)
    kept.encode()
    assert "\0" not in kept
    assert storable(kept) == kept
    if text.isprintable():
        assert kept == text


@settings(max_examples=300)
@given(
    st.text(
        st.sampled_from("aA\u00e1\u00c1\u0301b\u00df\u0130i\u0131\ufb01\uff21\u0416\u0436\uac00\u304c 1"),
        max_size=8,
    )
)
def test_folding_knows_no_case_and_no_spelling(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == folded
    if "\u0131" not in text and "\u0130" not in text:  # Turkish has a dotless i, whose capital is everybody's
        assert fold(text.upper()) == fold(text.lower()) == folded


def test_plain_text_is_only_lowered() -> None:
    letters = "".join(random.Random(1).choices(string.printable, k=500))
    assert fold(letters) == letters.lower() == letters.casefold()


def test_every_state_that_is_shown_can_be_searched_for() -> None:
    assert {"embedded", "partial", "failed", "skipped", "pending"} <= set(search.STATES)
