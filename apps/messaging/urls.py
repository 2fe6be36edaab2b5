from django.urls import path

from apps.messaging import views

app_name = "messaging"

urlpatterns = [path("notices/", views.notices, name="notices")]
