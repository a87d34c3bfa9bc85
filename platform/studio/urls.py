"""Every address of the product."""

from django.urls import include, path
from django.views.i18n import set_language

from studio.site import site

handler500 = "studio.away.server_error"
urlpatterns = [
    path("admin/", site.urls),
    path("language/", set_language, name="language"),
    path("", include("studio.accounts.urls")),
    path("", include("studio.operations.urls")),
    path("", include("studio.catalogue.urls")),
    path("", include("studio.projects.urls")),
    path("", include("studio.references.urls")),
    path("", include("studio.jobs.urls")),
    path("", include("studio.policies.urls")),
    path("", include("studio.portrayals.urls")),
    path("", include("studio.review.urls")),
    path("", include("studio.audit.urls")),
    path("", include("studio.webhooks.urls")),
    path("", include("studio.api.urls")),
]
