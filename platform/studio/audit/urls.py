"""What the public may ask."""

from django.urls import path

from studio.audit import resolution, views

urlpatterns = [
    path("check", views.check, name="check"),
    path("check.json", views.check_json, name="check-json"),
    path("how-a-picture-is-made", views.making, name="making"),
    path("c2pa/v1/openapi.json", resolution.openapi, name="resolution"),
    path("c2pa/v1/matches/byBinding", resolution.by_binding, name="matches-by-binding"),
    path("c2pa/v1/matches/byContent", resolution.by_content, name="matches-by-content"),
    path("c2pa/v1/manifests/<str:manifest_id>", resolution.manifest, name="manifest"),
    path("c2pa/v1/services/supportedAlgorithms", resolution.supported_algorithms, name="supported-algorithms"),
    path("records/<uuid:pk>", views.record, name="record"),
]
