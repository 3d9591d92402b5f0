"""What the browser keeps of a form: offered after a lost session, never after it was saved."""

import pytest
from django.conf import settings

from plans.models import Section
from tests.plans.test_together_browser import browser_of  # noqa: F401 - browser_of
from tests.plans.test_two_editors import site  # noqa: F401 - site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = "form .notice--warn"


@pytest.fixture
def questions(cast) -> list[Section]:
    """A second section, so that one question follows another."""
    cast.plan.sections.create(kind="risks", position=99)
    return list(cast.plan.sections.active().order_by("position", "pk"))


def test_a_saved_answer_is_not_offered_to_the_next_question(cast, site, browser_of, questions):  # noqa: F811
    page = browser_of("kam").new_page()
    page.goto(f"{site}/plans/{cast.plan.pk}/guide/?at={questions[0].pk}")
    page.fill("main textarea", "An answer to the first question")
    page.click("main button[value=save]")
    page.wait_for_url(f"**/guide/?at={questions[1].pk}")
    assert not page.locator(KEPT).count()
    page.fill("main textarea", "Left in the middle")
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site}/plans/{cast.plan.pk}/guide/?at={questions[0].pk}")
    assert not page.locator(KEPT).count()
    page.goto(f"{site}/plans/{cast.plan.pk}/guide/?at={questions[1].pk}")
    assert "Left in the middle" in page.inner_text(KEPT)


def test_a_form_that_led_back_to_its_own_page_was_accepted(cast, site, browser_of):  # noqa: F811
    page = browser_of("kam").new_page()
    page.goto(f"{site}/plans/{cast.plan.pk}/sections/")
    before = cast.plan.sections.active().count()
    page.select_option("main select[name=kind]", "risks")
    page.click("main form.form button.btn--primary")
    page.wait_for_load_state("load")
    assert cast.plan.sections.active().count() == before + 1
    assert not page.locator(KEPT).count()


def test_what_was_sent_without_a_session_is_offered_again(cast, site, browser_of, questions):  # noqa: F811
    context = browser_of("kam")
    page = context.new_page()
    address = f"{site}/plans/{cast.plan.pk}/guide/?at={questions[0].pk}"
    page.goto(address)
    page.fill("main textarea", "Written before the session ended")
    cookies = context.cookies()
    context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.click("main button[value=save]")
    page.wait_for_url("**/login/**")
    context.add_cookies(cookies)
    page.goto(address)
    assert "Written before the session ended" in page.inner_text(KEPT)


def test_the_quality_follows_what_is_planned_on_the_page(cast, site, browser_of):  # noqa: F811
    page = browser_of("kam").new_page()
    page.goto(f"{site}/plans/{cast.plan.pk}/")
    page.locator("#quality").scroll_into_view_if_needed()
    page.wait_for_selector("#quality .figure-value")
    page.locator("#goals").scroll_into_view_if_needed()
    form = page.locator("#goals form", has=page.locator("[name=metric]")).first
    form.wait_for(state="attached")
    if not form.is_visible():
        page.locator("#goals summary", has_text="Add a goal").click()
    form.locator("[name=title]").fill("Fewer stops")
    for name, value in (("metric", "stops"), ("target", "4"), ("due_on", "2026-12-31")):
        form.locator(f"[name={name}]").fill(value)
    with page.expect_response(lambda answer: answer.url.endswith("/quality/")):
        form.locator("button.btn, button").last.click()


def test_signing_in_again_leads_back_to_what_was_sent(cast, site, browser_of):  # noqa: F811
    cast.administrator.set_password("long enough to sign in")
    cast.administrator.save(update_fields=["password"])
    page = browser_of("administrator").new_page()
    page.goto(f"{site}/administration/people/{cast.kam.pk}/")
    page.fill("main [name=title]", "Key account manager, Nordics")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.click("main form.form button.btn--primary")
    page.wait_for_url("**/login/**")
    page.fill("[name=login]", cast.administrator.email)
    page.fill("[name=password]", "long enough to sign in")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/administration/people/{cast.kam.pk}/")
    assert "Key account manager, Nordics" in page.inner_text(KEPT)


def test_what_was_refused_is_offered_again(cast, site, browser_of):  # noqa: F811
    page = browser_of("administrator").new_page()
    page.goto(f"{site}/plans/settings/")
    page.eval_on_selector("main form.form", "form => (form.noValidate = true)")
    page.fill("main [name=link_days]", "0")
    page.click("main form.form button.btn--primary")
    page.wait_for_selector("main .notice--bad")
    page.goto(f"{site}/")
    page.goto(f"{site}/plans/settings/")
    assert "0" in page.inner_text(KEPT)


def test_what_lost_a_race_is_kept_until_it_is_chosen(cast, site, browser_of):  # noqa: F811
    page = browser_of("administrator").new_page()
    page.goto(f"{site}/administration/people/{cast.kam.pk}/")
    page.fill("main [name=title]", "Mine")
    cast.kam.title = "Theirs"
    cast.kam.save()
    page.click("main form.form button.btn--primary")
    page.wait_for_selector("[data-conflict-form]")
    other = page.context.new_page()
    other.goto(f"{site}/administration/people/{cast.kam.pk}/")
    assert "Mine" in other.inner_text(KEPT)
    page.click("[data-conflict-form] button.btn--primary")
    page.wait_for_selector(".toast--good")
    page.goto(f"{site}/administration/people/{cast.kam.pk}/")
    assert not page.locator(KEPT).count()
