"""A telephone's screen, 360 px wide: what opens stays on it, and a row keeps its name in sight."""

import pytest

from tests.plans.test_two_editors import page_of, site  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MENUS = """() => [...document.querySelectorAll("details.drop")].map(drop => {
  drop.open = true;
  const box = drop.querySelector(".menu").getBoundingClientRect();
  drop.open = false;
  return [drop.innerText.trim(), box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight];
})"""


@pytest.fixture
def narrow(page_of):  # noqa: F811
    page = page_of("kam")
    page.set_viewport_size({"width": 360, "height": 740})
    return page


def test_every_menu_opens_on_the_screen(narrow, site, cast):  # noqa: F811
    for path in ("/accounts/", "/plans/activities/", f"/plans/{cast.plan.pk}/", "/portfolio/"):
        narrow.goto(site + path)
        menus = narrow.evaluate(MENUS)
        assert menus, path
        assert [name for name, is_seen in menus if not is_seen] == [], path


def test_a_list_that_is_moved_aside_keeps_the_names_of_its_rows(narrow, site, cast):  # noqa: F811
    narrow.goto(f"{site}/accounts/")
    narrow.evaluate("document.querySelector('#listing .table-wrap').scrollLeft = 400")
    box = narrow.locator("#listing tbody th").first.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < 40
