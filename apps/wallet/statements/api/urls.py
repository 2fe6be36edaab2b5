from django.urls import path

from apps.wallet.statements.api import views

urlpatterns = [
    path("statements/", views.StatementsView.as_view(), name="statements"),
    path("statements/verify/", views.VerifyView.as_view(), name="statement_verify"),
    path("statements/<str:number>/", views.StatementView.as_view(), name="statement"),
    path("statements/<str:number>/csv/", views.CsvView.as_view(), name="statement_csv"),
    path("statements/<str:number>/pdf/", views.PdfView.as_view(), name="statement_pdf"),
]
