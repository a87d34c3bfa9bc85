"""The front page, what an administrator looks after, and what crawlers read."""

from django.urls import path

from studio.operations import limits, retention, views

urlpatterns = [
    path("", views.home, name="home"),
    path("status/", views.status, name="status"),
    path("organisations/<uuid:pk>/limits/", limits.limits, name="organisation-limits"),
    path("organisations/<uuid:pk>/retention/", retention.retention, name="organisation-retention"),
    path("robots.txt", views.robots, name="robots"),
]
