"""Resources of the customers: accounts, their people, products, sales facts."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django_filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from accounts import selectors, services
from accounts.filters import AccountFilter, ContactFilter
from accounts.models import (
    Account,
    AccountTeamMember,
    AccountYear,
    Contact,
    Industry,
    Product,
    ProductLine,
    SalesFact,
)
from kam.api.bodies import Body
from kam.api.permissions import AdministratorsWrite
from kam.api.resources import RowSerializer, ScopedReadViewSet, ScopedViewSet, speaking_errors
from kam.importing.resource import run_after
from kam.lookup import LookupFilter
from kam.models import ImportBatch
from kam.money import CURRENCIES, ZERO
from kam.scoping import EDITS_ALL, signed_in

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
MOST_FACTS = 10_000  # in one call; more comes in several calls or by import


class IndustrySerializer(RowSerializer):
    class Meta:
        model = Industry
        fields = [*ROW, "name"]
        read_only_fields = ROW


class AccountSerializer(RowSerializer):
    country = serializers.CharField(max_length=2, required=False, allow_blank=True)

    class Meta:
        model = Account
        fields = [
            *ROW,
            "name",
            "number",
            "parent",
            "path",
            "level",
            "type",
            "lifecycle",
            "is_key_account",
            "industry",
            "country",
            "employees",
            "customer_revenue",
            "founded",
            "website",
            "currency",
            "owner",
            "description",
        ]
        read_only_fields = [*ROW, "path"]

    def to_representation(self, row: Account) -> dict[str, Any]:
        return super().to_representation(row) | {"country": str(row.country or "")}

    def validate_country(self, code: str) -> str:
        field = Account._meta.get_field("country")
        if code and code not in dict(field.countries):  # type: ignore[union-attr]
            raise serializers.ValidationError("No ISO 3166 country code, such as NO.")
        return code


class AccountTeamMemberSerializer(RowSerializer):
    class Meta:
        model = AccountTeamMember
        fields = [*ROW, "account", "user", "function", "may_edit"]
        read_only_fields = ROW
        fixed = ["account", "user", "function"]


class ContactSerializer(RowSerializer):
    class Meta:
        model = Contact
        fields = [
            *ROW,
            "account",
            "name",
            "number",
            "parent",
            "title",
            "email",
            "phone",
            "dmu_role",
            "influence",
            "attitude",
            "coverage",
            "holder",
            "last_contact_on",
            "notes",
        ]
        read_only_fields = ROW
        fixed = ["account"]  # those who report to them work at the same account


class ProductLineSerializer(RowSerializer):
    class Meta:
        model = ProductLine
        fields = [*ROW, "name", "parent", "path"]
        read_only_fields = [*ROW, "path"]


class ProductSerializer(RowSerializer):
    class Meta:
        model = Product
        fields = [*ROW, "name", "number", "line", "unit", "list_price"]
        read_only_fields = ROW


class SalesFactSerializer(serializers.ModelSerializer):
    class Meta:
        model = SalesFact
        fields = [
            "id",
            "account",
            "product",
            "month",
            "currency",
            "revenue",
            "cost",
            "volume",
            "batch",
        ]


class SalesFactRow(Body):
    """One fact to record; an existing fact with the same key is replaced."""

    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    product = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    month = serializers.DateField(help_text="First day of the month.")
    currency = serializers.ChoiceField(choices=CURRENCIES)
    revenue = serializers.DecimalField(max_digits=16, decimal_places=2)
    cost = serializers.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    volume = serializers.DecimalField(max_digits=16, decimal_places=3, default=ZERO)

    def validate_month(self, month: date) -> date:
        if month.day != 1 or not 1990 <= month.year <= 2100:
            raise serializers.ValidationError("The first day of a month from 1990 to 2100.")
        return month


class SalesFactBatch(Body):
    """Facts that come together; all of them are recorded, or none."""

    rows = SalesFactRow(many=True, allow_empty=False, max_length=MOST_FACTS)  # type: ignore[call-arg]  # the list takes it

    def validate_rows(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Every account and product is known to the caller; checked in two queries."""
        user = self.context["request"].user
        errors: list[dict[str, list[str]]] = [{} for _row in rows]
        for name, model in (("account", Account), ("product", Product)):
            asked = {row[name] for row in rows}
            known = set(
                model.objects.visible_to(user).filter(pk__in=asked).values_list("pk", flat=True)
            )
            for row, error in zip(rows, errors, strict=True):
                if row[name] not in known:
                    error[name] = [f"There is no {name} {row[name]}."]
        keys = Counter((r["account"], r["product"], r["month"], r["currency"]) for r in rows)
        for row, error in zip(rows, errors, strict=True):
            if keys[row["account"], row["product"], row["month"], row["currency"]] > 1:
                error["month"] = [
                    "The same account, product, month and currency stands here twice."
                ]
        if any(errors):
            raise serializers.ValidationError(errors)
        return rows


class SalesFactOutcome(serializers.Serializer):
    """What a batch did."""

    batch = serializers.IntegerField()
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class AccountYearSerializer(serializers.ModelSerializer):
    class Meta:
        model = AccountYear
        fields = ["id", "account", "year", "currency", "revenue", "cost", "volume"]


class AccountApiFilter(AccountFilter):
    """The pages' filter; here also by number and by the account above."""

    number = CharFilter(label="The account's number, exactly.")
    parent = LookupFilter("accounts")


class ContactApiFilter(ContactFilter):
    """The pages' filter; here also by numbers."""

    number = CharFilter(label="The contact's number, exactly.")
    account_number = CharFilter(
        field_name="account__number", label="The account's number, exactly; never an id."
    )


