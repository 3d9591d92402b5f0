"""The company's own settings: currency, calendar, rates."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.cache import cache
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.people import validate_timezone
from kam.models.row import Row
from kam.money import CURRENCIES
from kam.scoping import DirectoryQuerySet

CACHE_KEY = "company"
#: The settings that this request has read, in a list of at most one; none outside a request.
_read: ContextVar["list[Company] | None"] = ContextVar("company_read", default=None)


@audited()
class Company(Row):
    """The one row of settings that the whole installation shares."""

    name = models.CharField(_("company"), max_length=150, default="KAM")
    currency = models.CharField(
        _("company currency"), max_length=3, choices=CURRENCIES, default="EUR"
    )
    fiscal_year_start = models.PositiveSmallIntegerField(
        _("first month of the fiscal year"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    timezone = models.CharField(
        _("time zone"), max_length=60, default="Europe/Oslo", validators=[validate_timezone]
    )
    accent = models.CharField(
        _("colour in reports"),
        max_length=7,
        default="#1f5f8b",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A colour such as #1f5f8b."))],
    )
    logo = models.FileField(
        _("logo"), upload_to="company/", max_length=250, blank=True, editable=False
    )

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("company")
        verbose_name_plural = _("company")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="kam_company_one_row"),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12),
                name="kam_company_fiscal_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("kam:settings")

    @classmethod
    def current(cls) -> "Company":
        """The settings, from the cache where they are there; to be read, not changed."""
        read = _read.get()
        if read:
            return read[0]
        company = cache.get(CACHE_KEY)
        if company is None:
            company, _created = cls.objects.get_or_create(pk=1)
            cache.set(CACHE_KEY, company, timeout=60)
        if read is not None:
            read.append(company)
        return company

    @classmethod
    @contextmanager
    def read_once(cls) -> Iterator[None]:
        """Within the block (a request) the settings are read once, unless they are saved in it."""
        token = _read.set([])
        try:
            yield
        finally:
            _read.reset(token)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
        self.forget()

    @staticmethod
    def forget() -> None:
        """Every process reads the settings anew."""
        cache.delete(CACHE_KEY)
        if read := _read.get():
            read.clear()


@audited()
class BudgetRate(Row):
    """What one unit of a currency is worth in the company's currency, in one fiscal year."""

    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)
    source = models.CharField(_("source"), max_length=150, blank=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("budget rate")
        verbose_name_plural = _("budget rates")
        ordering = ["-year", "currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "currency"],
                name="kam_budgetrate_key",
                violation_error_message=_("This year has a rate for this currency already."),
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0),
                name="kam_budgetrate_positive",
                violation_error_message=_("A rate is above zero."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.currency} {self.rate.normalize():f}"

    def get_absolute_url(self) -> str:
        return f"{reverse('kam:rates')}?year={self.year}"
