from django.urls import path

from apps.wallet import views

app_name = "wallet"

urlpatterns = [
    path("exchange/", views.swap, name="exchange"),
    path("exchange/estimate/", views.estimate, name="estimate"),
    path("exchange/quote/", views.make_quote, name="quote"),
    path("exchange/<str:public_id>/accept/", views.accept_quote, name="accept"),
    path("exchange/<str:public_id>/", views.quote_page, name="quote_page"),
    path("vault/", views.vault_page, name="vault"),
    path("vault/put/", views.vault_put, name="vault_put"),
    path("vault/take/", views.vault_take, name="vault_take"),
    path("vault/delay/", views.vault_delay, name="vault_delay"),
    path("vault/<str:public_id>/cancel/", views.vault_cancel, name="vault_cancel"),
    path("total/", views.total, name="total"),
    path("display/", views.display, name="display"),
]
