"""The public contract: what stands where. Each app owns its part."""

from django.contrib import admin
from django.urls import include, path, re_path

from casino import callbacks, health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("operator/", admin.site.urls),
    path("", include("apps.accounts.entry_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/v1/", include("casino.api")),
    re_path(r"^callbacks/(?P<partner>[a-z]+)/(?P<path>.*)$", callbacks.view),
    path("", include("apps.accounts.urls")),
    path("account/complaints/", include("apps.risk.urls")),
    path("wallet/statements/", include("apps.wallet.statements.urls")),
    path("wallet/", include("apps.wallet.urls")),
    path("", include("apps.kyc.urls")),
    path("", include("apps.payments.urls")),
    path("proof-of-liabilities/", include("apps.treasury.liabilities.urls")),
    path("jackpots/", include("apps.jackpots.urls")),
    path("", include("apps.originals.urls")),
    path("safer-play/", include("apps.limits.urls")),
    path("", include("apps.limits.terms_urls")),
    path("", include("apps.messaging.urls")),
    path("", include("apps.site.urls")),
    # After the site, whose lists of rounds stand below the same address.
    path("games/", include("apps.games.urls")),
]

handler403 = "apps.site.views.forbidden"
handler404 = "apps.site.views.not_found"
handler500 = "apps.site.views.server_error"
