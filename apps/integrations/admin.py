from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.core.admin import ReadOnlyAdmin, StartFilter, actor, badge
from apps.core.formatting import pretty, pretty_value
from apps.integrations import inbox
from apps.integrations.models import InboxMessage

State = InboxMessage.State
TONES = {
    State.RECEIVED: "gold",
    State.DONE: "good",
    State.FAILED: "warn",
    State.PARKED: "alarm",
    State.REFUSED: "quiet",
}


@admin.register(InboxMessage)
class InboxMessageAdmin(ReadOnlyAdmin):
    """What partners sent, as it came, and what became of it."""

    list_display = (
        "id",
        "partner",
        "kind",
        "outside_ref",
        "shown_state",
        "tries",
        "answer_status",
        "received_at",
        "error",
    )
    list_filter = (
        ("partner", StartFilter),
        ("kind", StartFilter),
        "state",
        ("received_at", RangeDateTimeFilter),
    )
    search_fields = ("=id", "=outside_ref")
    search_help_text = "Number, or the partner's id"
    ordering = ("-id",)
    fields = (
        "partner",
        "kind",
        "outside_ref",
        "shown_state",
        "tries",
        "error",
        "received_at",
        "due_at",
        "done_at",
        "shown_body",
        "shown_headers",
        "answer_status",
        "shown_answer",
    )
    readonly_fields = fields
    actions_detail = ("replay",)

    @display(description="state", ordering="state")
    def shown_state(self, message: InboxMessage) -> SafeString:
        return badge(message.get_state_display(), TONES[State(message.state)])

    @display(description="raw body")
    def shown_body(self, message: InboxMessage) -> SafeString:
        return format_html('<pre class="ops-json">{}</pre>', pretty(message.body))

    @display(description="headers")
    def shown_headers(self, message: InboxMessage) -> SafeString:
        return format_html('<pre class="ops-json">{}</pre>', pretty_value(message.headers))

    @display(description="our answer")
    def shown_answer(self, message: InboxMessage) -> SafeString:
        return format_html('<pre class="ops-json">{}</pre>', pretty(message.answer) or "empty")

    @action(description="Replay", url_path="replay", permissions=["operator.replay_callbacks"])
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.found(request, object_id)
        return self.confirm(
            request,
            message,
            title="Replay callback",
            text=(
                "The message is acted on again. Effects are tied to the partner's ids, "
                "so what happened once does not happen twice."
            ),
            button="Replay",
            act=lambda form: inbox.replay(
                message.pk, by=actor(request), reason=form.cleaned_data["reason"]
            ),
            done="The callback is acted on again within seconds.",
        )
