"""The front page, what an administrator looks after, and what crawlers read."""

from django.urls import path, re_path

from studio.operations import appearance, forgetting_views, limits, probes, retention, setup_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("status/", views.status, name="status"),
    path("status/workers/<slug:question>/", views.status_workers, name="status-workers"),
    path("organisations/<uuid:pk>/limits/", limits.limits, name="organisation-limits"),
    path(
        "organisations/<uuid:pk>/people/<int:member>/erase/", forgetting_views.erase, name="organisation-person-erase"
    ),
    path("organisations/<uuid:pk>/colours/", appearance.colours, name="organisation-colours"),
    re_path(r"^colours/(?P<colour>[0-9a-f]{6})\.css$", appearance.stylesheet, name="colours"),
    path("organisations/<uuid:pk>/retention/", retention.retention, name="organisation-retention"),
    path("setup/", setup_views.setup, name="setup"),
    path("setup/begin/", setup_views.begin, name="setup-begin"),
    path("alive", probes.alive, name="alive"),
    path("ready", probes.ready, name="ready"),
    path("metrics", probes.figures, name="metrics"),
    path("robots.txt", views.robots, name="robots"),
]
