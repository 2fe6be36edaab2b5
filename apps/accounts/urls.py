from django.urls import path

from apps.accounts import privacy_views, views

app_name = "accounts"

urlpatterns = [
    path("account/", views.home, name="home"),
    path("account/security/", views.security, name="security"),
    path("account/security/sessions/end/", views.end_session, name="end_session"),
    path("account/security/sessions/end-others/", views.end_other_sessions, name="end_others"),
    path("account/security/devices/forget/", views.forget_device, name="forget_device"),
    path("account/phone/", views.phone, name="phone"),
    path("account/phone/code/", views.phone_code, name="phone_code"),
    path("account/phone/remove/", views.remove_phone, name="remove_phone"),
    path("account/offers/", views.offers, name="offers"),
    path("account/privacy/", privacy_views.overview, name="privacy"),
    path("account/privacy/export/", privacy_views.export, name="export_data"),
    path("account/privacy/erasure/", privacy_views.erasure, name="erasure"),
    path(
        "account/privacy/erasure/withdraw/", privacy_views.withdraw_erasure, name="withdraw_erasure"
    ),
    path("account/close/", privacy_views.close, name="close"),
    path("account/close/keep/", privacy_views.keep, name="keep_account"),
    path("account/api-keys/", views.api_keys, name="api_keys"),
    path("account/api-keys/revoke/", views.revoke_api_key, name="revoke_api_key"),
]
