"""The seven questions and the table that says which variant answers which."""

import pytest

from utils.cells.lstm_variants import LSTM_VARIANTS, VARIANT_ALIASES
from utils.lstm_questions import PUBLISHED, QUESTIONS, questions_of, variant_table


def test_there_are_seven_questions_in_order():
    assert [question.number for question in QUESTIONS] == [1, 2, 3, 4, 5, 6, 7]
    assert all(question.asks.endswith("?") for question in QUESTIONS)


def test_every_variant_is_in_the_table_once_and_answers_a_question():
    rows = {row.name: row for row in variant_table()}
    assert len(rows) == len(variant_table())
    assert set(LSTM_VARIANTS) <= set(rows)
    for name in LSTM_VARIANTS:
        assert rows[name].questions == questions_of(name) != (), name
    assert rows["lstm"].questions == (1, 2, 3, 4, 5, 6, 7)


def test_questions_name_variants_that_exist():
    for question in QUESTIONS:
        assert question.variants
        assert set(question.variants) <= set(LSTM_VARIANTS) - {"lstm"}


def test_other_names_stand_beside_the_cells_that_they_name():
    rows = {row.name: row.other_name for row in variant_table()}
    for alias, name in VARIANT_ALIASES.items():
        assert rows[name] == alias
        assert questions_of(alias) == questions_of(name)
    assert sum(map(bool, rows.values())) == len(VARIANT_ALIASES)


def test_the_table_shows_what_is_changed():
    changes = {row.name: row.changes for row in variant_table()}
    assert changes["no forget gate"] == r"$c_t = c_{t-1} + i_t \odot g_t$"
    assert changes["sigmoid candidate"] == r"$g_t = \sigma(z_g)$"
    assert changes["no output gate"] == r"$h_t = \tanh(c_t)$"
    assert changes["overwriting"] == r"$c_t = i_t \odot g_t$"
    assert "chapter 06" in changes["lstm"]
    assert len(set(changes.values())) == len(changes)


def test_claims_of_the_chapter_are_all_decided_by_something():
    claims = {claim for row in variant_table() for claim in row.claims}
    assert claims >= {"C12", "C13", "C14", "C15", "C16", "C24", "C25"}
    rows = {row.name: row.claims for row in variant_table()}
    assert rows["parameter-matched plain RNN"] == ("C24",)
    assert [name for name, its in rows.items() if "C25" in its] == ["output bias 0, −2, −5, −10"]
    assert "C16" in rows["coupled gates"]


def test_published_rows_are_variants_of_ours():
    names = [row.variant for row in PUBLISHED]
    assert len(set(names)) == len(names)
    assert set(names) <= set(LSTM_VARIANTS)
    assert all(row.greff or row.jozefowicz for row in PUBLISHED)


def test_refuses_what_is_no_variant():
    with pytest.raises(ValueError, match="name is 'peepholes'"):
        questions_of("peepholes")
