"""The matrix under a finger: the first tap tells, the second opens; on a telephone's screen."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.plans.test_two_editors import site  # noqa: F401 - a fixture
from tests.portfolio.scoring import scored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def telephone(chromium, site, cast):  # noqa: F811
    """Kari's telephone with her matrix of two accounts far apart."""
    made = scored(cast)
    made.place(cast.account, 80, 90, revenue=700, contribution=200, hours=30)
    made.place(cast.child, 20, 20, revenue=600, contribution=-10, hours=60)
    client = Client()
    client.force_login(cast.kam, backend="kam.auth.ShellBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context(
        locale="en-GB", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
    page = context.new_page()
    page.goto(f"{site}{reverse('portfolio:matrix')}")
    page.wait_for_selector("[role=tooltip]", state="attached")
    yield page
    page.goto("about:blank")
    context.close()


def bubble(page, account):
    return page.locator(f'.pic-bubble[href*="{account.get_absolute_url()}"] .pic-edge').first


def tip(page):
    return page.locator("[role=tooltip]")


def test_the_first_tap_tells_and_the_second_opens(cast, telephone):
    here = telephone.url
    bubble(telephone, cast.account).tap()
    tip(telephone).wait_for(state="visible")
    assert "Fjord Shipyards" in tip(telephone).inner_text()
    box = tip(telephone).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    telephone.wait_for_timeout(300)
    assert telephone.url == here
    bubble(telephone, cast.account).tap()
    telephone.wait_for_url(f"**{cast.account.get_absolute_url()}**")


def test_another_bubble_tells_first_and_the_ground_hides_it(cast, telephone):
    here = telephone.url
    bubble(telephone, cast.account).tap()
    bubble(telephone, cast.child).tap()
    assert "Fjord Shipyards Bergen" in tip(telephone).inner_text()
    telephone.locator("h1").first.tap()
    tip(telephone).wait_for(state="hidden")
    bubble(telephone, cast.child).tap()  # told anew: nothing opens by surprise
    tip(telephone).wait_for(state="visible")
    telephone.wait_for_timeout(300)
    assert telephone.url == here
