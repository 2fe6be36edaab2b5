from django.urls import path

from apps.messaging import views

app_name = "messaging"

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.mark_all_read, name="mark_all_read"),
    path("notices/mail/", views.mail_settings, name="settings"),
    path("notices/<int:notice_id>/", views.open_notice, name="open"),
    path("mail/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
