"""The room over HTTP, for those whose WebSockets are blocked: what answers which request."""

from django.urls import path

from chat.web import changing, posting, reacting, reading
from chat.web.answering import Method, endpoint

ENDPOINTS = {
    "messages": {
        "GET": Method(reading.read),
        "HEAD": Method(reading.read),
        "POST": Method(posting.post, overdue="unknown"),
    },
    "changes": {"POST": Method(changing.change, overdue="unknown")},
    "reactions": {"GET": Method(reacting.read), "HEAD": Method(reacting.read)},
    "member": {"POST": Method(posting.introduce)},
}
urlpatterns = [path(name, endpoint(methods), name=name) for name, methods in ENDPOINTS.items()]
