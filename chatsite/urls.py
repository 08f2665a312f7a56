"""Addresses: the room at the top, the admin for those who keep it in order."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Simple chat"
admin.site.index_title = "Keep the room in order"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("chat.urls")),
]
