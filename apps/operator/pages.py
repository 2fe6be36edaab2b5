"""What every page of ours shares: the site's frame and a permission at the door."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def needs(permission: str) -> Callable[[View[P]], View[P]]:
    """Answer 403 to staff without the permission."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def frame(request: HttpRequest, **context: Any) -> dict[str, Any]:
    """The context of a whole page: menu, badge, titles, and what is ours."""
    return {**admin.site.each_context(request), **context}


def page(
    request: HttpRequest, template: str, *, status: int = 200, **context: Any
) -> TemplateResponse:
    return TemplateResponse(request, template, frame(request, **context), status=status)


def refused(request: HttpRequest, text: str, *, status: int) -> TemplateResponse:
    """The answer to what may not be done or is not there, inside the frame."""
    return page(request, "operator/refused.html", status=status, title="Not possible", text=text)


def person(request: HttpRequest) -> User:
    """Who acts. The request wraps its user lazily; services and audit rows want the row."""
    user = User.objects.filter(pk=request.user.pk or 0, is_staff=True, is_active=True).first()
    if user is None:
        raise PermissionDenied
    return user


def bare_form(request: HttpRequest) -> forms.Form:
    """For an act that asks for nothing: bound by any POST, also one without a field."""
    return forms.Form(request.POST if request.method == "POST" else None)
