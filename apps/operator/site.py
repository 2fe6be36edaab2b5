"""The back office: who gets in, what is in it, and its own pages beside the lists."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from apps.audit import services as audit
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.operator import sign_in, urls
from apps.operator.forms import OperatorLoginForm
from apps.operator.pages import person, refused
from apps.operator.views import dashboard

SESSION_SECONDS = 8 * 60 * 60
SEARCH_LENGTH_MAX = 200


class OperatorSite(UnfoldAdminSite):  # type: ignore[misc]  # untyped base
    """Staff with a verified second factor, and only pages that were made for this site."""

    login_form = OperatorLoginForm
    enable_nav_sidebar = True

    def register(
        self, model_or_iterable: Any, admin_class: type[ReadOnlyAdmin] | None = None, **options: Any
    ) -> None:
        # Packages register pages of their own, for one-time-code devices with their secrets, or
        # groups one could edit by hand. Only pages built on our read-only base come in.
        if admin_class is not None and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        if isinstance(user, AnonymousUser) or not (user.is_active and user.is_staff):
            return False
        return bool(user.is_verified())  # type: ignore[attr-defined]  # set by django-otp

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Every page of the site comes through here: refusals look like the back office."""

        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                return refused(request, "Your role does not include this.", status=403)
            except Http404:
                return refused(request, "There is no such page or row.", status=404)
            except DomainError as error:
                return refused(request, error.message, status=error.status)

        guarded: Callable[..., HttpResponse] = super().admin_view(answered, cacheable)
        return guarded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*urls.patterns(self.admin_view), *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return dashboard.show(request)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The menu's search; what it cannot read is treated as nothing asked."""
        query = request.GET.copy()
        query["s"] = query.get("s", "").replace("\x00", "")[:SEARCH_LENGTH_MAX]
        request.GET = query  # type: ignore[assignment]  # a QueryDict is one
        try:
            response: HttpResponse = super().search(request, extra_context)
        except (InvalidPage, ValueError) as error:
            raise Http404 from error
        return response

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            user = person(request)
            with transaction.atomic():
                audit.record("staff.password_changed", actor=user, subject=user, request=request)
        return response

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is not None and form.is_bound:
            response.status_code = 429 if form.has_error("__all__", "limited") else 422
        elif request.method == "POST":
            # No form came back, so the person is in.
            request.session.set_expiry(SESSION_SECONDS)
            sign_in.succeeded(request.user, request)  # type: ignore[arg-type]  # signed in
        return response  # type: ignore[no-any-return]  # untyped base

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and self.has_permission(request):
            sign_in.left(request.user, request)  # type: ignore[arg-type]  # has_permission
        return super().logout(request, extra_context)  # type: ignore[no-any-return]
