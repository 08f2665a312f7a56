from django.urls import path

from chat import api, health, views

app_name = "chat"
urlpatterns = [
    path("", views.room, name="room"),
    path("api/messages", api.messages, name="messages"),
    path("api/member", api.member, name="member"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
