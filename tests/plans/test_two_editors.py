"""Two people in one plan, each in a browser of their own: neither loses a word."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client
from django.test.testcases import LiveServerThread

from plans.models import AccountPlan
from plans.services import targets
from tests.conftest import YEAR, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(transactional_db) -> Iterator[str]:
    """The address of a web server over the test's own database."""
    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    try:
        if server.error:
            raise server.error
        yield f"http://localhost:{server.port}"
    finally:
        server.terminate()


@pytest.fixture
def page_of(chromium, site, cast):
    """A page of one person, signed in; errors in the browser's console fail the test."""
    complaints: list[str] = []
    contexts: list = []

    def opened(name: str):
        client = Client()
        client.force_login(getattr(cast, name), backend="kam.auth.ShellBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "409" not in message.text
                else None
            ),
        )
        page.goto(f"{site}/plans/{cast.plan.pk}/")
        page.wait_for_selector("#plan-targets")
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            # A request still under way would write into the next test's database.
            page.wait_for_load_state("networkidle")
        context.close()
    assert complaints == []


def write(page, cast: Cast, field: str, text: str) -> None:
    """Opens a text of the plan where it stands and types."""
    start(page, cast, field)
    page.fill(f"{place(cast, field)} textarea", text)


def start(page, cast: Cast, field: str) -> None:
    page.click(f"{place(cast, field)} .inplace-edit")
    page.wait_for_selector(f"{place(cast, field)} textarea")


def place(cast: Cast, field: str) -> str:
    """A text of the plan, or the text of its section."""
    if field == "section":
        return f"#section-{cast.section.pk}-body"
    return f"#accountplan-{cast.plan.pk}-{field}"


def saved(page, cast: Cast, field: str) -> None:
    page.wait_for_selector(f'{place(cast, field)} [data-save-state][data-is="saved"]')


def not_saved(page, cast: Cast, field: str) -> None:
    page.wait_for_selector(f'{place(cast, field)} [data-save-state][data-is="error"]')


def test_different_texts_are_both_kept_without_a_question(cast, page_of):
    kari, lena = page_of("kam"), page_of("leader")
    start(kari, cast, "summary")
    start(lena, cast, "section")
    kari.fill(f"{place(cast, 'summary')} textarea", "Kari's summary")
    lena.fill(f"{place(cast, 'section')} textarea", "Lena's strategy")
    saved(kari, cast, "summary")
    saved(lena, cast, "section")
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    cast.section.refresh_from_db()
    assert (plan.summary, cast.section.body) == ("Kari's summary", "Lena's strategy")
    kari.click(f"{place(cast, 'summary')} [data-done]")
    kari.wait_for_selector(f"{place(cast, 'summary')} .prose")
    assert kari.inner_text(f"{place(cast, 'summary')} .prose").strip() == "Kari's summary"


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_the_same_text_is_asked_about_and_the_choice_stands(cast, page_of, choice):
    kari, lena = page_of("kam"), page_of("leader")
    start(kari, cast, "summary")
    start(lena, cast, "summary")
    kari.fill(f"{place(cast, 'summary')} textarea", "Kari's words")
    saved(kari, cast, "summary")
    lena.fill(f"{place(cast, 'summary')} textarea", "Lena's words")
    conflict = f"{place(cast, 'summary')} [data-conflict]"
    lena.wait_for_selector(f"{conflict} table")
    text = lena.inner_text(conflict)
    assert "Kari Kam" in text
    for words in ("Grow.", "Kari's words", "Lena's words"):
        assert words in text
    assert AccountPlan.objects.get(pk=cast.plan.pk).summary == "Kari's words"
    assert lena.input_value(f"{place(cast, 'summary')} textarea") == "Lena's words"
    lena.check(f'{conflict} input[value="{choice}"]')
    lena.click(f"{conflict} button.btn--primary")
    lena.wait_for_selector(f"{place(cast, 'summary')} .prose")
    expected = "Lena's words" if choice == "mine" else "Kari's words"
    assert lena.inner_text(f"{place(cast, 'summary')} .prose").strip() == expected
    plan = AccountPlan.objects.get(pk=cast.plan.pk)
    assert plan.summary == expected
    # Whatever was chosen, what was saved before stands in the history.
    assert "Kari's words" in plan.events.values_list("summary", flat=True)


