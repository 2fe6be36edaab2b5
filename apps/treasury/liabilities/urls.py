from django.urls import path

from apps.treasury.liabilities import views

app_name = "liabilities"

urlpatterns = [
    path("", views.page, name="page"),
    path("newest.json", views.newest, name="newest"),
    path("verifier.html", views.verifier, name="verifier"),
    path("<int:number>.json", views.published, name="published"),
    path("<int:number>/mine.json", views.own_proof, name="own_proof"),
]
