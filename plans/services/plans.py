"""Making a plan, and changing its words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from kam.editing import archive, restore, save_fields
from kam.models import User
from kam.periods import company_year
from plans.models import AccountPlan, AgreedMonth, PlanTemplate
from plans.services.locks import account_in_use, require_open_text
from plans.services.portfolios import refresh_soon
from plans.services.refusals import PlanExists, PlanRefusal
from plans.services.sections import fill_sections
from plans.services.steering import require_answering, require_steering
from plans.services.targets import suggest_targets
from plans.services.templates import template_for

Status = AccountPlan.Status
#: States in which a plan is not simply taken away.
HELD = frozenset({Status.SUBMITTED, Status.APPROVED, Status.ACTIVE})
#: What a person changes of the plan itself; the rest are its sections, targets, goals, activities.
FIELDS = ("summary", "stance", "stance_reason")


def make_plan(
    account: Account,
    year: int,
    *,
    by: User,
    growth: Decimal | None = None,
    template: PlanTemplate | None = None,
) -> AccountPlan:
    """Makes the account's plan, for who answers for the account; see ``create_plan``.

    Raises ``NotYours`` for anybody else: an edit seat fills a plan and makes none.
    """
    require_answering(account, by)
    return create_plan(account, year, growth=growth, template=template)


def create_plan(
    account: Account,
    year: int,
    *,
    growth: Decimal | None = None,
    template: PlanTemplate | None = None,
    empty: bool = False,
) -> AccountPlan:
    """As ``make_plan``, where it was asked already who does it: the plan of a fiscal year, in the
    account's currency.

    Its sections are those of ``template``; of the one that fits the account where none is named.
    An ``empty`` plan has none yet.
    With ``growth`` (per cent) it gets a target per product line bought last year, that much above
    last year's sales. Raises ``PlanExists``; ``PlanLocked`` for an archived account.
    """
    try:
        with transaction.atomic():
            account_in_use(account)
            template = template or template_for(account)
            plan = AccountPlan(
                account=account, year=year, currency=account.currency, template=template
            )
            plan.clean_fields()
            plan.save()
            if not empty:
                fill_sections([plan], template)
            if growth is not None:
                suggest_targets(plan, growth)
            refresh_soon()
    except IntegrityError:
        existing = AccountPlan.objects.filter(account=account, year=year).first()
        if existing is None:
            raise
        words = _("%(account)s has a plan for %(year)s already.") % {
            "account": account,
            "year": company_year(year).label,
        }
        raise PlanExists(words, existing) from None
    return plan


@transaction.atomic
def change_plan(
    plan: AccountPlan, changes: Mapping[str, Any], *, base_version: int | None
) -> AccountPlan:
    """Saves what stands in the plan itself; see ``kam.editing.save_fields``. Raises ``PlanLocked``."""
    require_open_text(plan)
    return save_fields(plan, changes, base_version=base_version)


@transaction.atomic
def archive_plan(plan: AccountPlan, *, by: User) -> AccountPlan:
    """Takes a plan out of use, with its targets and activities; it can be brought back.

    Raises ``PlanRefusal`` while it is in force, is being amended or waits for a decision: then it is
    closed, or withdrawn, first; ``NotYours``.
    """
    require_steering(plan, by)
    held = AccountPlan.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.pk)
    if AgreedMonth.stands_for(held):
        words = _(
            "%(plan)s is being amended, and what was approved before still holds. "
            "Give the amendment up or let it be decided on, then close the plan."
        )
        raise PlanRefusal(words % {"plan": held})
    if held.status in HELD:
        words = _("%(plan)s is “%(state)s”. Close or withdraw it first.")
        raise PlanRefusal(words % {"plan": held, "state": held.get_status_display()})
    plan = archive(plan)
    refresh_soon()
    return plan


def restore_plan(plan: AccountPlan, *, by: User) -> AccountPlan:
    """Brings a plan back into use. Raises ``PlanRefusal`` while its account is archived, ``NotYours``."""
    require_steering(plan, by)
    return bring_back(plan)


@transaction.atomic
def bring_back(plan: AccountPlan) -> AccountPlan:
    """As ``restore_plan``, where it was asked already who does it."""
    account_in_use(plan.account)
    plan = restore(plan)
    refresh_soon()
    return plan