class CatalogueViewSet(ScopedViewSet):
    """What the company keeps for all accounts. Administrators write."""

    permission_classes = [AdministratorsWrite]

    def create_row(self, values: dict[str, Any]) -> Any:
        return services.create_entry(self.queryset.model(**values))

    def change_row(self, row: Any, changes: Mapping[str, Any], base_version: int | None) -> Any:
        return services.change_entry(row, changes, base_version=base_version)

    def archive_row(self, row: Any) -> None:
        services.archive_entry(row)

    def restore_row(self, row: Any) -> None:
        services.restore_entry(row)


class IndustryViewSet(CatalogueViewSet):
    """The company's list of industries. Administrators write."""

    queryset = Industry.objects.order_by("id")
    serializer_class = IndustrySerializer


class AccountViewSet(ScopedViewSet):
    """Customers within the caller's scope."""

    queryset = Account.objects.order_by("id")
    serializer_class = AccountSerializer
    filterset_class = AccountApiFilter
    gives_away = True

    def create_row(self, values: dict[str, Any]) -> Account:
        services.check_new(self.request.user, values)
        return services.create_account(**values)

    def change_row(
        self, row: Account, changes: Mapping[str, Any], base_version: int | None
    ) -> Account:
        rows = Account.objects.filter(pk=row.pk)  # unscoped: ``changeable`` goes through the scope
        if not services.changeable(rows, self.request.user, changes).exists():
            raise PermissionDenied
        return services.change_account(row, changes, base_version=base_version)

    def archive_row(self, row: Account) -> None:
        self._must_decide(row)
        services.archive_account(row)

    def restore_row(self, row: Account) -> None:
        self._must_decide(row)
        services.restore_account(row)

    def _must_decide(self, row: Account) -> None:
        if not selectors.decides_on(self.request.user, row):
            raise PermissionDenied


class AccountTeamMemberViewSet(ScopedViewSet):
    """Seats in account teams."""

    queryset = AccountTeamMember.objects.order_by("id")
    serializer_class = AccountTeamMemberSerializer
    filterset_fields = {"account": ["exact"], "user": ["exact"], "function": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> AccountTeamMember:
        return services.add_seat(**values)

    def archive_row(self, row: AccountTeamMember) -> None:
        services.remove_seat(row)


class ContactViewSet(ScopedViewSet):
    """People at the customers."""

    queryset = Contact.objects.select_related("account").order_by("id")
    serializer_class = ContactSerializer
    filterset_class = ContactApiFilter

    def create_row(self, values: dict[str, Any]) -> Contact:
        return services.create_contact(**values)

    def change_row(
        self, row: Contact, changes: Mapping[str, Any], base_version: int | None
    ) -> Contact:
        return services.change_contact(row, changes, base_version=base_version)

    def archive_row(self, row: Contact) -> None:
        services.archive_contact(row)

    def restore_row(self, row: Contact) -> None:
        services.restore_contact(row)


class ProductLineViewSet(CatalogueViewSet):
    """The tree of product lines. Administrators write."""

    queryset = ProductLine.objects.order_by("id")
    serializer_class = ProductLineSerializer
    filterset_fields = {"parent": ["exact", "isnull"]}


class ProductViewSet(CatalogueViewSet):
    """Products. Administrators write."""

    queryset = Product.objects.order_by("id")
    serializer_class = ProductSerializer
    filterset_fields = {"line": ["exact"], "number": ["exact"]}


class SalesFactViewSet(ScopedReadViewSet):
    """Monthly sales. POST records a batch; the call is kept as the batch's file."""

    queryset = SalesFact.objects.order_by("id")
    serializer_class = SalesFactSerializer
    filterset_fields = {
        "account": ["exact"],
        "product": ["exact"],
        "month": ["exact", "gte", "lt"],
        "currency": ["exact"],
        "batch": ["exact"],
    }

    @extend_schema(request=SalesFactBatch, responses={201: SalesFactOutcome})
    def create(self, request: Request) -> Response:
        if signed_in(request).role not in EDITS_ALL:
            raise PermissionDenied
        asked = SalesFactBatch(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        with speaking_errors(), transaction.atomic():
            batch = ImportBatch(
                resource="sales_facts", file_name="API", created_by=signed_in(request)
            )
            batch.file.save("api.json", ContentFile(json.dumps(request.data).encode()))
            counts = services.record_sales_facts(asked.validated_data["rows"], batch)
        run_after(batch)
        outcome = {
            "batch": batch.pk,
            "created": counts.created,
            "changed": counts.changed,
            "unchanged": counts.unchanged,
        }
        return Response(SalesFactOutcome(outcome).data, status=status.HTTP_201_CREATED)


class AccountYearViewSet(ScopedReadViewSet):
    """Accounts' facts summed over fiscal years, per currency."""

    queryset = AccountYear.objects.order_by("id")
    serializer_class = AccountYearSerializer
    filterset_fields = {"account": ["exact"], "year": ["exact"], "currency": ["exact"]}


def register(router: BaseRouter) -> None:
    router.register("industries", IndustryViewSet, "industry")
    router.register("accounts", AccountViewSet, "account")
    router.register("account-team-members", AccountTeamMemberViewSet, "accountteammember")
    router.register("contacts", ContactViewSet, "contact")
    router.register("product-lines", ProductLineViewSet, "productline")
    router.register("products", ProductViewSet, "product")
    router.register("sales-facts", SalesFactViewSet, "salesfact")
    router.register("account-years", AccountYearViewSet, "accountyear")
