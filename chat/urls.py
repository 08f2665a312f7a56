from django.urls import path

from chat.web import api, page

app_name = "chat"
urlpatterns = [
    path("", page.room, name="room"),
    path("robots.txt", page.robots, name="robots"),
    path("api/messages", api.messages, name="messages"),
    path("api/member", api.member, name="member"),
]
