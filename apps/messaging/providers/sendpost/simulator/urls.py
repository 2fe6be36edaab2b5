"""The vendor's addresses below `/sendpost/`: the vendor's own paths, and the tester's."""

from django.urls import path

from apps.integrations.simulation import clockwork
from apps.messaging.providers.sendpost.simulator import api, delivery, pages

clockwork.add(delivery.go_on)
clockwork.add(delivery.courier.deliver_due)

API = "api/v1"

urlpatterns = [
    # the casino asks
    path(f"{API}/subaccount/email/", api.send),
    path(f"{API}/subaccount/email/template", api.send),
    path(f"{API}/subaccount/suppression", api.suppression),
    path(f"{API}/account/message", api.message_list),
    path(f"{API}/account/message/<str:message_id>", api.message),
    path(f"{API}/account/webhook", api.webhooks),
    path(f"{API}/account/webhook/<int:number>", api.webhook),
    # the tester's pages
    path("", pages.mailbox, name="sendpost-mailbox"),
    path("messages/<str:message_id>/", pages.message_page, name="sendpost-message"),
    path("messages/<str:message_id>/html", pages.message_html, name="sendpost-html"),
    path("calls/", pages.calls_page, name="sendpost-calls"),
    path("suppressions/", pages.suppressions_page, name="sendpost-suppressions"),
    # the tester's buttons
    path("control/reset", pages.reset, name="sendpost-reset"),
    path("control/switches", pages.switches, name="sendpost-switches"),
    path("control/switches/state", pages.switch_state),
    path("control/options", pages.set_options, name="sendpost-options"),
    path("control/callback-url", pages.callback_url, name="sendpost-callback-url"),
    path("control/suppress", pages.suppress, name="sendpost-suppress"),
    path("control/find/messages", pages.messages_of),
    path("control/find/calls", pages.calls_of),
    path("control/find/suppressions", pages.suppressions_of),
    path("control/find/webhooks", pages.webhooks_of),
    path("control/messages/<str:message_id>/happen", pages.happen, name="sendpost-happen"),
    path("control/messages/<str:message_id>/resend", pages.resend, name="sendpost-resend"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat, name="sendpost-repeat"),
]
