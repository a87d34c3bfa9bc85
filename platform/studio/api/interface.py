"""The programs' interface: one service, its routes, and its name in addresses."""

from studio.api.routes import check, jobs, pictures, places
from studio.api.service import ABOUT, Service

api = Service(title="Imprimatur", version="1", description=ABOUT, urls_namespace="api")
for part in (places.router, jobs.router, pictures.router, check.router):
    api.add_router("", part)
