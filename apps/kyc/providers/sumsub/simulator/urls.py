"""The vendor's addresses below `/sumsub/`: the vendor's own paths, and the tester's."""

from django.urls import path

from apps.integrations.simulation import clockwork
from apps.kyc.providers.sumsub.simulator import api, decisions, pages

clockwork.add(decisions.go_on)
clockwork.add(decisions.courier.deliver_due)

ONE = "resources/applicants/<str:applicant_id>"

urlpatterns = [
    # the casino asks
    path("resources/applicants", api.applicants),
    path("resources/applicants/", api.applicants),
    path("resources/applicants/-/byExternalUserId/<str:external_id>", api.exists),
    path("resources/applicants/-;externalUserId=<str:external_id>/one", api.one_of_ours),
    path(f"{ONE}/one", api.one),
    path(f"{ONE}/status", api.status),
    path(f"{ONE}/requiredIdDocsStatus", api.steps),
    path(f"{ONE}/info/idDoc", api.id_doc),
    path(f"{ONE}/status/pending", api.pending),
    path(f"{ONE}/status/testCompleted", api.test_completed),
    path(f"{ONE}/reset", api.reset),
    path(f"{ONE}/resetStep/<str:step>", api.reset),
    path(f"{ONE}/-/init", api.back_to_init),
    path(f"{ONE}/moveToLevel", api.move_to_level),
    path(f"{ONE}/presence/activated", api.presence, {"presence": "activated"}),
    path(f"{ONE}/presence/deactivated", api.presence, {"presence": "deactivated"}),
    path(f"{ONE}/fixedInfo", api.fixed_info),
    path(f"{ONE}/info", api.info),
    path(f"{ONE}/recheck/aml", api.recheck),
    path("resources/api/applicants/<str:applicant_id>/amlCase", api.aml_case),
    path("resources/moderationStates/-;applicantId=<str:applicant_id>", api.moderation),
    path("resources/inspections/<str:inspection_id>/resources/<str:image_id>", api.image),
    path("resources/checks/latest", api.checks),
    path("resources/accessTokens", api.access_token),
    path("resources/accessTokens/sdk", api.sdk_token),
    path("resources/sdkIntegrations/levels/<str:level>/websdkLink", api.websdk_link),
    path("resources/status/api", api.health),
    # the tester's pages
    path("", pages.applicants_page, name="sumsub-applicants"),
    path("applicants/<str:applicant_id>/", pages.applicant_page, name="sumsub-applicant"),
    path("pictures/<str:inspection_id>/<str:picture_id>", pages.picture, name="sumsub-picture"),
    path("calls/", pages.calls_page, name="sumsub-calls"),
    # the tester's buttons
    path("control/reset", pages.clear, name="sumsub-clear"),
    path("control/switches", pages.switches, name="sumsub-switches"),
    path("control/switches/state", pages.switch_state),
    path("control/options", pages.set_options, name="sumsub-options"),
    path("control/callback-url", pages.callback_url),
    path("control/find/applicants", pages.applicants_of),
    path("control/find/calls", pages.calls_of),
    path("control/calls/<slug:call_key>/repeat", pages.repeat),
    path("control/applicants/<str:applicant_id>/decide", pages.decide, name="sumsub-decide"),
    path("control/applicants/<str:applicant_id>/move", pages.move, name="sumsub-move"),
    path("control/applicants/<str:applicant_id>/submit", pages.submit, name="sumsub-submit"),
    path("control/applicants/<str:applicant_id>/reset", pages.reset, name="sumsub-reset"),
    path("control/applicants/<str:applicant_id>/level", pages.level, name="sumsub-level"),
    path("control/applicants/<str:applicant_id>/person", pages.person, name="sumsub-person"),
    path("control/applicants/<str:applicant_id>/hit", pages.hit, name="sumsub-hit"),
    path("control/applicants/<str:applicant_id>/clear", pages.clear_hits, name="sumsub-hits"),
    path("control/applicants/<str:applicant_id>/presence", pages.presence, name="sumsub-presence"),
    path("control/applicants/<str:applicant_id>/delete", pages.delete, name="sumsub-delete"),
    path("control/applicants/<str:applicant_id>/send", pages.send, name="sumsub-send"),
]
