"""A person's own views of a list: a name for what stands in the address."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from kam.listing.filtered import FilteredRows
from kam.models import SavedView
from kam.scoping import signed_in


class SavedViews(FilteredRows):
    """Keeps, lists and deletes the views of the person who is signed in."""

    def views(self, query: str) -> list[tuple[SavedView, bool]]:
        saved = SavedView.objects.visible_to(self.request.user).filter(page=self.key)
        return [(view, view.query == query) for view in saved]

    def save_view(self) -> HttpResponse:
        name = self.request.POST.get("name", "").strip()
        query = self.query()
        if not name or len(name) > 80 or len(query) > 1000:
            messages.error(self.request, _("Give the view a name of at most 80 letters."))
        else:
            SavedView.objects.update_or_create(
                user=signed_in(self.request), page=self.key, name=name, defaults={"query": query}
            )
            messages.success(self.request, _("The view “%(name)s” is saved.") % {"name": name})
        return self.back()

    def delete_view(self) -> HttpResponse:
        pk = self.request.POST.get("view", "")
        views = SavedView.objects.editable_by(self.request.user).filter(page=self.key)
        known = pk.isascii() and pk.isdigit() and len(pk) < 19
        view = views.filter(pk=pk).first() if known else None
        if view is None:
            raise Http404
        view.delete()
        messages.success(self.request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return self.back()
