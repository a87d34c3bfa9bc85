"""Opening campaigns."""

from django.urls import path

from studio.projects import views

urlpatterns = [
    path("projects/<uuid:pk>/label/", views.choose_label, name="project-label"),
    path("projects/<uuid:pk>/campaigns/new/", views.new_campaign, name="new-campaign"),
]
