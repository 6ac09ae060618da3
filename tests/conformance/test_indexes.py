"""What every index must do, over every index adapter."""

import gc
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cairn.adapters.indexes import local, lookup, memory, words
from cairn.adapters.indexes import names as names_
from cairn.adapters.indexes.analysis import normalise, plain_number
from cairn.adapters.indexes.terms import terms
from cairn.errors import Invalid
from cairn.protocols import Index
from cairn.records import Entry, Hits, Holding, Positions, Scope
from cairn.types import Filters

DIMENSIONS = 16
DAY = datetime(2024, 5, 1, tzinfo=UTC)
Open = Callable[..., Index]


@pytest.fixture(params=["local"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open an index once more on the same data, closed at the end."""
    loaders = {"local": local.load}
    found: list[Index] = []

    def open_(writable: bool = False, folder: Path = tmp_path / "index") -> Index:
        load = loaders[request.param]
        found.append(load("", folder=folder, model="m", dimensions=DIMENSIONS, writable=writable))
        return found[-1]

    yield open_
    for each in found:
        each.close()


@pytest.fixture
def index(opened: Open) -> Index:
    return opened(writable=True)


def entry(passage: int, text: str = "a house by the sea", *, context: str = "", **changes: Any) -> Entry:
    plain = Entry(
        passages=(passage,),
        document=passage,
        source=1,
        access_class=1,
        media_type="text/html",
        modified=DAY,
        language="en",
        tags=(),
        name="",
        opening="",
        texts=((context, text),),
    )
    return replace(plain, **changes)


def scope(classes: set[int] | None = None, documents: set[int] | None = None, **filters: Any) -> Scope:
    return Scope(
        classes=None if classes is None else frozenset(classes),
        filters=Filters(**filters),
        documents=None if documents is None else frozenset(documents),
    )


def unit(*seeds: int) -> NDArray[np.float32]:
    rows = np.array([np.random.default_rng(seed).standard_normal(DIMENSIONS) for seed in seeds])
    units: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def write(index: Index, entries: list[Entry], position: int = 1, removed: tuple[int, ...] = ()) -> None:
    index.write_words(removed, entries, position)
    index.write_vectors(removed, {}, entries, _vectors(entries), position)


def _vectors(entries: list[Entry]) -> NDArray[np.float32]:
    return unit(*(each.passages[0] for each in entries)) if entries else np.empty((0, DIMENSIONS), np.float32)


def ids(hits: Hits) -> list[int]:
    return [int(each) for each in hits.passages]


def both(index: Index, within: Scope, query: str = "house", k: int = 10) -> tuple[list[int], list[int]]:
    """Return the passages either view finds, in their order of numbers."""
    return sorted(ids(index.words(query, within, k))), sorted(ids(index.vectors(unit(0)[0], within, k)))


def test_what_is_written_is_found(index: Index) -> None:
    write(index, [entry(1, "a house by the sea"), entry(2, "the road to the hills")], position=7)
    assert ids(index.words("Houses", scope(), 5)) == [1]
    assert ids(index.vectors(unit(2)[0], scope(), 1)) == [2]
    assert index.vectors(unit(2)[0], scope(), 1).scores[0] == pytest.approx(1, abs=0.002)
    assert index.positions() == Positions(7, 7)


def test_hits_are_typed_and_best_first(index: Index) -> None:
    write(index, [entry(1, "house and garden and garden and tree"), entry(2, "house house")])
    for hits in (index.words("house", scope(), 5), index.vectors(unit(3)[0], scope(), 5)):
        assert hits.passages.dtype == np.int64 and hits.scores.dtype == np.float32
        assert hits.passages.shape == hits.scores.shape == (2,)
        assert hits.scores[0] >= hits.scores[1]


def test_nothing_is_found_in_nothing(opened: Open, index: Index) -> None:
    for each in (index, opened(writable=False), opened(writable=False, folder=Path("/nowhere/at/all"))):
        assert both(each, scope()) == ([], [])
        assert each.positions() == Positions(0, 0)


def test_equal_scores_are_ordered_by_passage(index: Index) -> None:
    entries = [entry(passage) for passage in range(60, 0, -1)]
    index.write_words([], entries[:30], 1)
    index.write_words([], entries[30:], 2)
    index.write_vectors([], {}, entries[:30], np.repeat(unit(5), 30, axis=0), 1)
    index.write_vectors([], {}, entries[30:], np.repeat(unit(5), 30, axis=0), 2)
    assert ids(index.words("house", scope(), 7)) == [1, 2, 3, 4, 5, 6, 7]
    assert ids(index.vectors(unit(5)[0], scope(), 7)) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("visible", [{7}, set(range(1, 40)), set(range(3, 3000))])
def test_access_is_filtered_before_ranking(index: Index, visible: set[int]) -> None:
    entries = [entry(number, access_class=number % 50) for number in range(1, 2001)]
    write(index, entries)
    expected = {each.passages[0] for each in entries if each.access_class in visible}
    words, vectors = both(index, scope(visible), k=40)
    assert len(words) == len(vectors) == 40
    assert set(words) <= expected and set(vectors) <= expected
    words, vectors = both(index, scope(visible), k=5000)
    assert set(words) == set(vectors) == expected


def test_no_class_sees_nothing_and_unknown_classes_neither(index: Index) -> None:
    write(index, [entry(1)])
    for classes in (set[int](), {2, 99_999_999, -1}):
        assert both(index, scope(classes)) == ([], [])
    assert both(index, scope(), k=0) == ([], [])


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"sources": (1,)}, [1, 2]),
    ({"sources": (1, 2)}, [1, 2, 3]),
    ({"types": ("text/html",)}, [1]),
    ({"types": ("text",)}, [1, 2]),
    ({"types": ("application/pdf", "text/plain")}, [2, 3]),
    ({"types": ("image",)}, []),
    ({"after": DAY}, [2, 3]),
    ({"before": DAY}, [1]),
    ({"after": DAY, "before": DAY + timedelta(days=1)}, [2]),
    ({"tags": ("red",)}, [1, 2]),
    ({"tags": ("red", "big")}, [2]),
    ({"tags": ("r",)}, []),
    ({"languages": ("de",)}, [2]),
    ({"languages": ("de", "en")}, [1, 2]),
    ({"documents": {1, 3, 77}}, [1, 3]),
    ({"documents": {*range(2, 400)}}, [2, 3]),
    ({"documents": set()}, []),
    ({"sources": (1,), "tags": ("big",), "documents": {2, 3}}, [2]),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters(index: Index, filters: dict[str, Any], expected: list[int]) -> None:
    write(
        index,
        [
            entry(1, "house", modified=DAY - timedelta(seconds=1), tags=("red",)),
            entry(
                2,
                "House",
                media_type="text/plain; charset=utf-8",
                language="de",
                modified=DAY,
                tags=("big", "red"),
            ),
            entry(
                3,
                "house",
                media_type="application/pdf",
                source=2,
                language=None,
                modified=DAY + timedelta(days=9),
            ),
        ],
    )
    assert both(index, scope(**filters), "house") == (expected, expected)
    assert both(index, scope({1}, **filters), "house") == (expected, expected)


def test_filters_do_not_change_scores(index: Index) -> None:
    write(index, [entry(1, "house sea"), entry(2, "house sea sea", source=2)])
    plain = index.words("house sea", scope(), 5)
    narrow = index.words("house sea", scope({1}, sources=(1, 2), types=("text",)), 5)
    assert ids(plain) == ids(narrow)
    assert plain.scores == pytest.approx(narrow.scores)


def test_removal_and_replacement(index: Index) -> None:
    write(index, [entry(1, document=1), entry(2, document=1), entry(3, document=2)])
    write(index, [entry(9, document=1)], removed=(1, 55), position=2)
    assert both(index, scope()) == ([3, 9], [3, 9])
    write(index, [], removed=(1, 2), position=3)
    assert both(index, scope()) == ([], [])
    assert index.positions() == Positions(3, 3)


def test_regranting_moves_no_vector(index: Index) -> None:
    write(index, [entry(1, document=1), entry(2, document=2), entry(3, document=3, access_class=3)])
    before = index.vectors(unit(0)[0], scope({1, 3}), 5)
    index.write_vectors([3], {1: 4, 3: 4, 77: 4}, [], np.empty((0, DIMENSIONS), np.float32), 2)
    assert both(index, scope({1}))[1] == [2]
    assert both(index, scope({4}))[1] == [1]
    kept = index.vectors(unit(0)[0], scope({1, 4}), 5)
    assert (
        dict(zip(ids(kept), kept.scores, strict=True)).items()
        <= dict(zip(ids(before), before.scores, strict=True)).items()
    )


def test_many_small_writes_lose_nothing(index: Index) -> None:
    for number in range(1, 60):
        write(index, [entry(number)], position=number, removed=(number - 20,))
    expected = list(range(40, 60))
    assert both(index, scope(), k=100) == (expected, expected)
    assert all(ids(index.vectors(unit(number)[0], scope(), 1)) == [number] for number in expected)


def test_large_writes_and_small_ones(index: Index) -> None:
    index.write_words([], map(entry, range(1, 6_000)), 1)
    index.write_words([7], [entry(6_000)], 2)
    index.write_words([8, 6_000], map(entry, range(6_001, 12_000)), 3)
    found = ids(index.words("house", scope(), 20_000))
    assert found == sorted({*range(1, 12_000)} - {7, 8, 6_000})
    assert index.positions().words == 3


NUMBERS = [
    ("revenue of 1,234.5 million", "1234.5"),
    ("revenue of 1234.5 million", "1,234.5"),
    ("Umsatz 1.234,5 Mio", "1,234.5"),
    ("in all 12,345,678 shares", "12345678"),
    ("Result | (1,234) | 310", "-1,234"),
    ("Result | -1234 | 310", "(1,234)"),
    ("a share of 12 % of the beds", "12%"),
    ("a share of 12% of the beds", "12 %"),
    ("a share of 12.5 % of the beds", "12.5%"),
    ("the year FY2018", "FY2018"),
    ("the year FY2018", "2018"),
    ("the year FY2018", "fy 2018"),
    ("the year FY 2018", "FY2018"),
    ("form 10-K of the year", "10-K"),
    ("form 10-K of the year", "10k"),
    ("form 10K of the year", "10-k"),
    ("order PRC-2024-017.", "prc-2024-017"),
    ("order PRC-2024-017.", "PRC2024017"),
    ("order PRC-2024-017.", "017"),
    ("order PRC-2024-017.", "prc"),
    ("\uff26\uff39\uff12\uff10\uff11\uff18 in full width", "fy2018"),
]


@pytest.mark.parametrize(("text", "query"), NUMBERS)
def test_numbers_and_identifiers(index: Index, text: str, query: str) -> None:
    index.write_words([], [entry(1, "nothing of it"), entry(2, text)], 1)
    assert ids(index.words(query, scope(), 5)) == [2]


def test_whole_identifiers_come_first(index: Index) -> None:
    texts = ["item 017 of 2024", "PRC-2024-017", "PRC and 2024 and 017", "PRC-2024-018"]
    index.write_words([], [entry(number, text) for number, text in enumerate(texts, 1)], 1)
    assert ids(index.words("PRC-2024-017", scope(), 5))[0] == 2


LANGUAGES = [
    ("de", "Die Häuser stehen am Fluss", "Haus"),
    ("de", "Die Häuser stehen am Fluss", "hausern"),
    ("de-AT", "Die Straße ist lang", "strasse"),
    ("en", "They were running", "run"),
    ("fr", "la société générale", "societe"),
    ("ru", "красивые дома", "дом"),
    ("ja", "東京都の猫は可愛い", "京都"),
    ("ja", "東京都の猫は可愛い", "猫"),
    (None, "東京都の猫は可愛い", "東京の猫"),
    ("zh", "人工智能正在改变世界", "智能"),
    ("ko", "서울특별시에서", "특별시"),
    ("th", "สวัสดีชาวโลก", "ชาวโลก"),
    ("ja", "新製品 Walkman を発売 FY2018", "walkman"),
    ("ja", "売上2018年", "2018"),
    ("en", "The word 東京都 means a city", "東京"),
    ("en", "The word 東京都 means a city", "cities"),
    ("xx", "Łódź café", "lodz cafe"),
    (None, "Houses", "houses"),
]


@pytest.mark.parametrize(("language", "text", "query"), LANGUAGES)
def test_languages(index: Index, language: str | None, text: str, query: str) -> None:
    index.write_words([], [entry(1, "x", language="en"), entry(2, text, language=language)], 1)
    assert ids(index.words(query, scope(), 5)) == [2]


def test_context_and_name_are_found_but_weigh_less(index: Index) -> None:
    entries = [
        entry(1, "x", context="Annual report"),
        entry(2, "x", name="annual.pdf"),
        entry(3, "annual meeting"),
    ]
    index.write_words([], entries, 1)
    found = ids(index.words("annual", scope(), 5))
    assert sorted(found) == [1, 2, 3] and found[0] == 3


@pytest.mark.parametrize("classes", [None, {1}])
def test_words_near_each_other_say_more(index: Index, classes: set[int] | None) -> None:
    texts = [
        "cash was short and one other flow",
        "one other was short and cash flow",
        "one other and short cash of flow",
        "flow was short and one other cash",
    ]
    write(index, [entry(number, text) for number, text in enumerate(texts, 1)])
    hits = index.words("cash flow", scope(classes), 10)
    assert ids(hits) == [2, 3, 1, 4]
    assert hits.scores[0] == hits.scores[1] > hits.scores[2] == hits.scores[3]
    around = index.words("cash otter flow", scope(classes), 10, without=("otter",))
    assert len({*around.scores.tolist()}) == 1, (
        "what stands around a word that is left out is not near each other"
    )


def test_rare_and_common_words_near_each_other_score_the_same(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["grey heron by the sea", "a heron, grey as the sea", "sea and heron", "grey sea, heron by night"]
    index.write_words([], [entry(number, text) for number, text in enumerate(texts, 1)], 1)
    found = []
    for rare in (0, 2, 3, 100):
        monkeypatch.setattr(words, "RARE_PAIR", rare)
        hits = index.words("grey heron by the sea at night", scope(), 10)
        found.append((ids(hits), hits.scores.tolist()))
    assert len(found[0][0]) == 4
    for numbers, scores in found[1:]:
        assert numbers == found[0][0] and scores == pytest.approx(found[0][1])


def test_what_a_word_is_about_is_told_by_samples(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of few are looked at; of many some, as long as those tell, and what nobody sees counts nowhere."""
    own = [entry(n, "heron", access_class=n % 2) for n in range(1, 41)]
    index.write_words([], own, 1)
    names, half = index.names, scope({1})
    for narrow in (False, True):  # for who sees little, the engine sorts out what that is
        monkeypatch.setattr(words.Words, "prefilters_best", lambda *_, narrow=narrow: narrow)
        for samples in ((8, 20), (100,)):
            monkeypatch.setattr(names_, "SAMPLES", samples)
            about = names.holding(["heron"], range(1, 40, 2), half, 0.7)
            assert about is not None and (about.everywhere, about.there) == (20, 20)
        monkeypatch.setattr(names_, "SAMPLES", (8, 20))
        assert names.holding(["heron"], [1], half, 0.7) is None
        assert names.holding(["heron"], range(2, 41, 2), half, 0.7) is None


def long(document: int, name: str, opening: str, access_class: int = 1) -> Entry:
    numbers = tuple(range(document * 10, document * 10 + 4))
    texts = tuple(("", f"{opening} on page {number}") for number in numbers)
    return entry(
        document,
        passages=numbers,
        texts=texts,
        name=name,
        opening=opening,
        access_class=access_class,
    )


def test_a_long_document_is_called_by_its_name_and_by_its_first_words(index: Index) -> None:
    opening = "Report to the shareholders of Best Buy & Co. for 2018"
    short = entry(3, "Best Buy", name="Best Buy", opening="Best Buy")
    held = [long(1, "scan 001", opening), long(2, "BESTBUY_2019Q2", "Nothing"), short]
    index.write_words([], [*held, long(4, "Best Buy", "Secret heron", access_class=2)], 1)
    names, seen = index.names, scope({1})
    assert names.documents(seen) == 2 and names.split("the Best Buy, FY18?") == ["", "best", "buy", "2018"]
    assert [set(one) for one in names.called([["best", "buy"], ["2019"]], seen)] == [{2}, {2}]
    beginning = [["best", "buy"], ["bestbuy"], ["shareholders"], ["report"]]
    assert [set(one) for one in names.called(beginning, seen, opening=True)] == [{1}] * 4
    across = [["report", "shareholders"], ["shareholders", "best"], ["co", "2018"], ["buy", "co", "2018"]]
    assert not any(names.called(across, seen, opening=True))
    (unseen,), (other,) = (names.called([["heron"]], each, opening=True) for each in (seen, scope({2})))
    assert not unseen and other
    there = names.holding(["shareholders"], {1}, seen, 0.7)
    assert there is not None and there.everywhere == there.there == 4


@pytest.mark.parametrize("most", [0, memory.MOST])
def test_names_are_those_of_the_last_commit(index: Index, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """What words name is kept, and nobody who asks again or after a change can tell."""
    monkeypatch.setattr(memory, "MOST", most)
    names, seen = index.names, scope({1})

    def told() -> tuple[set[int], Holding | None, int, list[int]]:
        documents = set(names.called([["heron"]], seen)[0])
        found = index.words("heron", seen, 20)
        return documents, names.holding(["heron"], documents, seen, 0.7), names.documents(seen), ids(found)

    index.write_words([], [long(1, "Heron", "heron"), long(2, "Heron", "heron", access_class=2)], 1)
    for _ in range(2):
        assert told() == ({1}, Holding(4, 4), 1, [10, 11, 12, 13])
    index.write_words([1], [long(3, "Heron", "heron"), long(4, "Otter", "heron")], 2)
    for _ in range(2):
        assert told() == ({3}, Holding(8, 4), 2, [30, 31, 32, 33, 40, 41, 42, 43])


def test_a_document_is_found_by_each_of_its_passages(index: Index) -> None:
    texts = (("Rivers", "an otter"), ("Lakes", "a heron"), ("Hills", "a hare"))
    long = entry(1, document=1, access_class=2, passages=(1, 2, 3), texts=texts)
    plain = [entry(4, "a heron", document=2), long, entry(5, "an otter", document=3, access_class=2)]
    index.write_words([], plain, 1)
    index.write_vectors([], {}, plain, unit(4, 1, 2, 3, 5), 1)
    for asked, expected in (("heron", [2, 4]), ("otter rivers", [1, 5]), ("hills", [3])):
        assert sorted(ids(index.words(asked, scope(), 5))) == expected
    assert ids(index.words("heron", scope({2}), 5)) == [2]
    for passage in (1, 2, 3, 4, 5):
        assert ids(index.vectors(unit(passage)[0], scope(), 1)) == [passage]
    assert ids(index.vectors(unit(2)[0], scope(documents={2, 3}), 1)) != [2]
    index.write_vectors([], {1: 7}, [], np.empty((0, DIMENSIONS), np.float32), 2)
    assert sorted(ids(index.vectors(unit(2)[0], scope({7}), 9))) == [1, 2, 3]


def test_stop_words_alone_are_looked_for(index: Index) -> None:
    index.write_words([], [entry(1, "to be or not to be"), entry(2, "a ship")], 1)
    assert ids(index.words("to be or not", scope(), 5)) == [1]


HOSTILE = [
    'AND "(',
    "body_en:house",
    "house~2 OR *",
    "\0",
    "\ud800",
    "",
    " ",
    "...",
    "😀",
    "\\",
    "a" * 100_000,
]


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_queries_are_just_characters(index: Index, query: str) -> None:
    write(index, [entry(1)])
    assert len(index.words(query, scope({1}), 5).passages) <= 1
    assert ids(index.words(f"house {query}", scope({1}), 5)) == [1]


def test_hostile_texts_are_stored(index: Index) -> None:
    entries = [entry(number, f"{text} house", tags=(text,)) for number, text in enumerate(HOSTILE, 1)]
    write(index, entries)
    assert both(index, scope(), k=50) == ([each.passages[0] for each in entries],) * 2
    assert both(index, scope(tags=("\ud800",))) == ([5], [5])


def test_scores_tell_nothing_of_words_out_of_sight(opened: Open) -> None:
    seen = [
        entry(1, "heron pair by the lake"),
        entry(2, "an otter by the river"),
        entry(3, "heron and otter"),
    ]
    told = []
    for word in ("heron", "badger"):
        index = opened(writable=True)
        index.reset()
        hidden = [entry(number, f"the {word} pair", access_class=2) for number in range(4, 40)]
        write(index, [*seen, *hidden])
        hits = index.words("heron pair or otter lake", scope({1}), 10)
        told.append((ids(hits), [round(float(score), 5) for score in hits.scores]))
        index.close()
    assert told[0] == told[1] and len(told[0][0]) == 3


def test_long_queries(index: Index) -> None:
    index.write_words([], [entry(1, "rare bird"), entry(2, "word1 word2 bird")], 1)
    assert ids(index.words("rare " + " ".join(f"word{n}" for n in range(10_000)), scope(), 5)) == [2, 1]


def test_vectors_of_another_shape_are_refused(index: Index) -> None:
    for vector in (np.zeros(3, np.float32), np.zeros((1, DIMENSIONS), np.float32)):
        with pytest.raises(Invalid, match="dimensions"):
            index.vectors(vector, scope(), 5)
    with pytest.raises(Invalid, match="dimensions"):
        index.write_vectors([], {}, [entry(1)], np.zeros((2, DIMENSIONS), np.float32), 1)
    write(index, [entry(1)])
    assert ids(index.vectors(np.zeros(DIMENSIONS, np.float32), scope(), 5)) == []
    assert ids(index.vectors(np.full(DIMENSIONS, np.nan, np.float32), scope(), 5)) == []


def test_a_reader_may_not_write(index: Index, opened: Open) -> None:
    reader = opened(writable=False)
    with pytest.raises(Invalid, match="reading"):
        reader.write_words([], [], 1)
    with pytest.raises(Invalid, match="reading"):
        reader.write_vectors([], {}, [], np.empty((0, DIMENSIONS), np.float32), 1)


def test_another_reader_sees_what_is_written(index: Index, opened: Open) -> None:
    reader = opened(writable=False)
    assert both(reader, scope()) == ([], [])
    for number in range(1, 25):
        write(index, [entry(number)], position=number)
        assert both(reader, scope(), k=100) == (list(range(1, number + 1)),) * 2
        assert reader.positions() == Positions(number, number)


@pytest.mark.parametrize("written", [1, 6_000])
def test_a_failing_write_changes_nothing(index: Index, written: int) -> None:
    def entries() -> Iterator[Entry]:
        yield from map(entry, range(2, 2 + written))
        raise RuntimeError("the journal is gone")

    write(index, [entry(1)], position=5)
    with pytest.raises(RuntimeError, match="journal"):
        index.write_words([1], entries(), 6)
    assert both(index, scope()) == ([1], [1])
    assert index.positions() == Positions(5, 5)
    write(index, [entry(3)], position=6)
    assert both(index, scope()) == ([1, 3], [1, 3])


def test_reset_begins_again_from_nothing(index: Index, opened: Open) -> None:
    reader = opened(writable=False)
    for position in (4, 5):
        write(index, [entry(position), entry(2)], position)
        assert both(reader, scope()) == ([2, position], [2, position])
        index.reset()
        for each in (index, reader):
            assert both(each, scope()) == ([], [])
            assert each.positions() == Positions(0, 0)
    with pytest.raises(Invalid, match="reading"):
        reader.reset()


def test_what_was_written_survives_reopening(index: Index, opened: Open) -> None:
    write(index, [entry(1)], position=5)
    index.close()
    again = opened(writable=True)
    assert again.positions() == Positions(5, 5)
    write(again, [entry(2)], position=6)
    assert both(again, scope()) == ([1, 2], [1, 2])


def test_searches_during_writes_see_whole_states(index: Index) -> None:
    """Each write replaces document 1: a search sees exactly one of its versions, never none or two."""
    write(index, [entry(number, document=1) for number in (100, 101, 102)])
    problems: list[object] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                for found in both(index, scope({1})):
                    if len(found) != 3 or len({each // 100 for each in found}) != 1:
                        problems.append(found)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for version in range(2, 25):
        numbers = [version * 100 + each for each in range(3)]
        write(index, [entry(each, document=1) for each in numbers], position=version, removed=(1,))
    done.set()
    for thread in threads:
        thread.join()
    assert problems == []


def _torn(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size:
            yield path.relative_to(folder), 0
            yield path.relative_to(folder), path.stat().st_size // 2


def test_torn_folders_open_empty_or_old(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    index = local.load("", folder=whole, model="m", dimensions=DIMENSIONS, writable=True)
    write(index, [entry(1), entry(2)], position=3)
    write(index, [entry(3)], position=4)
    index.close()
    for number, (path, size) in enumerate(_torn(whole)):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        with (folder / path).open("r+b") as file:
            file.truncate(size)
        for writable in (False, True):
            torn = local.load("", folder=folder, model="m", dimensions=DIMENSIONS, writable=writable)
            full = {0: [], 4: [1, 2, 3]}
            words, vectors, *_ = torn.positions()
            assert both(torn, scope()) == (full[words], full[vectors]), path
            assert 4 in (words, vectors), "one view's damage is not the other's"
        write(torn, [entry(number) for number in (1, 2, 3)], position=9, removed=(1, 2, 3))
        assert both(torn, scope()) == ([1, 2, 3], [1, 2, 3]), path
        torn.close()


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    index = local.load("", folder=tmp_path, model="m", dimensions=DIMENSIONS, writable=True)
    write(index, [entry(1)], position=3)
    index.close()
    (tmp_path / "words-0").mkdir()
    for path in [*tmp_path.glob("*/*.codes.npy"), *tmp_path.glob("*/*.idx")]:
        path.unlink()
    index = local.load("", folder=tmp_path, model="m", dimensions=DIMENSIONS, writable=True)
    assert index.positions() == Positions(0, 0)
    assert not (tmp_path / "words-0").exists()
    index.close()
    other = local.load("", folder=tmp_path, model="m", dimensions=DIMENSIONS * 2, writable=True)
    assert other.positions() == Positions(0, 0)
    other.close()


def test_sets_of_classes_that_nobody_reads_by_any_more_are_let_go(index: Index) -> None:
    write(index, [entry(1)])
    for first in range(60):
        found = index.words("house", scope(set(range(first, first + 50_000))), 10)
        assert ids(found) == ([1] if first < 2 else [])
    kept = [one for one in gc.get_objects() if isinstance(one, frozenset) and len(one) == 50_000]
    assert 1 <= len(kept) <= 20


def test_the_local_index_takes_no_argument(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="write: local"):
        local.load("x", folder=tmp_path, model="m", dimensions=4, writable=False)


def test_normalise_is_stable_on_plain_words() -> None:
    assert normalise("A house, by the sea; e-mail.") == "A house, by the sea; e-mail."
    assert normalise("2,018 and 1,234.5") == "2018 and 1234p5 1234 5"


@given(st.text("0123456789.,-+$%()[]*'\";:", min_size=1, max_size=24))
def test_a_number_told_at_sight_is_spelt_as_any_other_word(word: str) -> None:
    spelt = re.sub(r"[^0-9a-z ]", " ", normalise(word)).split()
    assert plain_number(word).split() in ([], spelt)
    assert terms([word], "en").split() == spelt


WORDS = st.sampled_from(
    ["house", "(sea)", "FY18", "1,234.5", "INV-2024-017", "Straße", "l’eau", "12\x0134", "ﬁne\xa05"]
)
SPOKEN = st.lists(WORDS | st.text(max_size=8), max_size=12).map(" ".join)


@pytest.mark.parametrize(("bits", "pool"), [(lookup.BITS, lookup.POOL), (2, 200)])
@given(texts=st.lists(SPOKEN | st.text(max_size=40), max_size=6))
def test_looking_words_up_together_is_as_reading_them_one_by_one(
    texts: list[str], bits: int, pool: int
) -> None:
    """Also where words share a place in the table, and where the terms remembered are too many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "BITS", bits)
        patch.setattr(lookup, "POOL", pool)
        read = lookup.Lookup(lambda word, name: terms([word], name))
        for name in ("en", "de", "en"):
            assert [found.split() for found in read(texts, name)] == [
                terms(text.split(), name).split() for text in texts
            ]


TEXTS = st.lists(st.sampled_from(["house", "sea", "ship", "sun"]), min_size=1, max_size=6).map(" ".join)
LIBRARY = st.lists(st.tuples(st.integers(0, 5), TEXTS), min_size=1, max_size=40)


@settings(max_examples=30, deadline=None)
@given(library=LIBRARY, classes=st.frozensets(st.integers(0, 6)), k=st.integers(1, 12))
def test_results_equal_brute_force(library: list[tuple[int, str]], classes: frozenset[int], k: int) -> None:
    entries = [entry(number, text, access_class=each) for number, (each, text) in enumerate(library, 1)]
    visible = {each.passages[0] for each in entries if each.access_class in classes}
    with tempfile.TemporaryDirectory() as folder:
        index = local.load("", folder=Path(folder), model="m", dimensions=DIMENSIONS, writable=True)
        write(index, entries)
        everything = index.words("house sea", scope(set(classes)), len(entries))
        holding = {each.passages[0] for each in entries if {"house", "sea"} & set(each.texts[0][1].split())}
        assert set(ids(everything)) == visible & holding
        assert ids(index.words("house sea", scope(set(classes)), k)) == ids(everything)[:k]
        _check_vectors(index, entries, visible, set(classes), k)
        index.close()


def _check_vectors(index: Index, entries: list[Entry], visible: set[int], classes: set[int], k: int) -> None:
    query = unit(0)[0]
    exact = dict(
        zip((each.passages[0] for each in entries), (_vectors(entries) @ query).tolist(), strict=True)
    )
    hits = index.vectors(query, scope(classes), k)
    best = sorted((exact[each] for each in visible), reverse=True)[:k]
    assert set(ids(hits)) <= visible
    assert hits.scores.tolist() == pytest.approx(best, abs=0.02)
    assert [exact[each] for each in ids(hits)] == pytest.approx(best, abs=0.02)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_recall_on_unit_vectors(index: Index, share: float) -> None:
    """Above a few rows faiss scans codes; nearly all of the true nearest are still found."""
    random = np.random.default_rng(3)
    centres = random.standard_normal((50, DIMENSIONS))
    rows = centres[random.integers(0, 50, 30_000)] + random.standard_normal((30_000, DIMENSIONS))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    entries = [entry(number, access_class=int(random.random() < share)) for number in range(len(rows))]
    index.write_vectors([], {}, entries[:20_000], rows[:20_000], 1)
    index.write_vectors([], {}, entries[20_000:], rows[20_000:], 2)
    visible = np.array([each.access_class == 1 for each in entries])
    found = 0
    for query in rows[:50]:
        exact = np.where(visible, rows @ query, -9)
        found += len(set(np.argsort(-exact)[:10].tolist()) & set(ids(index.vectors(query, scope({1}), 10))))
    assert found / 500 >= 0.95
