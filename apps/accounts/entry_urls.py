"""Ways in that allauth has no address for, or that go another way here. Before allauth's own."""

from allauth.account.views import signup_by_passkey
from allauth.mfa.webauthn.views import signup_webauthn
from django.urls import path

from apps.accounts import entry_views

urlpatterns = [
    path("accounts/reauthenticate/", entry_views.reauthenticate, name="account_reauthenticate"),
    path("accounts/signup/passkey/", signup_by_passkey, name="account_signup_by_passkey"),
    path("accounts/2fa/", entry_views.second_factors, name="mfa_index"),
    path("accounts/2fa/webauthn/signup/", signup_webauthn, name="mfa_signup_webauthn"),
]
