import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from biascheck.line_features import NAMES, line_features, load_features, save_features, select
from biascheck.lines import LineModel

NOUNS = "maire projet conseil budget quartier rapport ministre hôpital réforme village syndicat tribunal".split()
VERBS = "a présenté|a refusé|examine|prépare|a voté|défend|critique|attend".split("|")
MENU = "Accueil Sport Culture Vidéos Newsletter Météo Contact Jeux Podcasts Économie Santé Voyage".split()
NOTICE = ["Mentions légales", "Gérer mes cookies", "S'abonner", "Partager sur Facebook", "Les plus lus", "Se connecter"]


def sentence(chance: np.random.Generator) -> str:
    parts = [f"le {chance.choice(NOUNS)} {chance.choice(VERBS)} le {chance.choice(NOUNS)}" for _ in range(4)]
    return f"{', et '.join(parts).capitalize()}."


def page(chance: np.random.Generator) -> tuple[str, list[int]]:
    top = [*chance.permutation(MENU)[:8].tolist(), *chance.permutation(NOTICE)[:3].tolist()]
    article = [" ".join(sentence(chance) for _ in range(3)) for _ in range(6)]
    end = [*chance.permutation(NOTICE)[:5].tolist(), *chance.permutation(MENU)[:7].tolist()]
    return "\n".join([*top, *article, *end]), [1] * len(top) + [0] * len(article) + [1] * len(end)


@pytest.fixture(scope="module")
def model() -> LineModel:
    chance = np.random.default_rng(3)
    pages = [page(chance) for _ in range(60)]
    clean = ["\n".join(sentence(chance) for _ in range(12)) for _ in range(20)]
    X = line_features([*(text for text, _ in pages), *clean])
    y = np.asarray([*(label for _, labels in pages for label in labels), *[0] * (12 * 20)], dtype=np.int8)
    return LineModel().fit(X, y, np.asarray([f"site{number % 9}" for number in range(80)]))


def test_menus_of_an_unseen_page_are_found_and_its_sentences_kept(model):
    text, labels = page(np.random.default_rng(99))
    lines = text.split("\n")
    found = {text[start:end] for start, end in model.predict_documents([text])[0]}
    furniture = [line for line, label in zip(lines, labels, strict=True) if label]
    assert not found & {line for line, label in zip(lines, labels, strict=True) if not label}
    assert len(found & set(furniture)) > 0.8 * len(set(furniture))


def test_a_text_without_the_look_of_a_page_is_left_alone(model):
    chance = np.random.default_rng(5)
    interview = "\n".join(f"Et le {chance.choice(NOUNS)} ?\n{sentence(chance)}" for _ in range(9))
    few = "\n".join([*(sentence(chance) for _ in range(12)), "Mentions légales", "Accueil"])
    assert model.predict_documents([interview, few, "", "\n" * 50, "Accueil"]) == [[], [], [], [], []]


def test_answers_do_not_depend_on_the_texts_beside(model):
    texts = [page(np.random.default_rng(seed))[0] for seed in range(5)]
    together = model.predict_documents([*texts, "Une phrase."])
    assert together == [*(model.predict_documents([text])[0] for text in texts), []]
    assert any(together)


def test_blanks_between_lines_change_nothing(model):
    text, _ = page(np.random.default_rng(7))
    wide = text.replace("\n", " \r\n\u00a0\n\t")
    plain = [text[a:b] for a, b in model.predict_documents([text])[0]]
    assert [wide[a:b] for a, b in model.predict_documents([wide])[0]] == plain != []


def test_too_many_lines_are_left_alone_and_do_not_disturb_others(model, monkeypatch):
    text, _ = page(np.random.default_rng(8))
    monkeypatch.setattr("biascheck.lines.MAX_LINES", 100)
    assert model.predict_documents(["Accueil\n" * 200, text]) == [[], *model.predict_documents([text])]


def test_a_model_is_stored_without_code_and_answers_the_same(model):
    data = skops.io.dumps(model)
    assert skops.io.get_untrusted_types(data=data) == ["biascheck.lines.LineModel"]
    again = skops.io.loads(data, trusted=["biascheck.lines.LineModel"])
    text, _ = page(np.random.default_rng(11))
    assert again.predict_documents([text]) == model.predict_documents([text]) != [[]]


