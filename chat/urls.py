from django.urls import path

from chat.web import page, posting

app_name = "chat"
urlpatterns = [
    path("", page.room, name="room"),
    path("robots.txt", page.robots, name="robots"),
    path("api/messages", posting.messages, name="messages"),
    path("api/member", posting.member, name="member"),
]
