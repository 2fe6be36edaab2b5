"""Staff: make somebody, change a role, reset what they lost. Secrets are shown once."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm, refuse
from apps.core.errors import DomainError
from apps.operator import acts, roles, services
from apps.operator.forms import ApproveForm, RoleForm, StaffForm
from apps.operator.pages import frame, needs, page, person
from apps.operator.second_factor import has_second_factor, require_fresh_code

RECORDS_MAX = 20


@needs("operator.view_staff")
def show(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _staff(user_id)
    role = services.role_of(user)
    return page(
        request,
        "operator/staff.html",
        title=user.email,
        member=user,
        role=role,
        has_second_factor=has_second_factor(user),
        permissions=sorted(roles.PERMISSIONS.get(role, ())),
        records=_records(user),
        is_self=user.pk == request.user.pk,
    )


@needs("operator.manage_staff")
def create(request: HttpRequest) -> HttpResponse:
    by = person(request)
    form = StaffForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            require_fresh_code(by, data["code"])
            # One or none of it: an address without a role that nobody proposed helps nobody.
            with transaction.atomic():
                user, password = services.create_staff(
                    email=data["email"], role="", by=by, reason=data["reason"]
                )
                acts.propose_role(user_id=user.pk, role=data["role"], by=by, reason=data["reason"])
                device, codes = services.reset_second_factor(
                    user_id=user.pk, by=by, reason=data["reason"]
                )
        except DomainError as error:
            refuse(form, error)
        else:
            return _secrets(request, user, password=password, device=device, codes=codes)
    return page(
        request,
        "admin/confirm.html",
        status=422 if form.is_bound else 200,
        title="New member of staff",
        text=(
            "They get a password and a second factor, both shown once on the next page. Their role "
            "waits under Proposals for a second person."
        ),
        subject="Staff",
        button="Create",
        form=form,
        back=reverse("admin:operator_staff_changelist"),
    )


@needs("operator.manage_staff")
def set_role(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _staff(user_id)
    by = person(request)

    def act(form: forms.Form) -> None:
        require_fresh_code(by, form.cleaned_data["code"])
        acts.propose_role(
            user_id=user.pk,
            role=form.cleaned_data["role"],
            by=by,
            reason=form.cleaned_data["reason"],
        )

    return _confirm(
        request,
        user,
        form=RoleForm(request.POST or None, initial={"role": services.role_of(user)}),
        act=act,
        title="Propose a role",
        text=(
            "A role is all that somebody may do here. It takes a second person, and counts from the "
            "click after that."
        ),
        button="Propose",
        done=f"The role of {user.email} waits under Proposals for a second person.",
    )


@needs("operator.manage_staff")
def set_active(request: HttpRequest, user_id: int) -> HttpResponse:
    user = _staff(user_id)
    by = person(request)
    active = not user.is_active

    def act(form: forms.Form) -> None:
        services.set_active(
            user_id=user.pk, active=active, by=by, reason=form.cleaned_data["reason"]
        )

    return _confirm(
        request,
        user,
        form=ReasonForm(request.POST or None),
        act=act,
        title="Let back in" if active else "Keep out",
        text=(
            "They can sign in again with their password and second factor."
            if active
            else "They are signed out with their next click and cannot sign in."
        ),
        button="Let back in" if active else "Keep out",
        done=f"{user.email} can {'sign in again' if active else 'no longer sign in'}.",
    )


@needs("operator.manage_staff")
def reset_second_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    return _reset(
        request,
        user_id,
        title="Reset second factor",
        text="The old authenticator and recovery codes stop working. The new ones are shown once.",
        button="Reset second factor",
        what="second factor",
    )


@needs("operator.manage_staff")
def reset_password(request: HttpRequest, user_id: int) -> HttpResponse:
    return _reset(
        request,
        user_id,
        title="Reset password",
        text="They get a new password, shown once on the next page. Their open sessions end.",
        button="Reset password",
        what="password",
    )


def _reset(
    request: HttpRequest, user_id: int, *, title: str, text: str, button: str, what: str
) -> HttpResponse:
    """Both resets end on a page with secrets instead of going back."""
    user = _staff(user_id)
    by = person(request)
    form = ApproveForm(request.POST or None)
    if form.is_valid():
        try:
            require_fresh_code(by, form.cleaned_data["code"])
            reason = form.cleaned_data["reason"]
            if what == "password":
                password = services.reset_password(user_id=user.pk, by=by, reason=reason)
                return _secrets(request, user, password=password)
            device, codes = services.reset_second_factor(user_id=user.pk, by=by, reason=reason)
            if user.pk == by.pk:
                messages.info(request, "Your session ends: sign in with the new codes.")
            return _secrets(request, user, device=device, codes=codes)
        except DomainError as error:
            refuse(form, error)
    return page(
        request,
        "admin/confirm.html",
        status=422 if form.is_bound else 200,
        title=title,
        text=text,
        subject=user.email,
        button=button,
        form=form,
        back=reverse("admin:operator_staff", args=[user.pk]),
    )


def _secrets(
    request: HttpRequest,
    user: User,
    *,
    password: str = "",
    device: TOTPDevice | None = None,
    codes: list[str] | None = None,
) -> HttpResponse:
    return page(
        request,
        "operator/secrets.html",
        title=f"New secrets of {user.email}",
        member=user,
        password=password,
        qr=_qr(device) if device else "",
        address=device.config_url if device else "",
        codes=codes or [],
    )


def _qr(device: TOTPDevice) -> SafeString:
    drawn = segno.make(device.config_url, error="m").svg_inline(
        scale=5, border=3, dark="#14100E", light="#F6EFE4"
    )
    return mark_safe(drawn)  # noqa: S308 (segno draws it from our own text)


def _confirm(request: HttpRequest, user: User, *, form: forms.Form, **texts: Any) -> HttpResponse:
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_staff", args=[user.pk]),
        subject=user.email,
        form=form,
        **texts,
    )


def _records(user: User) -> QuerySet[Record]:
    return Record.objects.filter(subject_kind="accounts.user", subject_id=str(user.pk)).order_by(
        "-id"
    )[:RECORDS_MAX]


def _staff(user_id: int) -> User:
    found = User.objects.filter(pk=user_id, is_staff=True).prefetch_related("groups").first()
    if found is None:
        raise Http404
    return found
