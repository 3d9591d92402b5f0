"""The drawn fragments: well-formed, named, linked, free of style attributes, in each language."""

import re
from datetime import date
from decimal import Decimal as D  # noqa: N817
from xml.etree import ElementTree

import pytest
from django.template import Context, engines
from django.utils import translation

from kam.pictures import (
    bridge,
    bullet,
    cells,
    gauge,
    matrix,
    monthly,
    pareto,
    stacked,
    timeline,
    tree,
)

LONG = "Nordhavn <Maritime> & Söner Aktiebolag, avdelningen för långa namn och ännu längre adresser"
MONTHS = [
    monthly.Month("Jan", "January 2026", D("1234567.5"), D(1000000), None, "/facts/?m=1&y=2026"),
    monthly.Month("Feb", "February 2026", D(-250000), None, None),
    monthly.Month("Mar", "March 2026", None, D(1000000), None),
    monthly.Month("Apr", "April 2026", D(0), D(1100000), D(900000)),
]
ROWS = [
    stacked.Row(
        LONG, [stacked.Part("Pumps", D(900), "/p/"), stacked.Part("Valves", D(-300))], "/a/"
    ),
    stacked.Row("Empty", [stacked.Part("Pumps", None)]),
]
TREE = [
    tree.Row(1, None, LONG, "12 M", "/a/1/"),
    tree.Row(2, 1, "Below", "", "/a/2/", current=True),
]
GROUND = matrix.Ground(D(50), D(50), ("Retain", "Nurture", "Develop", "Retain, nurture & develop"))
MATRIX = {
    "bubbles": [
        matrix.Bubble(1, D(80), D(20), LONG, f"{LONG}, 80 × 20", D(900), 2, href="/a/1/?x=1&y=2"),
        matrix.Bubble(2, D(0), D(100), "Edge", "Edge", None, 5, strong=True),
        matrix.Bubble("c", D(33), D(66), "1,204", "1,204 accounts", count=1204, href="?x=30-40"),
    ],
    "ground": GROUND,
    "key": [(1, "Segment <1>"), (2, "Segment 2"), (5, "None")],
    "trail": [
        matrix.Step(D(10), D(10), "Jan", "Jan 2026"),
        matrix.Step(D(80), D(20), "Mar", "Mar"),
    ],
}
NOTHING = {"bubbles": [], "ground": GROUND, "key": [], "trail": []}
MATRIX_TAG = (
    "{% matrix_picture value.bubbles value.ground caption=caption x_word='P' y_word='Q'"
    " key=value.key size_word='revenue' trail=value.trail %}"
)
PARETO = pareto.Pareto(
    [pareto.Point(0, D(0)), pareto.Point(1, D("0.6"), "1: 60 %"), pareto.Point(4, D(1), "4: all")],
    pareto.Point(2, D("0.8"), "2 make 80 %"),
)
BRIDGE = [
    bridge.Part("2025", D(2700), "2025", total=True),
    bridge.Part(LONG, D(800), href="/new/?a=1&b=2"),
    bridge.Part("Lost", D(-5000)),
    bridge.Part("Unknown", None),
    bridge.Part("2026", D(-1500), total=True),
]
CELLS = [
    cells.Multiple(
        LONG,
        {
            "all": cells.Part(D(900), "12", "12 < 13", "/m/?cell=all&x=1"),
            "retain": cells.Part(D(-5), "3", "below zero"),
            "develop": cells.Part(None, "1", "unknown"),
        },
    ),
    cells.Multiple("Nothing", {}),
]
TIMELINE = [
    timeline.Bar(
        1, LONG, date(2026, 1, 5), date(2026, 3, 1), f"{LONG}, late", "late", href="/a/?x=1&y"
    ),
    timeline.Bar(2, "Point", None, date(2026, 6, 30), "Point", "open", after=(1,)),
    timeline.Bar(3, "Before what it waits for", date(2025, 2, 1), date(2026, 2, 1), after=(2, 9)),
    timeline.Bar(4, "Without a day", None, None, style="done"),
]
TIMELINE_TAG = "{% timeline_picture value caption today %}"
CELLS_TAG = "{% cells_picture value caption=caption size_word='revenue' label_word='accounts' %}"
PICTURES = {
    "cells": (CELLS_TAG, CELLS),
    "cells, six": (CELLS_TAG, CELLS * 3),
    "cells, nobody": (CELLS_TAG, []),
    "matrix": (MATRIX_TAG, MATRIX),
    "matrix, nobody": (MATRIX_TAG, NOTHING),
    "pareto": ("{% pareto_picture value caption=caption %}", PARETO),
    "pareto, nobody": ("{% pareto_picture value caption=caption %}", pareto.Pareto([])),
    "bridge": ("{% bridge_picture value caption=caption unit='EUR' %}", BRIDGE),
    "bridge, nothing": ("{% bridge_picture value caption=caption %}", []),
    "monthly": ("{% monthly_picture value caption=caption unit='EUR' %}", MONTHS),
    "cumulative": (
        "{% monthly_picture value caption=caption unit='EUR' cumulative=True %}",
        MONTHS,
    ),
    "one month": ("{% monthly_picture value caption=caption %}", MONTHS[:1]),
    "no month": ("{% monthly_picture value caption=caption %}", []),
    "bullet": (
        "{% bullet_picture value caption=caption unit='EUR' %}",
        bullet.Bullet(D(92), D(100), D(80)),
    ),
    "bullet, nothing known": ("{% bullet_picture value caption=caption %}", bullet.Bullet(None)),
    "bullet cell": ("{% bullet_cell value %}", bullet.Bullet(D(92), D(100), D(80))),
    "sparkline": ("{% sparkline value label=caption %}", [D(1), None, D("-2.5"), D(3)]),
    "sparkline, nothing known": ("{% sparkline value label=caption %}", []),
    "stacked": ("{% stacked_picture value caption=caption unit='EUR' %}", ROWS),
    "no rows": ("{% stacked_picture value caption=caption %}", []),
    "gauge": ("{% gauge_picture value caption=caption %}", gauge.Gauge(D("1.12"), D("0.5"))),
    "gauge, unknown": ("{% gauge_picture value caption=caption %}", gauge.Gauge(None)),
    "timeline": (TIMELINE_TAG, TIMELINE),
    "timeline, nothing": (TIMELINE_TAG, []),
    "timeline, no days": (TIMELINE_TAG, TIMELINE[3:]),
    "tree": ("{% tree_picture value caption=caption %}", TREE),
}
LANGUAGES = ["en", "nb", "da", "sv", "fi", "zh-hans"]


