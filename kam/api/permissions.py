"""The row rule at the API's door."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from kam.scoping import EDITS_ALL, signed_in


class ScopedAccess(BasePermission):
    """Signed in; a read-only token reads; a row that is seen but not editable is 403."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not (user and user.is_authenticated and user.is_active):
            return False
        return request.method in SAFE_METHODS or not getattr(user, "read_only", False)

    def has_object_permission(self, request: Request, view: Any, row: Any) -> bool:
        if request.method in SAFE_METHODS:
            return True
        same = type(row)._default_manager.filter(pk=row.pk).editable_by(request.user)
        return same.exists()


class AdministratorsWrite(ScopedAccess):
    """Everybody reads, administrators and service accounts write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        return request.method in SAFE_METHODS or signed_in(request).role in EDITS_ALL
