"""The signed-in shell: sign-in, preferences, tokens, substitutes, messages, long work, queries."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from kam import services
from kam.models import ApiToken, Notification, Substitution, User
from kam.periods import company_today

PASSWORD = "a long enough password"


@pytest.fixture
def kari(cast):
    cast.kam.set_password(PASSWORD)
    cast.kam.save()
    return cast.kam


def sign_in(email, password=PASSWORD):
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


# --- signing in -----------------------------------------------------------------------------------
def test_signs_in_by_email_and_password_and_out_again(kari):
    client = sign_in("KARI.kam@example.com")
    assert client.get("/").status_code == 200
    client.post(reverse("account_logout"))
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"archived_at": "2026-01-01T00:00Z"}])
def test_who_has_left_does_not_sign_in(kari, change):
    User.objects.filter(pk=kari.pk).update(**change)
    assert sign_in(kari.email).get("/").status_code == 302


def test_a_service_account_does_not_sign_in_to_pages(cast):
    cast.service.set_password(PASSWORD)
    cast.service.save()
    assert sign_in(cast.service.email).get("/").status_code == 302


def test_nobody_signs_themselves_up(db):
    response = Client().get(reverse("account_signup"))
    assert b"password1" not in response.content


# --- preferences ----------------------------------------------------------------------------------
def test_the_menu_changes_one_wish_and_goes_back(cast):
    client = cast.client("kam")
    response = client.post(
        "/preferences/", {"language": "nb"}, headers={"Referer": "http://testserver/jobs/"}
    )
    assert response["Location"] == "http://testserver/jobs/"
    assert 'lang="nb"' in client.get("/").content.decode()


def test_it_never_goes_back_to_another_host(cast):
    response = cast.client("kam").post(
        "/preferences/", {"theme": "dark"}, headers={"Referer": "https://evil.example/"}
    )
    assert response["Location"] == "/preferences/"


def test_the_theme_stands_in_the_page(cast):
    client = cast.client("kam")
    client.post("/preferences/", {"theme": "dark"}, headers={"HX-Request": "true"})
    assert 'data-theme="dark"' in client.get("/").content.decode()


def test_nobody_gives_themselves_a_role(cast):
    cast.client("kam").post("/preferences/", {"role": "administrator", "theme": "dark"})
    cast.kam.refresh_from_db()
    assert cast.kam.role == "kam"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Europe/Oslo\n"])
def test_a_zone_that_is_none_is_refused(cast, zone):
    response = cast.client("kam").post("/preferences/", {"timezone": zone, "name": "Kari"})
    cast.kam.refresh_from_db()
    assert response.status_code == 422 or cast.kam.timezone == "Europe/Oslo"


def test_a_token_is_shown_once_works_and_is_revoked(cast):
    client = cast.client("kam")
    page = client.post("/preferences/tokens/", {"name": "script", "days": "30"}).content.decode()
    token = cast.kam.api_tokens.get()
    secret = page.split("<code>")[1].split("</code>")[0]
    assert secret.startswith(token.prefix)
    assert secret not in client.get("/preferences/").content.decode()
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    assert api.get("/api/v1/users/").status_code == 200
    client.post(reverse("kam:token_revoke", args=[token.pk]))
    assert api.get("/api/v1/users/").status_code == 401


# --- substitutes ----------------------------------------------------------------------------------
def hand_over(cast, name="kam", **changes):
    today = company_today()
    data = {
        "substitute": cast.outsider.pk,
        "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=5)).isoformat(),
        **changes,
    }
    return cast.client(name).post("/substitutes/new/", data)


def test_handing_over_tells_both_and_gives_the_rights(cast):
    assert hand_over(cast).status_code == 302
    row = Substitution.objects.get()
    assert {n.recipient for n in Notification.objects.all()} == {cast.kam, cast.outsider}
    client = cast.client("outsider")
    account = reverse("kam:history", args=["accounts.account", cast.account.pk])
    assert client.get(account).status_code == 404
    client.post("/act-for/", {"substitution": row.pk})
    assert client.get(account).status_code == 200
    assert "Kari Kam" in client.get("/").content.decode()
    client.post("/act-for/", {"substitution": ""})
    assert client.get(account).status_code == 404


def test_taking_back_ends_it_at_once(cast):
    hand_over(cast)
    row = Substitution.objects.get()
    client = cast.client("outsider")
    client.post("/act-for/", {"substitution": row.pk})
    cast.client("kam").post(reverse("kam:substitution_archive", args=[row.pk]))
    account = reverse("kam:history", args=["accounts.account", cast.account.pk])
    assert client.get(account).status_code == 404
    assert Notification.objects.count() == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_on": "2020-01-01", "starts_on": "2020-01-01"},
        {"starts_on": "2099-12-31"},
        {"substitute": ""},
    ],
)
def test_an_impossible_period_is_refused(cast, changes):
    assert hand_over(cast, **changes).status_code == 422
    assert not Substitution.objects.exists()


def test_nobody_hands_over_to_themselves_or_for_others(cast):
    assert hand_over(cast, substitute=cast.kam.pk).status_code == 422
    hand_over(cast, absent=cast.leader.pk)
    assert Substitution.objects.get().absent == cast.kam


def test_administrators_hand_over_for_others_but_not_administration(cast):
    assert hand_over(cast, "administrator", absent=cast.leader.pk).status_code == 302
    assert hand_over(cast, "administrator", absent=cast.administrator.pk).status_code == 422


def test_acting_for_somebody_shows_no_administration_that_is_not_ones_own(cast):
    services.hand_over(
        cast.management, cast.kam, starts_on=company_today(), ends_on=company_today()
    )
    client = cast.client("kam")
    client.post("/act-for/", {"substitution": Substitution.objects.get().pk})
    assert client.get(reverse("kam:user_list")).status_code == 403
    assert client.get(reverse("kam:settings")).status_code == 403


# --- administration -------------------------------------------------------------------------------
def test_a_new_person_gets_a_mail_and_sets_a_password(cast):
    data = {
        "name": "Nina New",
        "email": "Nina@Example.com",
        "role": "kam",
        "team": cast.north.pk,
        "language": "nb",
        "is_active": "on",
        "invite": "1",
    }
    response = cast.client("administrator").post(reverse("kam:user_create"), data)
    assert response.status_code == 302
    nina = User.objects.get(email="nina@example.com")
    assert not nina.has_usable_password()
    (message,) = mail.outbox
    assert message.to == ["nina@example.com"]
    link = next(w for w in message.body.split() if "/sign-in/" in w)
    client = Client()
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    done = client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert done.status_code == 302
    assert sign_in("nina@example.com").get("/").status_code == 200


def test_the_same_email_twice_is_refused_in_words(cast):
    data = {"name": "Again", "email": "KARI.KAM@example.com", "role": "kam", "language": "en"}
    response = cast.client("administrator").post(reverse("kam:user_create"), data)
    assert response.status_code == 422
    assert User.objects.filter(name="Again").count() == 0


def test_two_administrators_do_not_lose_each_others_words(cast):
    address = reverse("kam:user_edit", args=[cast.kam.pk])
    client = cast.client("administrator")
    form = client.get(address).context["form"]
    base = {"version": cast.kam.version}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False):
            base[name] = "on" if value is True else value
            base[form[name].html_initial_name] = base[name]
    services.change_person(cast.kam, {"title": "Theirs"}, base_version=None)
    assert client.post(address, base | {"phone": "123"}).status_code == 302
    cast.kam.refresh_from_db()
    assert (cast.kam.title, cast.kam.phone) == ("Theirs", "123")
    response = client.post(address, base | {"title": "Mine"})
    assert response.status_code == 409
    assert "Theirs" in response.content.decode()


def test_the_only_administrator_stays_one(cast):
    address = reverse("kam:user_archive", args=[cast.administrator.pk])
    cast.client("administrator").post(address)
    cast.administrator.refresh_from_db()
    assert cast.administrator.archived_at is None


def test_a_circle_of_teams_is_refused_with_a_sentence(cast):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="circle"):
        services.change_team(cast.region, {"parent": cast.north}, base_version=None)
    address = reverse("kam:team_edit", args=[cast.region.pk])
    page = cast.client("administrator").get(address)
    offered = page.context["form"].fields["parent"].queryset
    assert not offered.exists()


def test_a_team_with_people_is_not_archived(cast):
    cast.client("administrator").post(reverse("kam:team_archive", args=[cast.north.pk]))
    cast.north.refresh_from_db()
    assert cast.north.archived_at is None


def settings_form(cast, **changes):
    company = cast.company
    return {
        "version": company.version,
        "name": company.name,
        "currency": company.currency,
        "fiscal_year_start": company.fiscal_year_start,
        "timezone": company.timezone,
        "accent": company.accent,
        **changes,
    }


@pytest.mark.parametrize("change", [{"fiscal_year_start": 4}, {"currency": "NOK"}])
def test_a_weighty_change_is_explained_before_it_is_made(cast, change):
    client, address = cast.client("administrator"), reverse("kam:settings")
    asked = client.post(address, settings_form(cast, **change))
    cast.company.refresh_from_db()
    assert asked.context["consequences"]
    assert getattr(cast.company, next(iter(change))) not in change.values()
    client.post(address, settings_form(cast, **change, sure="1"))
    cast.company.refresh_from_db()
    assert getattr(cast.company, next(iter(change))) in change.values()


def test_an_ordinary_setting_is_saved_at_once(cast):
    cast.client("administrator").post(
        reverse("kam:settings"), settings_form(cast, name="Nordic Valves")
    )
    cast.company.refresh_from_db()
    assert cast.company.name == "Nordic Valves"


def test_rates_are_set_taken_away_and_copied(cast):
    from decimal import Decimal

    from kam.models import BudgetRate

    client, address = cast.client("administrator"), reverse("kam:rates")
    client.post(address + "?year=2026", {"SEK": "0.09", "NOK": ""})
    active = BudgetRate.objects.active().filter(year=2026)
    assert {r.currency: r.rate for r in active} == {"SEK": Decimal("0.09")}
    client.post(reverse("kam:rates_copy"), {"year": 2027})
    assert BudgetRate.objects.get(year=2027).rate == Decimal("0.09")
    for wrong in ("-1", "0", "abc", "1e9", "0.123456789"):
        assert client.post(address + "?year=2026", {"SEK": wrong}).status_code == 422


def test_missing_rates_are_named(cast):
    cast.plan.currency = "DKK"
    cast.plan.save()
    page = cast.client("administrator").get(reverse("kam:rates") + "?year=2026")
    assert page.context["missing"] == ["DKK"]


def test_a_service_account_gets_its_token_from_an_administrator(cast):
    address = reverse("kam:user_token_create", args=[cast.service.pk])
    page = cast.client("administrator").post(address, {"name": "ERP", "days": "0"})
    assert "no-store" in page["Cache-Control"]
    assert ApiToken.objects.get(user=cast.service).name == "ERP"


# --- questions to the database --------------------------------------------------------------------
PERSON = 1  # every page: the signed-in person with team and unread messages
QUERIES = {
    # the same for every role: the frame alone
    ("kam", "/"): PERSON,
    # + accounts, contacts, plans, people
    ("kam", "/search/?q=fjord"): PERSON + 4,
    # + a page of messages
    ("kam", "/notifications/"): PERSON + 1,
    # + the person's own row, tokens
    ("kam", "/preferences/"): PERSON + 2,
    # + mine, theirs, past
    ("kam", "/substitutes/"): PERSON + 3,
    # + people to choose from
    ("kam", "/substitutes/new/"): PERSON + 1,
    # + a page of jobs
    ("kam", "/jobs/"): PERSON + 1,
    # + the colleague, their substitutes
    ("kam", "/people/{kam.pk}/"): PERSON + 2,
    # + keys of a page, its rows, saved views
    ("administrator", "/administration/people/"): PERSON + 3,
    # + the person twice (to change, to show), may edit? twice, teams to choose from, tokens
    ("administrator", "/administration/people/{kam.pk}/"): PERSON + 5,
    # + teams, archived teams
    ("administrator", "/administration/teams/"): PERSON + 2,
    # + the team twice, may edit?, parents, leaders
    ("administrator", "/administration/teams/{north.pk}/"): PERSON + 5,
    # + the row twice, may edit? twice
    ("administrator", "/administration/settings/"): PERSON + 4,
    # + this year, last year, rates of the sums, currencies of sales, currencies of plans
    ("administrator", "/administration/rates/"): PERSON + 5,
    # + entries with their people, which of their rows are read
    ("administrator", "/administration/audit/"): PERSON + 2,
}


@pytest.mark.parametrize(("name", "path"), QUERIES)
def test_each_page_asks_the_stated_number_of_questions(
    cast, django_assert_max_num_queries, django_assert_num_queries, name, path
):
    client = cast.client(name)
    path = path.format(**vars(cast))
    client.get(path)  # the session and the company are in the cache then
    with django_assert_num_queries(QUERIES[name, path_key(path, cast)]):
        client.get(path)


def path_key(path, cast):
    return path.replace(f"/{cast.kam.pk}/", "/{kam.pk}/").replace(
        f"teams/{cast.north.pk}/", "teams/{north.pk}/"
    )


def test_no_page_of_the_shell_asks_more_than_eight():
    assert max(QUERIES.values()) <= 8
