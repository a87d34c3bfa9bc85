"""The product's addresses, and one whose page fails as a library would: quoting all that it was handed."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from studio import urls


def broken(request: HttpRequest) -> HttpResponse:
    """Fails while it handles another failure."""
    sent = {**request.POST.dict(), **request.GET.dict(), **request.COOKIES}
    handed = {**sent, "token": request.headers.get("authorization")}
    try:
        raise KeyError(str(handed))
    except KeyError as error:
        raise RuntimeError(f"cannot parse {handed}") from error


urlpatterns = [path("broken", broken), path("", include(urls))]
