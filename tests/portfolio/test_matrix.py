"""The matrix: who sees which accounts where, clusters that open, filters, nights, trail, words."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Account, Industry
from portfolio import matrix
from portfolio.matrix import Window
from portfolio.models import AccountScore, CellText, Segment, SegmentPlacement, SegmentScheme
from tests.portfolio.scoring import NIGHT, scored

pytestmark = pytest.mark.django_db


def address(**query):
    return reverse("portfolio:matrix", query=query)


@pytest.fixture
def world(cast):
    made = scored(cast)
    made.place(cast.account, 80, 90, revenue=700, contribution=200, hours=30)
    made.place(cast.child, 20, 70, revenue=100, contribution=-10, hours=60)
    made.place(cast.foreign, 60, 10, revenue=200, contribution=50, hours=10)
    made.place(cast.unowned, None, 40, revenue=50)
    return made


def many(world, count, **fixed):
    """Accounts of the kind that fills a matrix, evenly spread and without an owner."""
    accounts = Account.objects.bulk_create(
        Account(name=f"Mill {i}", number=f"M{i}") for i in range(count)
    )
    AccountScore.objects.bulk_create(
        AccountScore(**world.row(account, (7 * i) % 100, (13 * i) % 100, revenue=i, **fixed))
        for i, account in enumerate(accounts)
    )
    return accounts


def test_without_scores_the_page_says_what_to_do_first(cast):
    html = cast.client("kam").get(address()).content.decode()
    assert "No scores yet" in html


@pytest.mark.parametrize(
    ("person", "names"),
    [
        ("kam", {"Fjord Shipyards", "Fjord Shipyards Bergen"}),
        ("other_kam", {"Skåne Foods"}),
        ("contributor", {"Fjord Shipyards"}),
        ("outsider", set()),
        ("management", {"Fjord Shipyards", "Fjord Shipyards Bergen", "Skåne Foods"}),
    ],
)
def test_each_person_sees_their_accounts_and_only_those_are_counted(cast, world, person, names):
    response = cast.client(person).get(address())
    assert {bubble.label for bubble in response.context["bubbles"]} == names
    total = response.context["total"].accounts
    assert total == len(names) + (person == "management")  # one has no place


def test_cells_hold_what_lies_in_them_and_the_rest_is_said(cast, world):
    context = cast.client("management").get(address()).context
    cells = {row["cell"]: row for row in context["cells"]}
    assert {name: row["sums"].accounts for name, row in cells.items()} == {
        "all": 1, "develop": 1, "nurture": 1, "retain": 0,
    }  # fmt: skip
    assert cells["develop"]["sums"].contribution == -10
    assert cells["develop"]["hours_share"] == Decimal("0.6")
    assert context["unplaced"].accounts == 1
    assert (
        (context["message"])
        == "1 account with high profitability and high potential makes 67 % of revenue"
    )


def test_accounts_whose_amounts_need_a_missing_rate_are_named(cast, world):
    client = cast.client("kam")
    AccountScore.objects.filter(account=cast.child).update(revenue=None, contribution=None)
    html = client.get(address()).content.decode()
    assert "1 account is left out of sums: a budget rate is missing." in html
    cells = {c["cell"]: c["without_rate"] for c in client.get("/api/v1/matrix/").json()["cells"]}
    assert cells == {"all": 0, "develop": 1, "nurture": 0, "retain": 0, "": 0}
    AccountScore.objects.filter(account=cast.child).update(revenue=1, contribution=1)
    assert "left out of sums" not in client.get(address()).content.decode()


def test_up_to_150_accounts_stand_alone_and_more_are_gathered(cast, world):
    many(world, 147)
    alone = cast.client("management").get(address()).context["bubbles"]
    assert len(alone) == 150
    assert {bubble.count for bubble in alone} == {1}
    AccountScore.objects.filter(account__name="Mill 3").update(profitability=1, potential=1)
    many_more = Account.objects.create(name="One too many")
    world.place(many_more, 50, 50)
    gathered = cast.client("management").get(address()).context["bubbles"]
    assert len(gathered) <= matrix.SQUARES**2
    assert sum(bubble.count for bubble in gathered) == 151


def test_a_cluster_opens_into_its_accounts(cast, world):
    many(world, 200)
    client = cast.client("management")
    cluster = max(client.get(address()).context["bubbles"], key=lambda bubble: bubble.count)
    inside = client.get(cluster.href).context
    assert inside["inside"] == cluster.count
    assert sum(bubble.count for bubble in inside["bubbles"]) == cluster.count
    assert {bubble.count for bubble in inside["bubbles"]} == {1}
    assert inside["out"]
    table = client.get(inside["accounts_url"]).context
    assert table["page"].count == cluster.count


def test_the_same_place_at_the_finest_leads_to_the_table(cast, world):
    accounts = many(world, 200)
    AccountScore.objects.filter(account__in=accounts).update(profitability=33, potential=33)
    client = cast.client("management")
    asked = address(x="32.95-33.05", y="32.95-33.05")
    (cluster,) = client.get(asked).context["bubbles"]
    assert cluster.count == 200
    assert cluster.href.endswith("#accounts")


def test_no_account_is_in_two_squares_and_none_between_them(cast, world):
    many(world, 300)
    rows = AccountScore.objects.visible_to(cast.management)
    found = matrix.grid(rows, Window())
    assert found.inside == 303
    for square in found.squares:
        assert rows.filter(square.window.q()).count() == square.accounts
        (low, high), (bottom, top) = square.window.x, square.window.y
        assert low <= square.x <= high
        assert bottom <= square.y <= top


def test_each_filter_leaves_its_accounts(cast, world):
    mills = Industry.objects.create(name="Mills")
    Account.objects.filter(pk=cast.foreign.pk).update(industry=mills, country="SE")
    scheme = SegmentScheme.objects.create(name="Size")
    large = Segment.objects.create(scheme=scheme, name="Large", rank=1)
    SegmentPlacement.objects.create(
        account=cast.child, scheme=scheme, segment=large, first_night=NIGHT
    )
    client = cast.client("management")

    def names(**query):
        return {bubble.label for bubble in client.get(address(**query)).context["bubbles"]}

    assert names(owner=cast.other_kam.email) == {"Skåne Foods"}
    assert names(team=cast.north.pk) == {"Fjord Shipyards", "Fjord Shipyards Bergen"}
    assert len(names(team=cast.region.pk)) == 3
    assert names(industry=mills.pk) == names(country="SE") == {"Skåne Foods"}
    assert names(is_key_account="yes") == names(cell="all") == {"Fjord Shipyards"}
    assert names(segment=large.pk) == {"Fjord Shipyards Bergen"}
    assert names(segment=large.pk, is_key_account="yes") == set()


def test_a_night_of_the_past_shows_what_held_then(cast, world):
    before = NIGHT - timedelta(days=30)
    scored(cast, before)
    old = world.row(cast.account, 10, 10, first_night=before, last_night=NIGHT - timedelta(days=1))
    AccountScore.objects.create(**old)
    client = cast.client("kam")
    (then,) = client.get(address(night="2026-02-10")).context["bubbles"]
    assert (then.x, then.y) == (10, 10)
    assert client.get(address(night="2026-02-10")).context["run"].night == before
    assert len(client.get(address()).context["bubbles"]) == 2
    early = client.get(address(night="2020-01-01")).content.decode()
    assert "No scores that early" in early


def test_a_trail_shows_the_way_of_an_account_that_one_sees(cast, world):
    for month, x in ((1, 10), (2, 10), (2, 40)):
        first = date(2026, month, 1 if x == 10 else 15)
        row = world.row(
            cast.account, x, 50, first_night=first, last_night=first + timedelta(days=13)
        )
        AccountScore.objects.create(**row)
    steps = cast.client("kam").get(address(trail=cast.account.pk)).context["trail"]
    assert [int(step.x) for step in steps] == [10, 40, 80]
    assert cast.client("other_kam").get(address(trail=cast.account.pk)).context["trail"] == []


@pytest.mark.parametrize("asked", [{"x": "9"}, {"y": "50-20"}, {"x": "a-b"}, {"night": "soon"}])
def test_what_cannot_be_read_is_refused_with_a_word(cast, world, asked):
    assert cast.client("kam").get(address(**asked)).status_code == 400


def test_sizes_and_fillings_are_chosen_in_the_address(cast, world):
    scheme = SegmentScheme.objects.create(name="Size")
    large = Segment.objects.create(scheme=scheme, name="Large", rank=1)
    SegmentPlacement.objects.create(
        account=cast.child, scheme=scheme, segment=large, first_night=NIGHT
    )
    client = cast.client("kam")

    def drawn(**query):
        context = client.get(address(**query)).context
        return {b.key: (b.style, b.size) for b in context["bubbles"]}, context["key"]

    own, child = cast.account.pk, cast.child.pk
    assert drawn() == ({own: (1, Decimal(700)), child: (1, Decimal(100))}, [])
    bubbles, key = drawn(size="contribution", colour="key")
    assert bubbles == {own: (1, Decimal(200)), child: (3, Decimal(-10))}
    assert key == [(1, "Key account"), (3, "Other account")]
    assert drawn(size="none", colour="cell")[0] == {own: (4, None), child: (3, None)}
    bubbles, key = drawn(colour=f"scheme-{scheme.pk}")
    assert (bubbles[child][0], bubbles[own][0]) == (1, 6)
    assert key == [(1, "Large"), (6, "No segment")]


def test_administrators_change_the_words_of_a_cell_and_all_read_them(cast, world):
    text = world.cell("develop")
    url = reverse("portfolio:cell_edit", args=[text.pk, "goal"])
    assert cast.client("leader").get(url).status_code == 403
    saved = cast.client("administrator").post(
        url, {"goal": "Double the volume", "version": text.version}, headers={"HX-Request": "true"}
    )
    assert saved.status_code == 200
    assert CellText.objects.get(pk=text.pk).goal == "Double the volume"
    assert "Double the volume" in cast.client("kam").get(address()).content.decode()


def test_the_list_of_accounts_opens_with_the_filters_that_it_knows(cast, world):
    context = (
        cast.client("management")
        .get(address(team=cast.north.pk, cell="all", is_key_account="yes"))
        .context
    )
    assert context["list_url"].endswith(f"?team={cast.north.pk}&is_key_account=yes")


def test_the_table_pages_by_revenue(cast, world):
    many(world, 60)
    client = cast.client("management")
    url = reverse("portfolio:matrix_accounts")
    first = client.get(url)
    assert [row["score"].revenue for row in first.context["rows"]][:3] == [700, 200, 100]
    following = client.get(url, {"after": first.context["page"].next})
    seen = [row["score"].account_id for page in (first, following) for row in page.context["rows"]]
    assert len(seen) == len(set(seen)) == 50


def test_the_pdf_holds_the_picture(cast, world):
    response = cast.client("kam").get(reverse("portfolio:matrix_pdf"))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")


@pytest.mark.parametrize("count", [3, 400])
def test_the_page_makes_six_queries(cast, world, count, django_assert_num_queries):
    many(world, count)
    for cell in CellText.Cell.values:
        world.cell(cell)
    client = cast.client("management")
    client.get(address())
    some_alone = count == 3
    with django_assert_num_queries(5 + some_alone):
        # person, run, squares and cells, single accounts, schemes, words of the cells
        client.get(address())
    with django_assert_num_queries(7):
        # and the team of the filter
        client.get(address(team=cast.north.pk))
    with django_assert_num_queries(6 + some_alone):
        # and the steps of the trail
        client.get(address(trail=cast.account.pk))


@pytest.mark.parametrize("count", [3, 400])
def test_the_table_makes_few_queries(cast, world, count, django_assert_num_queries):
    many(world, count)
    client = cast.client("management")
    client.get(reverse("portfolio:matrix_accounts"))
    with django_assert_num_queries(5 if count > 25 else 4):
        # person, run, keys of the page, its rows; the capped count where there are more
        client.get(reverse("portfolio:matrix_accounts"))