def test_text_typed_just_before_done_is_saved(cast, page_of):
    kari = page_of("kam")
    write(kari, cast, "section", "Steel prices")
    kari.click(f"{place(cast, 'section')} [data-done]")
    kari.wait_for_selector(f"{place(cast, 'section')} .prose")
    cast.section.refresh_from_db()
    assert cast.section.body == "Steel prices"


def cell(cast: Cast, month: int) -> str:
    return f"#c-{cast.target.pk}-{YEAR}-{month:02}"


def until(page, expression: str) -> None:
    """Waits until a JavaScript expression is true (the page's policy forbids the driver's own way)."""
    for _try in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def grid_saved(page) -> None:
    page.wait_for_selector('#grid-state[data-is="saved"]')


def test_two_people_fill_the_same_grid(cast, page_of):
    kari, lena = page_of("kam"), page_of("leader")
    kari.fill(cell(cast, 2), "2000")
    kari.keyboard.press("Tab")
    grid_saved(kari)
    lena.fill(cell(cast, 3), "3,000")
    lena.keyboard.press("Tab")
    grid_saved(lena)
    held = dict(cast.target.months.values_list("month", "revenue"))
    assert held[date(YEAR, 2, 1)] == 2000
    assert held[date(YEAR, 3, 1)] == 3000
    # Her own save has shown Lena what Kari filled meanwhile: no question, nothing to merge.
    assert lena.input_value(cell(cast, 2)) == "2,000"
    kari.fill(cell(cast, 2), "2100")
    kari.keyboard.press("Tab")
    until(kari, f"document.querySelector('{cell(cast, 2)}').value === '2,100'")
    lena.fill(cell(cast, 2), "2500")
    lena.keyboard.press("Tab")
    lena.wait_for_selector("#grid-message table")
    text = lena.inner_text("#grid-message")
    for value in ("2,000", "2,100", "2,500"):
        assert value in text
    lena.check('#grid-message input[value="mine"]')
    lena.click("#grid-message button.btn--primary")
    lena.wait_for_selector("#grid-message form", state="detached")
    grid_saved(lena)
    assert cast.target.months.get(month=date(YEAR, 2, 1)).revenue == 2500
    assert lena.input_value(cell(cast, 2)) == "2,500"
    kari.fill(cell(cast, 2), "2600")
    kari.keyboard.press("Tab")
    kari.wait_for_selector("#grid-message table")
    kari.check('#grid-message input[value="theirs"]')
    kari.click("#grid-message button.btn--primary")
    kari.wait_for_selector("#grid-message form", state="detached")
    until(kari, f"document.querySelector('{cell(cast, 2)}').value === '2,500'")


def test_a_row_of_a_spreadsheet_is_pasted_and_the_keyboard_walks_the_grid(cast, page_of):
    kari = page_of("kam")
    kari.focus(cell(cast, 1))
    row = "\\t".join(str(n * 100) for n in range(1, 13))
    kari.evaluate(
        f"""() => {{
            const data = new DataTransfer();
            data.setData("text/plain", "{row}");
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {{clipboardData: data, bubbles: true, cancelable: true}}));
        }}"""
    )
    grid_saved(kari)
    held = list(cast.target.months.order_by("month").values_list("revenue", flat=True))
    assert held == [n * 100 for n in range(1, 13)]
    assert kari.input_value(f"#t-{cast.target.pk}") == "7,800"
    assert "7,800" in kari.inner_text("#grid-sums")
    kari.focus(cell(cast, 1))
    kari.keyboard.press("ArrowRight")
    assert kari.evaluate("document.activeElement.id") == cell(cast, 2)[1:]
    kari.fill(f"#t-{cast.target.pk}", "15600")
    kari.keyboard.press("Enter")
    until(kari, f"document.querySelector('{cell(cast, 12)}').value === '2,400'")
    assert cast.target.months.get(month=date(YEAR, 1, 1)).revenue == 200


def test_what_is_typed_while_a_save_is_on_its_way_is_saved_too(cast, page_of):
    kari = page_of("kam")
    for month in range(2, 8):
        kari.fill(cell(cast, month), str(month))
        kari.keyboard.press("Tab")
    until(
        kari,
        "[...document.querySelectorAll('table[data-grid] td input')]"
        ".every((input) => input.value === input.defaultValue)",
    )
    grid_saved(kari)
    held = {m.month.month: m.revenue for m in cast.target.months.all()}
    assert held == {1: 1200, **{n: n for n in range(2, 8)}}
    assert targets.MEASURES[0] == "revenue"
