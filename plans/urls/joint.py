"""What stands behind a customer's link: outside the area that one signs in to."""

from django.urls import path, register_converter

from plans.views import joint


class TokenConverter:
    """A link's token, exactly as ``secrets.token_urlsafe(32)`` makes it."""

    regex = "[A-Za-z0-9_-]{43}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "linktoken")

app_name = "joint"
urlpatterns = [
    path("<linktoken:token>/", joint.page, name="page"),
    path("<linktoken:token>/comment/", joint.comment, name="comment"),
    path("<linktoken:token>/goal/", joint.goal, name="goal"),
]
