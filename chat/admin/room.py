"""The one room."""

from django.contrib import admin

from chat.models import Room
from chat.moderation import verbs


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["title", "notice", "mode"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        verbs.set_room(obj, request.user, form.changed_data)

    def log_change(self, request, obj, message):
        """The verb has done so."""
