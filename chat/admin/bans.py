"""Bans: made, changed and ended."""

from django.contrib import admin, messages
from django.utils import timezone

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

    def has_ban_permission(self, request):
        return request.user.has_perm("chat.ban_member")

    def has_add_permission(self, request):
        return self.has_ban_permission(request)

    def has_change_permission(self, request, obj=None):
        return self.has_ban_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False  # ended by `unban`; it stays in the list

    @admin.display(boolean=True)
    def in_force(self, ban):
        return ban.expires_at is None or ban.expires_at > timezone.now()

    def save_model(self, request, obj, form, change):
        verbs.save_ban(obj, request.user)

    def log_addition(self, request, obj, message):
        """The verb has done so."""

    log_change = log_addition

    @admin.action(description="Unban", permissions=["ban"])
    def unban(self, request, queryset):
        count = verbs.unban(queryset.select_related("member"), request.user)
        messages.success(request, f"{count} may come back.")
