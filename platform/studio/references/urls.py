"""The reference registry of an organisation."""

from django.urls import path

from studio.references import views

urlpatterns = [path("organisations/<uuid:pk>/references/", views.references, name="organisation-references")]
