from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from apps.core.admin import ReadOnlyAdmin, StartFilter, actor, badge
from apps.core.formatting import pretty_value
from apps.events import bus
from apps.events.models import Delivery

TONES = {Delivery.State.WAITING: "gold", Delivery.State.DONE: "good", Delivery.State.DEAD: "alarm"}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Events on their way to their handlers; the dead ones wait for somebody."""

    list_display = ("id", "event_name", "handler", "shown_state", "tries", "due_at", "error")
    list_filter = ("state", ("handler", StartFilter))
    list_select_related = ("event",)
    search_fields = ("=event__id", "handler__startswith")
    ordering = ("-id",)
    fields = (
        "event_name",
        "data",
        "happened_at",
        "handler",
        "shown_state",
        "tries",
        "due_at",
        "done_at",
        "error",
    )
    readonly_fields = fields
    actions_detail = ("retry",)

    @display(description="event")
    def event_name(self, delivery: Delivery) -> str:
        return delivery.event.name

    @display(description="happened at")
    def happened_at(self, delivery: Delivery) -> object:
        return delivery.event.at

    @display(description="data")
    def data(self, delivery: Delivery) -> SafeString:
        return format_html('<pre class="ops-json">{}</pre>', pretty_value(delivery.event.data))

    @display(description="state", ordering="state")
    def shown_state(self, delivery: Delivery) -> SafeString:
        return badge(delivery.state, TONES[Delivery.State(delivery.state)])

    @action(description="Retry", url_path="retry", permissions=["operator.retry_deliveries"])
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = self.found(request, object_id)
        return self.confirm(
            request,
            delivery,
            title="Retry delivery",
            text="The handler gets new tries, the first one within a second.",
            button="Retry",
            act=lambda form: bus.retry(
                delivery.pk, by=actor(request), reason=form.cleaned_data["reason"]
            ),
            done="The delivery is tried again.",
        )
