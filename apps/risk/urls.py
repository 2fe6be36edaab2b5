from django.urls import path

from apps.risk import views

app_name = "risk"

urlpatterns = [
    path("", views.complaints, name="complaints"),
    path("new/", views.new_complaint, name="complaint_new"),
    path("<str:public_id>/", views.complaint, name="complaint"),
    path("<str:public_id>/take-back/", views.take_back, name="complaint_take_back"),
]
