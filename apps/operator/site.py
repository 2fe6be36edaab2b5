"""The back office: who gets in, what is in it, and its own pages beside the lists."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.operator import emergency, passkeys, sign_in, urls
from apps.operator.forms import OperatorLoginForm
from apps.operator.pages import person, refused
from apps.operator.views import dashboard

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
        """Asked more than once for a page, answered once."""
        if not hasattr(request, "is_inside"):
            request.is_inside = self._is_inside(request)  # type: ignore[attr-defined]  # ours
        return bool(request.is_inside)  # type: ignore[attr-defined]  # ours

    def _is_inside(self, request: HttpRequest) -> bool:
        user = request.user
        if isinstance(user, AnonymousUser) or not (user.is_active and user.is_staff):
            return False
        # Nobody works with rights that no role has.
        if user.is_superuser or not user.is_verified():  # type: ignore[attr-defined]  # django-otp
            return False
        if why := sign_in.why_over(request):
            sign_in.ended(user, request, why=why)
            logout(request)
            return False
        emergency.end_due(user.pk)
        return True

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Every page of the site comes through here: refusals look like the back office."""

        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if _needs_passkey(request):
                return redirect("admin:operator_passkeys")
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
        return [
            *urls.open_patterns(),
            *urls.patterns(self.admin_view),
            *super().get_urls(),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Put together when a page shows it, which ours do not: it is half the work of a page."""
        listed = super().get_app_list
        return SimpleLazyObject(lambda: listed(request, app_label))

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
            sign_in.begin(request)
            sign_in.succeeded(request.user, request)  # type: ignore[arg-type]  # signed in
        return response  # type: ignore[no-any-return]  # untyped base

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and self.has_permission(request):
            sign_in.left(request.user, request)  # type: ignore[arg-type]  # has_permission
        return super().logout(request, extra_context)  # type: ignore[no-any-return]


def _needs_passkey(request: HttpRequest) -> bool:
    """Whether this role takes a passkey and the session was opened with less."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    if name in passkeys.OPEN_WITHOUT or not isinstance(request.user, User):
        return False
    return passkeys.must_have(request.user) and not passkeys.is_entered_with_one(request.user)
