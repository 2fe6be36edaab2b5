from django.urls import path

from apps.wallet.statements import views

app_name = "statements"

urlpatterns = [
    path("", views.statements, name="statements"),
    path("verify/", views.verify, name="verify"),
    path("keys.json", views.keys, name="keys"),
    path("<str:number>/", views.statement, name="statement"),
    path("<str:number>/pages/", views.pages, name="pages"),
    path("<str:number>/csv/", views.download_csv, name="csv"),
    path("<str:number>/pdf/", views.download_pdf, name="pdf"),
]
