from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.core.admin import ReadOnlyAdmin, ReasonForm, StartFilter, actor, badge
from apps.core.errors import DomainError
from apps.core.secrets import SealBroken
from apps.messaging import mail as mails
from apps.messaging import suppressions
from apps.messaging.models import Mail, Suppression

State = Mail.State
TONES = {
    State.QUEUED: "gold",
    State.SENDING: "gold",
    State.UNKNOWN: "warn",
    State.SENT: "quiet",
    State.SOFT_BOUNCED: "warn",
    State.DELIVERED: "good",
    State.BOUNCED: "alarm",
    State.DROPPED: "alarm",
    State.FAILED: "alarm",
    State.EXPIRED: "quiet",
    State.SUPPRESSED: "quiet",
}
SHOWN_OF_ADDRESS = 2


def masked(email: str) -> str:
    """`al…@example.com`: enough to recognise, not enough to write to."""
    name, _, domain = email.partition("@")
    return f"{name[:SHOWN_OF_ADDRESS]}…@{domain}"


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """What was mailed, and how far it came. The text is sealed, and gone once it was sent."""

    list_display = (
        "public_id",
        "kind",
        "subject",
        "shown_to",
        "player",
        "shown_state",
        "tries",
        "created_at",
        "error",
    )
    list_filter = (
        "state",
        "stream",
        ("kind", StartFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("player",)
    search_fields = ("=public_id", "=message_id", "to_email__iexact")
    search_help_text = "Our id, the provider's id or the whole address"
    ordering = ("-id",)
    fields = (
        "public_id",
        "kind",
        "stream",
        "subject",
        "shown_to",
        "player",
        "shown_state",
        "error",
        "tries",
        "message_id",
        "created_at",
        "tried_at",
        "due_at",
        "expires_at",
        "changed_at",
        "is_opened",
        "is_clicked",
        "shown_text",
        "shown_events",
    )
    readonly_fields = fields
    actions_detail = ("reveal", "send_again")

    @display(description="to")
    def shown_to(self, mail: Mail) -> str:
        return masked(mail.to_email)

    @display(description="state", ordering="state")
    def shown_state(self, mail: Mail) -> SafeString:
        return badge(mail.get_state_display(), TONES[State(mail.state)])

    @display(description="text")
    def shown_text(self, mail: Mail) -> str:
        return "sealed" if mail.body else "gone"

    @display(description="reports")
    def shown_events(self, mail: Mail) -> SafeString | str:
        rows = [
            (event.happened_at.strftime("%d %b %Y %H:%M:%S"), event.kind)
            for event in mail.events.order_by("happened_at", "id")
        ]
        return format_html_join(" · ", "{} {}", rows) or "none"

    @action(description="Read", url_path="reveal", permissions=["messaging.reveal_mail"])
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then show the text once; only what was not sent yet still has one."""
        mail = self.found(request, object_id)
        form = ReasonForm(request.POST or None)
        status = 200
        if request.method == "POST" and form.is_valid():
            try:
                whole = mails.reveal(mail.pk, by=actor(request), reason=form.cleaned_data["reason"])
            except (DomainError, SealBroken) as error:
                words = error.message if isinstance(error, DomainError) else "It cannot be opened."
                form.add_error(None, words)
            else:
                text = str(whole.get("text") or whole.get("html"))
                return self._shown(request, mail, text)
        if request.method == "POST":
            status = 422
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Read a mail",
            "text": "It may hold a link that signs somebody in. Reading it is recorded.",
            "subject": str(mail),
            "button": "Read",
            "form": form,
            "back": self.page_of(mail),
        }
        return TemplateResponse(request, "admin/confirm.html", context, status=status)

    def _shown(self, request: HttpRequest, mail: Mail, text: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": mail.subject,
            "shown": format_html('<pre class="ops-json" tabindex="0">{}</pre>', text),
            "back": self.page_of(mail),
        }
        answer = TemplateResponse(request, "operator/mail.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @action(description="Send again", url_path="again", permissions=["messaging.resend_mail"])
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        mail = self.found(request, object_id)
        return self.confirm(
            request,
            mail,
            title="Send again",
            text="Only a mail that failed is sent again, and only while it is not too old.",
            button="Send again",
            act=lambda form: mails.send_again(
                mail.pk, by=actor(request), reason=form.cleaned_data["reason"]
            ),
            done="The mail is in the queue.",
        )


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Addresses that get no mail, and why."""

    list_display = ("shown_email", "reason", "shown_stream", "created_at", "shown_lifted", "note")
    list_filter = ("reason", "stream", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("email__iexact",)
    search_help_text = "The whole address"
    ordering = ("-id",)
    fields = ("shown_email", "reason", "shown_stream", "note", "created_at", "lifted_at")
    readonly_fields = fields
    actions_detail = ("lift",)

    @display(description="address")
    def shown_email(self, row: Suppression) -> str:
        return masked(row.email)

    @display(description="mails")
    def shown_stream(self, row: Suppression) -> str:
        return str(row.get_stream_display()) if row.stream else "all"

    @display(description="state")
    def shown_lifted(self, row: Suppression) -> SafeString:
        return badge("lifted", "quiet") if row.lifted_at else badge("in force", "warn")

    @action(description="Lift", url_path="lift", permissions=["messaging.lift_suppression"])
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return self.confirm(
            request,
            row,
            title="Let it get mail again",
            text="Our list and the provider's forget this address. A new bounce puts it back.",
            button="Lift",
            act=lambda form: suppressions.lift(
                row.pk, by=actor(request), reason=form.cleaned_data["reason"]
            ),
            done="The address gets mail again.",
        )
