from django.urls import path

from chat import health, views

app_name = "chat"
urlpatterns = [
    path("", views.room, name="room"),
    path("api/messages", views.messages, name="messages"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
