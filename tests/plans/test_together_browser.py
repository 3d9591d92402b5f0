"""Two real browsers in one plan, a connection that drops, a browser that is opened anew."""

import pytest
from django.conf import settings
from django.test import Client

from plans.models import PlanComment, ShareEvent
from plans.services import sharing
from plans.services.sections import change_section
from tests.plans.test_two_editors import not_saved, place, saved, site, start, until  # noqa: F401 - site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_of(chromium, site, cast):  # noqa: F811
    """A browser of one person, with its storage."""
    contexts: list = []

    def opened(name: str):
        client = Client()
        client.force_login(getattr(cast, name), backend="kam.auth.ShellBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
        contexts.append(context)
        return context

    yield opened
    for context in contexts:
        context.set_offline(False)
        for page in context.pages:
            page.on("dialog", lambda dialog: dialog.accept())
            page.goto("about:blank")
        context.close()


def plan_page(context, site, cast):  # noqa: F811
    page = context.new_page()
    page.goto(f"{site}/plans/{cast.plan.pk}/")
    page.wait_for_selector(place(cast, "section"))
    return page


def textarea(cast) -> str:
    return f"{place(cast, 'section')} textarea"


def kept(cast) -> str:
    cast.section.refresh_from_db()
    return cast.section.body


def test_a_conflict_on_a_section_shows_yours_theirs_and_before(cast, site, browser_of):  # noqa: F811
    change_section(cast.section, {"body": "As it was"}, base_version=None)
    kari, lena = (plan_page(browser_of(who), site, cast) for who in ("kam", "leader"))
    start(kari, cast, "section")
    start(lena, cast, "section")
    kari.fill(textarea(cast), "Kari's strategy")
    saved(kari, cast, "section")
    lena.fill(textarea(cast), "Lena's strategy")
    conflict = f"{place(cast, 'section')} [data-conflict]"
    lena.wait_for_selector(f"{conflict} table")
    text = lena.inner_text(conflict)
    for words in ("Kari Kam", "As it was", "Kari's strategy", "Lena's strategy"):
        assert words in text
    assert kept(cast) == "Kari's strategy"
    lena.check(f'{conflict} input[value="mine"]')
    lena.click(f"{conflict} button.btn--primary")
    lena.wait_for_selector(f"{place(cast, 'section')} .prose")
    assert kept(cast) == "Lena's strategy"


def test_one_sees_who_else_is_here_and_where_they_write(cast, site, browser_of):  # noqa: F811
    kari, lena = (plan_page(browser_of(who), site, cast) for who in ("kam", "leader"))
    start(lena, cast, "section")
    until(lena, "document.querySelector('#presence') !== null && document.hasFocus() !== undefined")
    lena.wait_for_timeout(1500)
    kari.evaluate("htmx.trigger(document.getElementById('presence'), 'present')")
    kari.wait_for_selector("#presence .present--writing")
    assert "Lena Leader" in kari.inner_text("#presence")
    assert kari.get_attribute(place(cast, "section"), "data-others") == "Lena Leader"


def test_what_is_typed_without_a_connection_is_saved_when_it_is_back(cast, site, browser_of):  # noqa: F811
    context = browser_of("kam")
    page = plan_page(context, site, cast)
    start(page, cast, "section")
    context.set_offline(True)
    page.fill(textarea(cast), "Typed on the train")
    page.wait_for_selector("#offline")
    page.wait_for_selector(f'{place(cast, "section")} [data-save-state][data-is="error"]')
    assert "kept in this browser" in page.inner_text("#offline")
    assert kept(cast) == ""
    context.set_offline(False)
    saved(page, cast, "section")
    assert kept(cast) == "Typed on the train"
    assert page.query_selector("#offline") is None


def test_a_draft_survives_the_browser_and_is_offered_with_its_date(cast, site, browser_of):  # noqa: F811
    context = browser_of("kam")
    page = plan_page(context, site, cast)
    start(page, cast, "section")
    context.set_offline(True)
    page.fill(textarea(cast), "Never sent")
    page.wait_for_selector("#offline")
    not_saved(page, cast, "section")  # what is still to be sent might slip out while the page goes
    page.close(run_before_unload=False)
    context.set_offline(False)
    page = plan_page(context, site, cast)
    note = f"{place(cast, 'section')} + [data-kept]"
    page.wait_for_selector(note)
    assert "20" in page.inner_text(note)  # the year of its date
    page.click(f"{note} .btn--primary")
    page.wait_for_selector(textarea(cast))
    assert page.input_value(textarea(cast)) == ""
    page.click(f"{place(cast, 'section')} .notice .btn--primary")
    saved(page, cast, "section")
    assert kept(cast) == "Never sent"
    page.reload()
    page.wait_for_selector(place(cast, "section"))
    assert page.query_selector("[data-kept]") is None


def test_a_draft_that_somebody_has_overtaken_becomes_a_question(cast, site, browser_of):  # noqa: F811
    context = browser_of("kam")
    page = plan_page(context, site, cast)
    start(page, cast, "section")
    context.set_offline(True)
    page.fill(textarea(cast), "Kari's draft")
    page.wait_for_selector("#offline")
    not_saved(page, cast, "section")  # what is still to be sent might slip out while the page goes
    page.close(run_before_unload=False)
    change_section(cast.section, {"body": "Lena was quicker"}, base_version=None)
    context.set_offline(False)
    page = plan_page(context, site, cast)
    start(page, cast, "section")
    page.click(f"{place(cast, 'section')} .notice .btn--primary")
    conflict = f"{place(cast, 'section')} [data-conflict]"
    page.wait_for_selector(f"{conflict} table")
    text = page.inner_text(conflict)
    assert "Kari's draft" in text
    assert "Lena was quicker" in text
    assert kept(cast) == "Lena was quicker"


def test_the_last_save_is_undone_with_the_keyboard_alone(cast, site, browser_of):  # noqa: F811
    page = plan_page(browser_of("kam"), site, cast)
    page.focus(f"{place(cast, 'section')} .inplace-edit")
    page.keyboard.press("Enter")
    page.wait_for_selector(textarea(cast))
    until(page, "document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type("Oh no")
    page.keyboard.press("Control+Enter")
    saved(page, cast, "section")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{place(cast, 'section')} .inplace-undo button")
    assert kept(cast) == "Oh no"
    until(page, "document.activeElement.matches('.inplace-edit')")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.inplace-undo') !== null")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{place(cast, 'section')} .prose", state="detached")
    assert kept(cast) == ""


def test_alt_and_an_arrow_lead_from_text_to_text(cast, site, browser_of):  # noqa: F811
    page = plan_page(browser_of("kam"), site, cast)
    page.focus(f"{place(cast, 'summary')} .inplace-edit")
    page.keyboard.press("Alt+ArrowDown")
    here = "document.activeElement.closest('.inplace').id"
    assert page.evaluate(here) == f"section-{cast.section.pk}-body"
    page.keyboard.press("Alt+ArrowUp")
    assert page.evaluate(here) == f"accountplan-{cast.plan.pk}-summary"


def test_people_are_called_by_a_few_letters(cast, site, browser_of):  # noqa: F811
    page = browser_of("kam").new_page()
    page.goto(f"{site}/plans/{cast.plan.pk}/comments/")
    page.click("textarea[name=body]")
    page.keyboard.type("What now, @len")
    page.wait_for_selector("#mention-list [role=option]")
    page.keyboard.press("Enter")
    assert page.input_value("textarea[name=body]") == "What now, @Lena Leader "
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".comment .mention")
    assert PlanComment.objects.get().body == "What now, @Lena Leader"


def test_the_customer_confirms_and_comments_in_a_real_browser(cast, site, chromium):  # noqa: F811
    """The page's own policies (no script, no referrer to others, CSRF) do not stand in its way."""
    cast.contact.email = "brit@fjord.example"
    cast.contact.save()
    change_section(cast.section, {"body": "Grow together"}, base_version=None)
    issued = sharing.share_plan(
        cast.plan, cast.contact, by=cast.kam, sections=[cast.section], goals=[cast.goal]
    )
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    page.goto(f"{site}/joint/{issued.token}/")
    page.click("text=Confirm >> nth=0")
    page.wait_for_selector("text=your answer is kept")
    page.fill("#whole textarea", "Good plan")
    page.click("#whole button")
    page.wait_for_selector("text=your comment is kept")
    page.goto("about:blank")
    context.close()
    assert PlanComment.objects.get().body == "Good plan"
    assert ShareEvent.objects.filter(what="confirmed").count() == 1