def draw(name, language="en", caption="Sales <fell> & rose"):
    tag, value = PICTURES[name]
    code = engines["django"].from_string("{% load pictures %}" + tag)
    with translation.override(language):
        return code.template.render(
            Context({"value": value, "caption": caption, "today": date(2026, 3, 5)})
        )


def parsed(html):
    return ElementTree.fromstring(f"<div>{html}</div>")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_is_well_formed_in_each_language(name, language):
    root = parsed(draw(name, language))
    for element in root.iter():
        for attribute, value in element.attrib.items():
            assert attribute != "style"
            assert not attribute.startswith("on")
            if attribute in ("x", "y", "width", "height", "x1", "x2", "y1", "y2", "cx", "cy", "r"):
                assert re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value), (attribute, value)
            if attribute in ("width", "height"):
                assert float(value) >= 0


@pytest.mark.parametrize("name", PICTURES)
def test_each_svg_has_a_name(name):
    root = parsed(draw(name))
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    for svg in root.iter("svg"):
        assert svg.find("title") is not None
        assert svg.find("title").text
        if svg.get("aria-hidden") == "true":
            continue
        named = svg.get("aria-labelledby", "").split()
        assert svg.get("aria-label") or named
        assert set(named) <= ids
        assert svg.get("role") == ("group" if svg.findall(".//a") else "img")


@pytest.mark.parametrize("name", PICTURES)
def test_ids_are_unique_and_references_meet_them(name):
    html = draw(name)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


def test_different_pictures_on_a_page_share_no_id():
    ids = [i for name in PICTURES for i in re.findall(r' id="([^"]+)"', draw(name))]
    assert len(ids) == len(set(ids))


def test_text_is_escaped():
    html = draw("stacked", caption="<script>alert(1)</script>")
    assert "<script" not in html
    assert "&lt;Maritime&gt; &amp; Söner" in html


def test_links_are_real_and_named():
    links = [link for link in parsed(draw("monthly")).iter("a") if link.get("class") == "pic-link"]
    assert [link.get("href") for link in links] == ["/facts/?m=1&y=2026"]
    name = links[0].get("aria-label").replace("\u00a0", " ")
    assert name == "January 2026: Actual 1,234,568 EUR, Target 1,000,000 EUR"


def cells(html):
    return [["".join(cell.itertext()) for cell in row] for row in parsed(html).iter("tr")]


def test_the_table_says_what_the_picture_shows():
    assert cells(draw("monthly")) == [
        ["Month", "Target EUR", "Actual EUR", "Forecast EUR"],
        ["January 2026", "1,000,000", "1,234,568", "–"],
        ["February 2026", "–", "−250,000", "–"],
        ["March 2026", "1,000,000", "–", "–"],
        ["April 2026", "1,100,000", "0", "900,000"],
    ]


def test_the_running_table_runs():
    assert [row[2] for row in cells(draw("cumulative"))[1:]] == [
        "1,234,568",
        "984,568",
        "–",
        "984,568",
    ]


def test_the_axis_names_its_unit_once():
    texts = [element.text for element in parsed(draw("monthly")).iter("text")]
    assert texts[0] == "M\u00a0EUR"
    assert texts[1:4] == ["−0.5", "0.0", "0.5"]


def test_chinese_counts_in_ten_thousands():
    assert "万" in draw("monthly", "zh-hans")


def test_long_names_are_cut_but_complete_in_the_title():
    root = parsed(draw("tree"))
    shown = next(text for text in root.iter("text") if text.text.startswith("Nordhavn"))
    assert shown.text.endswith("…")
    assert LONG in [title.text for title in root.iter("title")]


def test_a_timeline_scrolls_where_it_has_no_room_and_its_table_says_what_waits():
    root = parsed(draw("timeline"))
    (region,) = [e for e in root.iter("div") if e.get("class") == "pic-scroll"]
    assert (region.get("role"), region.get("tabindex")) == ("region", "0")
    assert region.get("aria-label") == "Sales <fell> & rose"
    assert region.find("svg") is not None
    labels = [e.text for e in root.iter("text") if e.get("class") == "pic-text"]
    assert labels[0].endswith("…")
    assert len(labels) == 3  # the one without a day stands in the table alone
    above = [e for e in root.iter("text") if e.get("class") == "pic-text pic-above"]
    assert [e.text for e in above] == labels
    assert {e.get("display") for e in above} == {"none"}  # a narrow page shows these, a PDF those
    assert [row[0] for row in cells(draw("timeline"))[1:]] == [bar.label for bar in TIMELINE]
    assert cells(draw("timeline"))[2][3] == LONG
    assert not list(parsed(draw("timeline, no days")).iter("svg"))


@pytest.mark.parametrize(("name", "limit"), [("sparkline", 700), ("bullet cell", 1100)])
def test_cells_are_light(name, limit):
    assert len(draw(name).encode()) <= limit
