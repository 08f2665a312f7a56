"""The one room."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm, TypedChoiceField
from django.http import HttpRequest

from chat.admin.lists import staff
from chat.models import Room
from chat.moderation import verbs


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["title", "notice", "mode", "pressure"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return False

    def formfield_for_choice_field(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> TypedChoiceField | None:
        """A form without the pressure, as of a page from before an upgrade, leaves it as it is."""
        if db_field.name == "pressure":
            options["required"] = False
        return super().formfield_for_choice_field(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: Room, form: ModelForm, change: bool) -> None:
        verbs.set_room(obj, staff(request), form.changed_data)

    def log_change(self, request: HttpRequest, obj: Room, message: object) -> None:  # type: ignore[override]  # nobody asks for the entry
        """The verb has done so."""
