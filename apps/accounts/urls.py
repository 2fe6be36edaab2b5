from django.urls import path

from apps.accounts import views

app_name = "accounts"

urlpatterns = [
    path("account/", views.home, name="home"),
    path("account/security/", views.security, name="security"),
    path("account/security/sessions/end/", views.end_session, name="end_session"),
    path("account/security/sessions/end-others/", views.end_other_sessions, name="end_others"),
    path("account/api-keys/", views.api_keys, name="api_keys"),
    path("account/api-keys/revoke/", views.revoke_api_key, name="revoke_api_key"),
]
