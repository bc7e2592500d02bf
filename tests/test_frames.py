"""Frames: function words as they are, every other word by its ending."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.features import ByteNgrams
from biascheck.folding import Folded, fold
from biascheck.frames import FrameNgrams, frame_codes


def _codes(text: str) -> dict[str, int]:
    data = text.encode()
    return {data[a:b].decode(): code for code, a, b in zip(*(part.tolist() for part in frame_codes(data)), strict=True)}


def test_what_a_frame_keeps() -> None:
    codes = _codes(" la banque a été fermée, dit ¤ en 2000. ")
    assert list(codes) == ["la", "banque", "a", "été", "fermée", ",", "dit", "¤", "en", "2000", "."]
    assert len(set(codes.values())) == len(codes)


def test_words_of_one_ending_are_one_and_function_words_are_not() -> None:
    codes = _codes(" banque clinique les des tres ")
    assert codes["banque"] == codes["clinique"]
    assert len({codes["les"], codes["des"], codes["tres"]}) == 3


@pytest.mark.parametrize("number", [1, 15, 16, 17, 40])
def test_a_text_has_the_same_frames_alone_and_among_others(number: int) -> None:
    texts = [fold(f"Le {'chat ' * k}a été vu. Il est {k} fois là, dit la voisine.") for k in range(number)]
    together = FrameNgrams(bits=12).transform(texts)
    alone = [FrameNgrams(bits=12).transform([text]) for text in texts]
    assert [row.indices.tolist() for row in together] == [row.indices.tolist() for row in alone]


def test_texts_without_a_word_have_no_frames() -> None:
    texts = [Folded(" ", ""), Folded(" le chat est là. ", ""), Folded("", ""), Folded(" . ", "")]
    for ngrams in (FrameNgrams(bits=12), ByteNgrams(bits=12)):
        found = ngrams.transform(texts)
        assert found.shape[0] == 4
        assert found[2].nnz == 0 or isinstance(ngrams, ByteNgrams)
        assert [row.indices.tolist() for row in found] == [ngrams.transform([t]).indices.tolist() for t in texts]


@given(st.text())
def test_every_code_has_its_stretch_of_bytes(text: str) -> None:
    data = fold(text).text.encode("utf-8", "replace")
    codes, starts, ends = frame_codes(data)
    assert len(codes) == len(starts) == len(ends)
    assert (starts < ends).all()
    assert (ends[:-1] <= starts[1:]).all()
    bare = "".join(data[a:b].decode("utf-8") for a, b in zip(starts.tolist(), ends.tolist(), strict=True))
    assert bare == "".join(
        character for character in data.decode("utf-8") if character == "\x01" or ord(character) > 32
    )


def test_columns_are_kept_in_their_order() -> None:
    text = [fold("La banque a été fermée hier, dit la police.")]
    every = FrameNgrams(bits=10).transform(text)
    columns = every.indices[::-1].astype(np.int32)
    assert FrameNgrams(bits=10, columns=columns).transform(text).indices.tolist() == list(range(len(columns)))
