"""Maps: read, guessed, refused where they do not fit; and the order of a tree."""

import pytest

from kam.importing.engine.trees import circles, levels
from kam.importing.mapping import Map, MapRefused, guess, slug
from kam.importing.resource import resource_named
from kam.models import ImportBatch
from tests.kam.importing.files import checked

pytestmark = pytest.mark.django_db


def test_a_map_reads_back_from_its_own_toml():
    mapping = Map(
        columns={"account": 'The "customer"', "month": "Måned"},
        constants={"currency": "USD"},
        values={"product": {"GTX=Pro": "GTX\\Pro"}},
        scale={"revenue": "1000"},
        only={"stage": ["Won", "Vundet"]},
        sum=True,
        create_missing=["industry"],
        reading={"delimiter": "\t", "blank": ["n/a"]},
    )
    assert Map.from_toml(mapping.to_toml("sales_facts")) == mapping


@pytest.mark.parametrize(
    ("toml", "word"),
    [
        ("columns = 1", "columns"),
        ("[column]\na = 'b'", "unknown part"),
        ("[columns]\na = [1]", "no text"),
        ("[reading]\ndecimal = 'x'", "decimal"),
        ("[reading]\nencoding = 'rot13'", "encoding"),
        ("sum = 'yes'", "true or false"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_map_is_refused_with_the_place(toml, word):
    with pytest.raises(MapRefused, match=word):
        Map.from_toml(toml)


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"columns": {"name": "name", "colour": "name"}}, "no field colour"),
        ({"columns": {"name": "title"}}, "no column title"),
        ({"columns": {"parent": "name"}}, "No column of the file feeds"),
        ({"columns": {"name": "name"}, "create_missing": ["leader"]}, "cannot grow"),
        ({"columns": {"name": "name"}, "sum": True}, "cannot be added up"),
        ({"columns": {"name": "name"}, "constants": {"name": "x"}}, "in \\[columns\\] and"),
        ({"columns": {"name": "{name|shout}"}}, "no filter shout"),
        ({"columns": {"name": "name"}, "only": {"stage": ["Won"]}}, "no column stage"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(parts, word):
    batch = checked("teams", "name\nNorth\n", **parts)
    assert batch.state == ImportBatch.State.REFUSED
    with pytest.raises(MapRefused, match=word):
        raise MapRefused(batch.report["error"])


def test_columns_are_guessed_by_known_names_only():
    found = guess(
        resource_named("accounts"), ["Customer No.", "Customer name", "Colour", "KAM e-mail"]
    )
    assert found.columns == {
        "number": "Customer No.",
        "name": "Customer name",
        "owner": "KAM e-mail",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Moses Frase", "moses.frase"),
        ("Mei-Mei Jöhns", "mei-mei.johns"),
        ("Bjørn Åse", "bjorn.ase"),
    ],
)
def test_names_become_addresses(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ({1: 2, 2: 3, 3: None}, []),
        ({1: 2, 2: 1}, [{1, 2}]),
        ({1: 1}, [{1}]),
        ({1: 2, 2: 3, 3: 2, 4: 1}, [{2, 3}]),
    ],
)
def test_circles_are_found_once(up, expected):
    assert [set(c) for c in circles(up)] == expected


def test_parents_come_in_layers_before_their_children():
    layers = levels([("c", "b"), ("b", "a"), ("d", "x"), ("a", None)])
    assert [sorted(k for k, _p in layer) for layer in layers] == [["a", "d"], ["b"], ["c"]]
