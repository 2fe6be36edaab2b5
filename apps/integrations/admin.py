from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from apps.core.admin import ReadOnlyAdmin, StartFilter, actor, badge, link
from apps.core.formatting import pretty, pretty_value
from apps.integrations import differences, inbox, subjects
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
        "shown_age",
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
        "shown_subjects",
        "shown_state",
        "tries",
        "error",
        "received_at",
        "due_at",
        "done_at",
        "shown_difference",
        "shown_body",
        "shown_raw",
        "shown_headers",
        "answer_status",
        "shown_answer",
    )
    readonly_fields = fields
    actions_detail = ("replay",)

    @display(description="state", ordering="state")
    def shown_state(self, message: InboxMessage) -> SafeString:
        return badge(message.get_state_display(), TONES[State(message.state)])

    @display(description="age", ordering="received_at")
    def shown_age(self, message: InboxMessage) -> str:
        """How long it waits; what is done with does not."""
        if message.state not in {State.RECEIVED, State.FAILED, State.PARKED}:
            return ""
        return timesince(message.received_at, depth=1)

    @display(description="is about")
    def shown_subjects(self, message: InboxMessage) -> SafeString | str:
        found = subjects.of(message)
        if not found:
            return "nothing we know"
        links = ((link(one.url_name, list(one.args), one.words),) for one in found)
        return format_html_join(" · ", "{}", links)

    @display(description="changed since the message before")
    def shown_difference(self, message: InboxMessage) -> SafeString | str:
        before = differences.earlier(message)
        if before is None:
            return "the first about this"
        found = differences.between(before, message)
        shown = link("admin:integrations_inboxmessage_change", [before.pk], f"Message {before.pk}")
        if not found:
            return format_html("{}: no difference", shown)
        rows = format_html_join(
            "",
            "<tr><th scope='row'>{}</th><td><del>{}</del></td><td><ins>{}</ins></td></tr>",
            ((one.path, one.before, one.after) for one in found),
        )
        return format_html(
            '<p>{}</p><div class="ops-changes" tabindex="0" role="region" aria-label="Changes">'
            '<table><thead><tr><th scope="col">Field</th>'
            '<th scope="col">Before</th><th scope="col">In this one</th></tr></thead>'
            "<tbody>{}</tbody></table></div>",
            shown,
            rows,
        )

    @display(description="body")
    def shown_body(self, message: InboxMessage) -> SafeString:
        return format_html('<pre class="ops-json">{}</pre>', pretty(message.body))

    @display(description="raw bytes")
    def shown_raw(self, message: InboxMessage) -> SafeString:
        text = bytes(message.body).decode("utf-8", errors="backslashreplace")
        return format_html(
            '<details><summary>As they came, {} bytes</summary><pre class="ops-json">{}</pre>'
            "</details>",
            len(bytes(message.body)),
            text,
        )

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
