"""Opening campaigns."""

from django.urls import path

from studio.projects import views

urlpatterns = [path("projects/<uuid:pk>/campaigns/new/", views.new_campaign, name="new-campaign")]
