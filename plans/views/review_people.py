"""Who was there when a review was held: one more named, one taken out."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from kam.editing import fetch_editable
from kam.scoping import signed_in
from plans.models import ReviewPerson
from plans.review_forms import PresentForm
from plans.services import review_people
from plans.views.reviews import detail_page, editable_review, review_for, show_refusal


@login_required
@require_POST
def person_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Names one more who was there."""
    editable_review(request, pk)
    review, user = review_for(request.user, pk), signed_in(request)
    form = PresentForm(request.POST, review=review, user=user)
    if form.is_valid():
        try:
            review_people.add_person(review, user, **form.cleaned_data)
        except ValidationError as error:
            show_refusal(form, error)
        else:
            return HttpResponseRedirect(f"{review.get_absolute_url()}#present")
    return detail_page(request, review, status=422, present_form=form)


@login_required
@require_POST
def person_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes somebody out who was not there after all."""
    person = fetch_editable(ReviewPerson.objects.select_related("review"), request.user, pk=pk)
    try:
        review_people.remove_person(person)
    except ValidationError as error:
        review = review_for(request.user, person.review_id)
        return detail_page(request, review, status=422, refusals=error.messages)
    return HttpResponseRedirect(f"{person.review.get_absolute_url()}#present")