def test_stored_features_train_the_same_model_and_hold_no_text(tmp_path):
    chance = np.random.default_rng(2)
    pages = [page(chance) for _ in range(12)]
    X = line_features([text for text, _ in pages])
    y = np.concatenate([labels for _, labels in pages]).astype(np.int8)
    sites = np.asarray([f"s{number % 4}" for number in range(12)])
    save_features(tmp_path / "lines.npz", X, y=y, sites=sites)
    loaded, columns = load_features(tmp_path / "lines.npz")
    assert not loaded.spans.any()
    np.testing.assert_array_equal(columns["y"], y)
    first = LineModel().fit(X, y, sites).decision_lines(X)
    second = LineModel().fit(loaded, columns["y"], columns["sites"]).decision_lines(X)
    np.testing.assert_array_equal(first, second)


def test_lines_that_are_neither_are_not_learnt_from():
    pages = [page(np.random.default_rng(number)) for number in range(12)]
    X = line_features([text for text, _ in pages])
    y = np.concatenate([labels for _, labels in pages]).astype(np.int8)
    sites = np.asarray([f"s{number % 4}" for number in range(12)])
    masked = y.copy()
    masked[X.shape[:, NAMES.index("length")] > 150] = -1  # every paragraph: nothing is left to tell it from a menu
    with pytest.raises(ValueError, match="class"):
        LineModel().fit(X, masked, sites)


def test_parameters_are_scikit_learns():
    assert clone(LineModel(threshold=0.8)).get_params()["threshold"] == 0.8


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("« Il est parti. »", "ends_stop", 255),
        ("Pourquoi lui ?", "ends_ask", 255),
        ("PARIS", "capitals", 255),
        ("Il part", "capitals", 51 - 8),
        ("2024", "digits", 255),
        ("Partager", "ends_letter", 255),
        ("et lui", "begins_lower", 255),
        ("| Accueil", "begins_sign", 255),
    ],
)
def test_what_a_line_looks_like(line, name, value):
    assert abs(int(line_features([line]).shape[0, NAMES.index(name)]) - value) <= 1


def test_a_repeated_line_is_repeated_within_its_text_only():
    X = line_features(["Lire aussi\nUne autre\nLire aussi", "Lire aussi\nRien"])
    assert X.shape[:, NAMES.index("repeated")].tolist() == [255, 0, 255, 0, 0]


def test_words_are_hashed_by_their_folded_letters():
    X = line_features(["Météo", "METEO", "Meteo 12", "Meteo 98"])
    first, second, third, fourth = np.split(X.buckets, np.cumsum(X.tokens)[:-1])
    assert first.tolist() == second.tolist()
    assert third.tolist() == fourth.tolist()
    assert first[0] == third[0] != third[1]


texts = st.lists(
    st.text(st.one_of(st.characters(), st.sampled_from("\n\r .|aÀ1?\u2028\u200b\U0001f600\ud800"))), max_size=4
)


@given(texts)
def test_lines_are_the_characters_that_are_not_blank(some):
    X = line_features(some)
    assert X.sizes.sum() == len(X.spans) == len(X.shape) == len(X.tokens)
    assert X.tokens.sum() == len(X.buckets)
    owner = np.repeat(np.arange(len(some)), X.sizes)
    for number, (start, end) in zip(owner, X.spans, strict=True):
        assert 0 <= start < end <= len(some[number])
        line = some[number][start:end]
        assert "\n" not in line
        assert line == line.strip()


@given(texts)
def test_some_texts_can_be_taken_out(some):
    X = line_features(some)
    chosen = np.arange(len(some)) % 2 == 0
    part, _ = select(X, chosen)
    alone = line_features(some[::2])
    np.testing.assert_array_equal(part.shape, alone.shape)
    np.testing.assert_array_equal(part.buckets, alone.buckets)


@settings(deadline=None)
@given(text=st.text(st.sampled_from("\n\n\n ab|À.1"), max_size=400))
def test_no_text_breaks_the_model(model, text):
    last = 0
    for start, end in model.predict_documents([text])[0]:
        assert last <= start < end <= len(text)
        last = end
