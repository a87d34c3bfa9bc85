"""The front page, the status page, and what crawlers read."""

from django.urls import path

from studio.operations import views

urlpatterns = [
    path("", views.home, name="home"),
    path("status/", views.status, name="status"),
    path("robots.txt", views.robots, name="robots"),
]
