"""Comments on sections and plans: who reads, who is called, who is told, what is resolved."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kam.models import Notification, Team
from plans.mentions import marked, people_called, people_who_read
from plans.models import Audience, PlanComment, Section, SectionReader
from plans.services import comments
from plans.services.refusals import PlanLocked


def panel(cast, who, query=""):
    return cast.client(who).get(f"/plans/{cast.plan.pk}/comments/{query}")


def say(cast, who, body, section=None):
    data = {"body": body} | ({"section": section.pk} if section else {})
    return cast.client(who).post(f"/plans/{cast.plan.pk}/comments/add/", data)


def told(person) -> list[str]:
    return list(
        Notification.objects.filter(recipient=person).order_by("pk").values_list("title", flat=True)
    )


# --- who reads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", Audience.values)
def test_who_reads_is_the_row_rule_read_the_other_way_round(cast, audience):
    cast.section.audience = audience
    cast.section.save()
    SectionReader.objects.create(section=cast.section, user=cast.leader)
    SectionReader.objects.create(section=cast.section, user=cast.other_kam)  # does not see it
    reads = {
        name
        for name, person in cast.people.items()
        if Section.objects.visible_to(person).filter(pk=cast.section.pk).exists()
    }
    people = people_who_read(cast.plan, cast.section)
    assert {n for n, p in cast.people.items() if people.filter(pk=p.pk).exists()} == reads - {
        "service"
    }


def test_a_leader_with_a_seat_elsewhere_does_not_read_what_is_for_leaders(cast):
    from accounts.models import AccountTeamMember

    AccountTeamMember.objects.create(
        account=cast.account, user=cast.south_leader, function="deputy"
    )
    cast.section.audience = Audience.LEADERS
    cast.section.save()
    assert not Section.objects.visible_to(cast.south_leader).filter(pk=cast.section.pk).exists()
    assert cast.south_leader not in people_who_read(cast.plan, cast.section)
    assert Team.objects.filter(leader=cast.south_leader).exists()


# --- calling by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@Kari Kam, look", ["Kari Kam"]),
        ("look (@kari kam)!", ["Kari Kam"]),
        ("@Kari Kam and @Lena Leader: both", ["Kari Kam", "Lena Leader"]),
        ("@Kari Kam @Kari Kam", ["Kari Kam"]),
        ("mail kari@Kari Kam", []),
        ("@ Kari Kam", []),
        ("@home we say nothing", []),
        ("@Erp Service", []),
    ],
)
def test_people_are_called_by_their_whole_name(cast, body, names):
    assert [person.name for group in people_called([body]) for person in group] == names


def test_the_longest_name_is_meant(cast):
    longer = cast.people["leader"]
    longer.name = "Kari Kam Senior"
    longer.save()
    assert people_called(["@Kari Kam Senior, please"]) == [[longer]]


def test_a_call_is_marked_and_everything_else_is_escaped():
    html = marked("@Kari Kam <script>alert(1)</script>\n@Kari Kamera", ["Kari Kam"])
    assert '<b class="mention">@Kari Kam</b>' in html
    assert html.count("mention") == 1
    assert "<script>" not in html


def test_who_is_called_is_told_once_and_the_kam_is_told_of_others_words(cast):
    assert say(cast, "leader", "@Carl Contributor, see this").status_code == 302
    assert told(cast.contributor) == [
        f"Lena Leader calls you in a comment: {cast.plan}",
    ]
    assert told(cast.kam) == [f"Lena Leader commented: {cast.plan}"]
    assert told(cast.leader) == []
    comment = PlanComment.objects.get()
    client = cast.client("leader")
    url = f"/plans/comments/{comment.pk}/edit/body/"
    client.post(url, {"body": "@Carl Contributor and @Kari Kam", "version": 1, "_touched": "body"})
    assert len(told(cast.contributor)) == 1
    assert told(cast.kam)[1:] == [f"Lena Leader calls you in a comment: {cast.plan}"]


def test_somebody_who_does_not_read_it_is_not_called(cast):
    response = say(cast, "kam", "What do you think, @Odd Other?")
    assert response.status_code == 422
    assert "Odd Other does not read" in response.content.decode()
    assert "What do you think" in response.content.decode()
    cast.section.audience = Audience.LEADERS
    cast.section.save()
    assert say(cast, "kam", "@Carl Contributor", cast.section).status_code == 422
    assert not PlanComment.objects.exists()
    assert told(cast.other_kam) == told(cast.contributor) == []


def test_of_two_of_one_name_the_one_who_reads_is_called(cast):
    cast.other_kam.name = "Lena Leader"
    cast.other_kam.save()
    say(cast, "kam", "@Lena Leader")
    assert len(told(cast.leader)) == 1
    assert told(cast.other_kam) == []


def test_words_that_are_kept_to_some_are_not_repeated_in_messages(cast):
    cast.section.audience = Audience.LEADERS
    cast.section.title = "Secret heading"
    cast.section.save()
    say(cast, "kam", "@Lena Leader the price is 7", cast.section)
    note = Notification.objects.get(recipient=cast.leader)
    assert "price" not in note.body + note.title
    assert "Secret heading" not in note.body + note.title


def test_the_field_offers_those_who_read_by_a_few_letters(cast):
    url = f"/plans/{cast.plan.pk}/comments/people/"
    client = cast.client("kam")
    assert "Lena Leader" in client.get(url, {"q": "len"}).content.decode()
    assert "Odd Other" not in client.get(url, {"q": "odd"}).content.decode()
    cast.section.audience = Audience.LEADERS
    cast.section.save()
    narrow = {"q": "carl", "section": cast.section.pk}
    assert "Carl" not in client.get(url, narrow).content.decode()


# --- reading and writing ----------------------------------------------------------------------------


def test_comments_on_a_section_are_read_by_its_readers_alone(cast):
    cast.section.audience = Audience.LEADERS
    cast.section.save()
    say(cast, "kam", "For leaders", cast.section)
    say(cast, "kam", "For everybody")
    comment = PlanComment.objects.get(section=cast.section)
    assert "For leaders" in panel(cast, "leader").content.decode()
    for who in ("contributor", "editor", "administrator"):
        html = panel(cast, who).content.decode()
        assert "For everybody" in html
        assert "For leaders" not in html
        assert panel(cast, who, f"?section={cast.section.pk}").status_code == 404
        assert say(cast, who, "x", cast.section).status_code == 404
        client = cast.client(who)
        for verb in ("resolve", "reopen"):
            assert client.post(f"/plans/comments/{comment.pk}/{verb}/").status_code == 404
        assert client.get(f"/history/plans.plancomment/{comment.pk}/").status_code == 404


def test_ones_own_words_are_changed_by_oneself_alone(cast):
    say(cast, "contributor", "My words")
    comment = PlanComment.objects.get()
    url = f"/plans/comments/{comment.pk}/edit/body/"
    data = {"body": "Better words", "version": 1, "_touched": "body"}
    assert cast.client("kam").post(url, data).status_code == 403
    assert cast.client("outsider").post(url, data).status_code == 404
    assert cast.client("contributor").post(url, data).status_code in (204, 302)
    comment.refresh_from_db()
    assert comment.body == "Better words"


def test_a_comment_is_resolved_by_its_author_or_who_may_change_the_plan(cast):
    say(cast, "contributor", "First")
    say(cast, "kam", "Second")
    first, second = PlanComment.objects.order_by("pk")
    carl = cast.client("contributor")
    assert carl.post(f"/plans/comments/{second.pk}/resolve/").status_code == 403
    assert carl.post(f"/plans/comments/{first.pk}/resolve/").status_code == 302
    assert cast.client("editor").post(f"/plans/comments/{second.pk}/resolve/").status_code == 302
    second.refresh_from_db()
    assert second.resolved_by == cast.editor
    resolved = second.resolved_at
    comments.resolve(second, cast.kam)
    second.refresh_from_db()
    assert second.resolved_at == resolved
    html = panel(cast, "kam").content.decode()
    assert "2 resolved" in html
    cast.client("kam").post(f"/plans/comments/{second.pk}/reopen/")
    second.refresh_from_db()
    assert (second.resolved_at, second.resolved_by) == (None, None)


def test_nothing_is_said_about_a_plan_that_rests(cast):
    cast.plan.archived_at = timezone.now()
    cast.plan.save()
    with pytest.raises(PlanLocked):
        comments.add_comment(cast.plan, "words", author=cast.kam)
    assert say(cast, "kam", "words").status_code == 422


@pytest.mark.parametrize("body", ["", "  ", "x" * 5001])
def test_empty_and_endless_words_are_refused(cast, body):
    assert say(cast, "kam", body).status_code == 422
    with pytest.raises(ValidationError):
        comments.add_comment(cast.plan, body, author=cast.kam)


def test_a_section_of_another_plan_is_not_found(cast):
    other = Section.objects.create(plan=cast.foreign_plan, kind="risks")
    assert say(cast, "administrator", "x", other).status_code == 404
    assert say(cast, "kam", "x", other).status_code == 404
    for asked in ("x", "-1", "9" * 30):
        assert panel(cast, "kam", f"?section={asked}").status_code == 404


def test_threads_stand_in_the_order_of_writing_and_the_panel_asks_little(cast):
    more = [
        Section.objects.create(plan=cast.plan, kind=k, position=n)
        for n, k in enumerate(("risks", "swot"), 5)
    ]
    for n in range(4):
        for section in (None, cast.section, *more):
            comments.add_comment(
                cast.plan, f"word {n} @Lena Leader", author=cast.kam, section=section
            )
    client = cast.client("kam")
    client.get(f"/plans/{cast.plan.pk}/comments/")
    with CaptureQueriesContext(connection) as queries:
        html = client.get(
            f"/plans/{cast.plan.pk}/comments/", headers={"HX-Request": "true"}
        ).content.decode()
    # session · person · plan · (substitutions) · comments · who is called
    assert len(queries) <= 8, [q["sql"][:90] for q in queries]
    assert html.count('class="comment"') == 16
    assert html.index("word 0") < html.index("word 1") < html.index("word 3")


def test_the_plans_page_counts_a_sections_open_comments(cast):
    for n in range(3):
        say(cast, "kam", f"word {n}", cast.section)
    comments.resolve(PlanComment.objects.first(), cast.kam)
    html = cast.client("kam").get(f"/plans/{cast.plan.pk}/").content.decode()
    assert "Comments on Strategy: 2 open" in html
