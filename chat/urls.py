from django.urls import path

from chat import api, views

app_name = "chat"
urlpatterns = [
    path("", views.room, name="room"),
    path("robots.txt", views.robots, name="robots"),
    path("api/messages", api.messages, name="messages"),
    path("api/member", api.member, name="member"),
]
