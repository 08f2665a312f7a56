from django.urls import include, path

from chat.web import api, page

app_name = "chat"
urlpatterns = [
    path("", page.room, name="room"),
    path("robots.txt", page.robots, name="robots"),
    path("api/", include(api.urlpatterns)),
]
