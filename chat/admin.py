"""The admin: who said what, who is who, what the room is called."""

from django.contrib import admin
from django.db import transaction

from chat import log
from chat.models import Member, Message, Room


class ReadOnly(admin.ModelAdmin):
    """What only the room itself writes."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["seq", "at", "name", "text", "author"]
    list_display_links = ["seq"]
    list_filter = ["at"]
    search_fields = ["text", "name", "=author"]
    ordering = ["-seq"]
    show_full_result_count = False


@admin.register(Member)
class MemberAdmin(ReadOnly):
    list_display = ["name", "id", "last_seen_at", "held_until", "last_address"]
    list_filter = ["last_seen_at"]
    search_fields = ["name", "=id", "=last_address"]
    ordering = ["-last_seen_at"]
    show_full_result_count = False


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["title", "notice", "mode"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @transaction.atomic
    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        log.touch()  # every process reads the room again, within two seconds
