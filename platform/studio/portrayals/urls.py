"""Representation reports: of a project, of a campaign, and one by itself."""

from django.urls import path, re_path

from studio.portrayals import views

urlpatterns = [
    path("projects/<uuid:pk>/people/", views.of_project, name="project-portrayals"),
    path("campaigns/<uuid:pk>/people/", views.of_campaign, name="campaign-portrayals"),
    path("portrayals/<uuid:pk>/", views.portrayal, name="portrayal"),
    path("portrayals/<uuid:pk>/checklist/", views.checklist, name="portrayal-checklist"),
    path("portrayals/<uuid:pk>/progress/", views.progress, name="portrayal-progress"),
    re_path(
        r"^portrayals/(?P<pk>[0-9a-f]{8}-[0-9a-f-]{27})/report\.(?P<kind>json|html)$",
        views.as_file,
        name="portrayal-file",
    ),
]
