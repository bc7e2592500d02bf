"""Which text is labelled next: doubt, outlets by turns, each text once; and what an annotator's keys do to the file."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.errors import LabelsError
from biascheck.label_files import append_label
from biascheck.label_reading import read_labels
from biascheck.labelling import Chooser, Queue, doubt, find_texts, resemblance, sketch, usefulness
from biascheck.labelling_session import Item, Journal, Session
from biascheck.labels import Label
from biascheck.reading import ModelReference, OwnLabel, Provenance, Reading, Slant, SourceLanguage
from biascheck.scorer import Scorer

WORDS = "le conseil vote une aide pour la route du port et les habitants attendent la fin des travaux".split()


def text_of(seed: int, words: int = 120) -> str:
    """French words in any order: enough to be read, and unlike each other."""
    chance = random.Random(seed)  # noqa: S311
    return " ".join("".join(chance.sample("aeioulmnrst", 5)) + " " + chance.choice(WORDS) for _ in range(words)) + "."


def reading(**scores: float) -> Reading:
    provenance = Provenance(scores=scores)
    return Reading("t", None, "0" * 64, "0", ModelReference("fr", "0" * 64), "fr", "", provenance=provenance)


# ---- worth


@given(st.floats(0, 1), st.floats(0, 1))
def test_doubt_is_a_bit_at_most_and_largest_at_the_threshold(p: float, threshold: float) -> None:
    value = float(doubt(p, threshold))
    assert 0 <= value <= 1 + 1e-9
    assert float(doubt(threshold, threshold)) >= value - 1e-9


def test_a_text_near_a_threshold_teaches_more_than_one_that_is_certain() -> None:
    thresholds = {"translated": 0.9}
    near, sure = reading(translated=0.88, agency=0.01), reading(translated=0.999, agency=0.001)
    assert usefulness(near, thresholds) > usefulness(sure, thresholds) + 0.5


def test_an_axis_counts_where_the_text_is_on_it_and_own_labels_count() -> None:
    from dataclasses import replace

    plain = reading(translated=0.001)
    torn = {"neutral": 0.5, "pro_kyiv": 0.5, "pro_kremlin": 0.0}
    on, off = (replace(plain, slant={"ukraine-war": Slant("undetermined", torn, topic)}) for topic in (0.9, 0.1))
    assert usefulness(on, {}) > usefulness(off, {}) > usefulness(plain, {})
    assert usefulness(replace(plain, labels={"mine": OwnLabel("undetermined", 0.5)}), {}) > 1


# ---- near-duplicates


@given(st.text(max_size=400))
def test_a_text_resembles_itself(text: str) -> None:
    drawn = sketch(text)
    assert drawn.shape == (128,)
    assert resemblance(drawn[None], drawn)[0] == 1.0


def test_resemblance_is_the_share_of_common_ngrams() -> None:
    def grams(text: str) -> set[str]:
        return {text[i : i + 6] for i in range(len(text) - 5)}

    one = text_of(1, 400).lower()
    words = one.split()
    for share in (0.02, 0.1, 0.4):
        chance = random.Random(2)  # noqa: S311
        other = " ".join("zuteli" if chance.random() < share else word for word in words)
        true = len(grams(one) & grams(other)) / len(grams(one) | grams(other))
        assert resemblance(sketch(one)[None], sketch(other))[0] == pytest.approx(true, abs=0.15)


def test_typography_names_and_figures_make_no_other_text() -> None:
    one = "Le maire l’a dit : « Nous ouvrirons 12 classes », puis Jeanne Martin a salué la salle."
    two = 'Le maire l\'a dit: "Nous ouvrirons 34 classes", puis Paul Durand a salué la salle.'
    assert resemblance(sketch(one)[None], sketch(two))[0] >= 0.9


# ---- the chooser


def test_outlets_take_turns() -> None:
    chooser = Chooser()
    for i in range(6):
        chooser.add(f"large {i}", 1.0 - i / 1000, "large", sketch(text_of(i)))
        chooser.add(f"small {i}", 0.99 - i / 1000, "small", sketch(text_of(100 + i)))
    dealt = [chooser.next() or "" for _ in range(6)]
    assert dealt[0] == "large 0"
    assert sum(name.startswith("small") for name in dealt) == 3


def test_an_outlet_that_is_doubted_far_more_is_not_passed_over() -> None:
    chooser = Chooser()
    for i in range(40):
        chooser.add(f"doubted {i}", 1.0, "one", sketch(text_of(i)))
        chooser.add(f"known {i}", 0.5, f"outlet {i}", sketch(text_of(100 + i)))
    assert all((chooser.next() or "").startswith("doubted") for _ in range(40))


def test_copies_are_dealt_out_once() -> None:
    chooser = Chooser()
    for i in range(50):
        chooser.add(f"copy {i}", 5.0, f"outlet {i}", sketch(text_of(1) + f" Fin {i}."))
    chooser.add("other", 0.1, "a", sketch(text_of(2)))
    assert chooser.next() == "copy 0"
    assert chooser.next() == "other"
    assert chooser.next() is None
    assert chooser.repeated == 49


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abc")), max_size=90))
def test_every_text_is_dealt_out_once(texts: list[tuple[float, str]]) -> None:
    chooser = Chooser()
    drawn = np.random.default_rng(0).integers(0, 1 << 31, (len(texts), 128)).astype(np.uint32)
    for i, (worth, outlet) in enumerate(texts):
        chooser.add(str(i), worth, outlet, drawn[i])
    assert sorted(iter(chooser.next, None)) == sorted(map(str, range(len(texts))))


# ---- the queue


@pytest.fixture
def pages(tmp_path: Path, prose: str, rendered: str) -> Path:
    folder = tmp_path / "pages"
    for name, text in {
        "un/a.txt": prose,
        "un/copie.txt": prose.replace("samedi", "lundi", 1),
        "deux/b.txt": rendered,
        "deux/court.txt": "Trop court.",
        "deux/image.txt": "\x89PNG\r\n",
        "deux/vide.html": "",
        ".caché/c.txt": prose,
        "deux/notes.md": prose,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1" if text.startswith("\x89") else "utf-8"))
    return folder


def order_of(queue: Queue) -> list[str]:
    return [found[0] for found in iter(queue.next, None)]


def test_queue_passes_over_copies_broken_and_unfit_files(pages: Path, scorer: Scorer) -> None:
    assert len(find_texts(pages)) == 6
    queue = Queue(pages, scorer)
    assert sorted(order_of(queue)) in (["deux/b.txt", "un/a.txt"], ["deux/b.txt", "un/copie.txt"])
    assert (queue.repeated, queue.unfit) == (1, 1)
    assert sorted(failure.id for failure in queue.failures) == ["deux/image.txt", "deux/vide.html"]


def test_queue_by_name_shows_all_that_can_be_read(pages: Path, scorer: Scorer) -> None:
    assert order_of(Queue(pages, scorer, order="name")) == ["deux/b.txt", "un/a.txt", "un/copie.txt"]


@pytest.mark.parametrize("order", ["useful", "random"])
def test_same_folder_gives_the_same_order(pages: Path, scorer: Scorer, order: str) -> None:
    assert order_of(Queue(pages, scorer, order=order)) == order_of(Queue(pages, scorer, order=order))


def test_what_was_labelled_is_not_shown_nor_its_copy(pages: Path, scorer: Scorer) -> None:
    done = [Label(path="pages/un/a.txt", labels={"original": 1}, file=str(pages.parent / "labels.csv"))]
    queue = Queue(pages, scorer, done=done)
    assert queue.left == 5
    assert order_of(queue) == ["deux/b.txt"]


def test_pool_bounds_what_is_read(pages: Path, scorer: Scorer) -> None:
    for i in range(30):
        (pages / f"{i}.txt").write_text(text_of(i), encoding="utf-8")
    queue = Queue(pages, scorer, pool=10)
    assert len(order_of(queue)) + queue.repeated + queue.unfit + len(queue.failures) == 10


def test_name_that_no_labels_file_can_hold_is_a_failure(tmp_path: Path, scorer: Scorer, prose: str) -> None:
    (tmp_path / "deux\nlignes.txt").write_text(prose, encoding="utf-8")
    queue = Queue(tmp_path, scorer)
    assert order_of(queue) == []
    assert "rename" in queue.failures[0].message


# ---- journal and keys


@pytest.fixture(params=["labels.csv", "labels.jsonl"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def items(folder: Path, number: int, guess: Reading | None = None) -> Callable[[], Item | None]:
    waiting = [Item(f"{i}.txt", folder / f"{i}.txt", "un", guess or reading(translated=0.5)) for i in range(number)]
    return lambda: waiting.pop(0) if waiting else None


def session_on(file: Path, number: int = 3, guess: Reading | None = None, **options: object) -> Session:
    columns = [*options.get("own", ()), *(f"slant.{axis}" for axis in options.get("axes", ()))]  # type: ignore[attr-defined]
    journal = Journal(file, columns=columns, axes=options.get("axes"))  # type: ignore[arg-type]
    return Session(journal, items(file.parent, number, guess), annotator="ml", **options)  # type: ignore[arg-type]


def press(session: Session, keys: str) -> None:
    for key in keys:
        session.press(key)


def on_disk(file: Path, **options: object) -> list[Label]:
    if not file.exists():
        return []
    rows, problems = read_labels([file], new_labels=None, **options)  # type: ignore[arg-type]
    assert problems == []
    return rows


def test_every_key_is_on_the_disk_at_once(file: Path) -> None:
    session = session_on(file)
    press(session, "t")
    assert [row.labels for row in on_disk(file)] == [{"translated": 1}]
    press(session, "l")
    assert on_disk(file)[0].source_language == "en"
    press(session, "k")
    assert on_disk(file)[0].slant == {"ukraine-war": "pro_kremlin"}
    press(session, "0\n")
    (row,) = on_disk(file)
    assert row.labels == {"translated": 1, "agency": 0, "aggregated": 0, "rewritten": 0, "original": 0}
    assert (row.path, row.id, row.outlet, row.annotator) == ("0.txt", "0.txt", "un", "ml")
    assert row.labelled_at


def test_keys_go_round(file: Path) -> None:
    session = session_on(file)
    said = []
    for _ in range(4):
        press(session, "g")
        said.append(dict(session.answers.labels))
    assert said == [{"aggregated": 1}, {"aggregated": 0}, {}, {"aggregated": 1}]
    press(session, "kk")
    assert session.answers.slant == {}
    languages = []
    for _ in range(6):
        press(session, "l")
        languages.append(session.answers.language)
    assert languages == ["en", "es", "de", "ru", "fr", ""]


def test_no_language_without_a_translation(file: Path) -> None:
    session = session_on(file)
    press(session, "lt")
    assert session.answers.labels == {"translated": 0}
    assert session.answers.language == ""


def test_contradiction_is_not_left_behind(file: Path) -> None:
    session = session_on(file)
    press(session, "ot\n")
    assert session.item.id == "0.txt"
    assert "original and translated" in session.note
    press(session, "o\n")
    assert session.item.id == "1.txt"


def test_undo_goes_back_over_texts(file: Path) -> None:
    session = session_on(file)
    press(session, "tl\na0\ng")
    assert [row.id for row in on_disk(file)] == ["0.txt", "1.txt", "2.txt"]
    press(session, "uu")
    assert session.item.id == "1.txt"
    assert [row.id for row in on_disk(file)] == ["0.txt", "1.txt"]
    press(session, "uuuu")
    assert session.item.id == "0.txt"
    assert [row.labels for row in on_disk(file)] == [{"translated": 1}]
    press(session, "r\n")
    assert session.item.id == "1.txt"
    assert not session.answers
    press(session, "a\ng")
    assert [row.labels for row in on_disk(file)] == [
        {"translated": 1, "rewritten": 1},
        {"agency": 1},
        {"aggregated": 1},
    ]


@given(st.text(alphabet="oatgr0lknyx1m\nsu", max_size=40))
def test_file_always_holds_what_was_said(keys: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        file = Path(folder) / "labels.csv"
        session = session_on(file, own=("mine",))
        for key in keys:
            session.press(key)
            expected = [
                (item.id, dict(answers.labels), answers.language, dict(answers.slant))
                for item, answers in zip(session._items, session._answers, strict=True)
                if answers
            ]
            assert [(r.id, dict(r.labels), r.source_language, dict(r.slant)) for r in on_disk(file)] == expected
        while session.press("u") and session.note != "nothing to undo":
            pass
        assert on_disk(file) == []


def test_skipped_text_leaves_no_row(file: Path) -> None:
    session = session_on(file)
    press(session, "ts\na")
    assert [row.id for row in on_disk(file)] == ["2.txt"]


def test_end_can_be_undone(file: Path) -> None:
    session = session_on(file, limit=1)
    press(session, "t\n")
    assert session.finished
    assert not session.press("a")
    press(session, "ua")
    assert not session.finished
    assert [row.labels for row in on_disk(file)] == [{"translated": 1, "agency": 1}]


def test_models_guess_can_be_taken_over_unless_blind(file: Path) -> None:
    from dataclasses import replace

    guess = replace(
        reading(),
        provenance=Provenance(("translated", "aggregated"), {}, SourceLanguage("ru")),
        slant={"ukraine-war": Slant("undetermined", {}, 1.0), "tone": Slant("dry", {}, 1.0)},
        labels={"mine": OwnLabel("no", 0.1), "others": OwnLabel("yes", 0.9)},
    )
    options = {"own": ("mine",), "axes": {"tone": ("dry", "wet")}}
    session = session_on(file, guess=guess, **options)
    press(session, "m\n")
    (row,) = on_disk(file, new_axes=options["axes"])
    assert row.labels == {"translated": 1, "aggregated": 1, "mine": 0}
    assert (row.source_language, row.slant) == ("ru", {"tone": "dry"})
    blind = session_on(file, guess=guess, blind=True, **options)
    assert not blind.press("m")


def test_own_labels_and_axes_have_digits(file: Path) -> None:
    axes = {"tone": ("dry", "wet")}
    session = session_on(file, own=("mine",), axes=axes)
    said = []
    for _ in range(4):
        press(session, "2")
        said.append(session.answers.slant.get("tone"))
    assert said == ["dry", "wet", "off_topic", None]
    press(session, "12")
    (row,) = on_disk(file, new_axes=axes)
    assert (row.labels, row.slant) == ({"mine": 1}, {"tone": "dry"})


def test_file_of_another_hand_is_continued(tmp_path: Path) -> None:
    # Semicolons, a byte order mark, few columns, and no end of line: as a spreadsheet leaves it.
    file = tmp_path / "labels.csv"
    file.write_bytes('\ufeffpath;agency;note\nautre.txt;oui;"un; deux"'.encode())
    session = session_on(file, own=("mine",))
    press(session, "1t\na")
    rows = on_disk(file)
    assert [(row.path, dict(row.labels)) for row in rows] == [
        ("autre.txt", {"agency": 1}),
        ("0.txt", {"mine": 1, "translated": 1}),
        ("1.txt", {"agency": 1}),
    ]
    assert rows[0].note == "un; deux"
    press(session, "uuuu")
    assert [row.path for row in on_disk(file)] == ["autre.txt"]


def test_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("path,agency\na.txt,peut-être\n", encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(LabelsError, match=r"labels.csv:2.*mend the file"):
        Journal(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["labels.txt", "nowhere/labels.csv"])
def test_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabelsError, match=r"name|folder"):
        Journal(tmp_path / name)


def test_what_another_program_adds_is_not_cut_off(file: Path) -> None:
    session = session_on(file)
    press(session, "t\na")
    append_label(file, Label(path="autre.txt", labels={"agency": 1}))
    with pytest.raises(LabelsError, match="another program"):
        session.press("a")
    assert [row.path for row in on_disk(file)] == ["0.txt", "1.txt", "autre.txt"]


def test_header_is_that_of_every_labels_file(tmp_path: Path) -> None:
    session = session_on(tmp_path / "labels.csv", own=("mine",))
    press(session, "t")
    header = next(csv.reader((tmp_path / "labels.csv").open(encoding="utf-8")))
    assert {"id", "path", "outlet", "translated", "slant.ukraine-war", "labelled_at", "mine"} <= set(header)
