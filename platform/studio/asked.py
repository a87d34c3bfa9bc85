"""What a request to the web process is called where figures and traces are kept.

By its view's name, never by its address: those are without end, and may be about somebody.
"""

from django.http import HttpRequest

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def method_of(request: HttpRequest) -> str:
    """Its method; `other` for one that somebody made up."""
    return str(request.method) if request.method in _METHODS else "other"


def view_of(request: HttpRequest) -> str:
    """The name of the view that answered; `none` where no view did."""
    match = request.resolver_match
    return match.view_name if match and match.view_name else "none"
