from django.urls import path

from apps.limits import terms_views

app_name = "terms"

urlpatterns = [path("account/terms/", terms_views.accept, name="accept")]
