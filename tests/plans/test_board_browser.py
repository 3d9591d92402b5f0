"""The activities' board in a browser: a card is dragged to another column, and moved by keyboard."""

import pytest

from plans.models import Activity
from tests.plans.test_two_editors import page_of, site  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def board(page_of, site, cast):  # noqa: F811
    """Kari's board, with one planned activity."""
    page = page_of("kam")
    page.goto(f"{site}/plans/activities/board/")
    assert lanes(page)["planned"] == [cast.activity.title]
    return page


def lanes(page) -> dict[str, list[str]]:
    """Column → titles of its cards, as they stand on the page."""
    return {
        lane.get_attribute("data-lane"): lane.locator(".card > a").all_inner_texts()
        for lane in page.locator("[data-lane]").all()
    }


def wait_for_card(page, lane: str, activity: Activity) -> None:
    page.wait_for_selector(f'[data-lane="{lane}"] #card-{activity.pk}')


def test_a_card_is_dragged_to_another_column_and_saved(board, cast):
    board.locator(f"#card-{cast.activity.pk} p.muted").hover()
    board.mouse.down()
    target = board.locator("[data-lane=done] h3")
    for _time in range(2):  # the first move begins the drag, the second is over the column
        target.hover()
    board.wait_for_selector("[data-lane=done].is-over")
    board.mouse.up()
    wait_for_card(board, "done", cast.activity)
    cast.activity.refresh_from_db()
    assert cast.activity.status == "done"
    assert cast.activity.done_on is not None
    assert board.locator(".is-dragged, .is-over").count() == 0
    board.reload()
    assert lanes(board)["done"] == [cast.activity.title]
    assert lanes(board)["planned"] == []


def test_a_card_dropped_where_it_was_or_beside_the_board_stays(board, cast):
    card = board.locator(f"#card-{cast.activity.pk}")
    for target in ("[data-lane=planned] h3", "h1"):
        card.drag_to(board.locator(target).first)
    board.wait_for_load_state("networkidle")
    cast.activity.refresh_from_db()
    assert cast.activity.status == "planned"
    assert lanes(board)["planned"] == [cast.activity.title]


def test_a_card_is_moved_by_keyboard_and_keeps_the_focus(board, cast):
    board.locator(f"#card-{cast.activity.pk} > a").focus()
    for _step in range(2):  # over the first button (in progress) to the second (done)
        board.keyboard.press("Tab")
    assert board.evaluate("document.activeElement.value") == "done"
    board.keyboard.press("Enter")
    wait_for_card(board, "done", cast.activity)
    cast.activity.refresh_from_db()
    assert cast.activity.status == "done"
    board.wait_for_function(
        "id => document.activeElement?.closest('.card')?.id === id", arg=f"card-{cast.activity.pk}"
    )
    board.keyboard.press("Tab")
    board.keyboard.press("Space")
    wait_for_card(board, "planned", cast.activity)
    cast.activity.refresh_from_db()
    assert (cast.activity.status, cast.activity.done_on) == ("planned", None)
