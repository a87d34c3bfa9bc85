"""Every address of the product."""

from django.urls import include, path

from studio.site import site

urlpatterns = [
    path("admin/", site.urls),
    path("", include("studio.accounts.urls")),
    path("", include("studio.operations.urls")),
    path("", include("studio.catalogue.urls")),
    path("", include("studio.projects.urls")),
    path("", include("studio.jobs.urls")),
    path("", include("studio.policies.urls")),
    path("", include("studio.review.urls")),
    path("", include("studio.audit.urls")),
    path("", include("studio.webhooks.urls")),
    path("", include("studio.api.urls")),
]
