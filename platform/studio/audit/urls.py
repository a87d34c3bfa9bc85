"""What the public may ask."""

from django.urls import path

from studio.audit import views

urlpatterns = [
    path("check", views.check, name="check"),
    path("check.json", views.check_json, name="check-json"),
    path("how-a-picture-is-made", views.making, name="making"),
    path("records/<uuid:pk>", views.record, name="record"),
]
