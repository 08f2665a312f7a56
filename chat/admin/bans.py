"""Bans: made, changed and ended."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from chat.admin.lists import staff
from chat.models import Ban
from chat.moderation import verbs


@admin.register(Ban)
class BanAdmin(admin.ModelAdmin):
    list_display = ["__str__", "in_force", "reason", "by", "made_at", "expires_at"]
    list_filter = ["made_at", "expires_at"]
    search_fields = ["=member__id", "member__name", "network", "reason", "by"]
    raw_id_fields = ["member"]
    readonly_fields = ["by", "made_at"]
    actions = ["unban"]
    show_full_result_count = False
    list_select_related = ["member"]

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.ban_member")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_ban_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Ban | None = None) -> bool:
        return self.has_ban_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Ban | None = None) -> bool:
        return False  # ended by `unban`; it stays in the list

    @admin.display(boolean=True)
    def in_force(self, ban: Ban) -> bool:
        return ban.expires_at is None or ban.expires_at > timezone.now()

    def save_model(self, request: HttpRequest, obj: Ban, form: ModelForm, change: bool) -> None:
        verbs.save_ban(obj, staff(request))

    def log_addition(self, request: HttpRequest, obj: Ban, message: object) -> None:  # type: ignore[override]  # nobody asks for the entry
        """The verb has done so."""

    log_change = log_addition  # type: ignore[assignment]  # nor here

    @admin.action(description="Unban", permissions=["ban"])
    def unban(self, request: HttpRequest, queryset: QuerySet[Ban]) -> None:
        count = verbs.unban(queryset.select_related("member"), staff(request))
        messages.success(request, f"{count} may come back.")
