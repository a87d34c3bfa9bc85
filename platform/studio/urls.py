"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("studio.operations.urls")),
    path("", include("studio.jobs.urls")),
    path("", include("studio.review.urls")),
    path("", include("studio.audit.urls")),
]
