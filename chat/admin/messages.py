"""Messages: hidden and shown again."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from chat.admin.asking import ReasonForm, asking
from chat.admin.lists import Newest, ReadOnly, link, staff
from chat.models import Act, FormerText, Message
from chat.moderation import verbs

DONE: dict[str, str] = {Act.What.HIDE: "hidden", Act.What.RESTORE: "shown again"}


def _tell(request: HttpRequest, act: Act) -> None:
    """Say what an act has done, and what it goes on to do."""
    words, left = DONE[act.what], act.left
    more = f" {left:,} more are being {words}, newest first." if left else ""
    messages.success(request, f"{act.changed:,} {words}.{more}")


class HiddenFilter(admin.SimpleListFilter):
    title = "in the room"
    parameter_name = "hidden"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("0", "Visible"), ("1", "Hidden")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(hidden_at__isnull=self.value() == "0") if self.value() else queryset


class FormerTexts(admin.TabularInline):
    """What a message said before it was edited: for moderators only."""

    model = FormerText
    fields = ["text", "until"]
    verbose_name_plural = "What it said before"

    def has_view_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return request.user.has_perm("chat.view_message")

    def has_add_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Message)
class MessageAdmin(ReadOnly):
    paginator = Newest
    list_display = ["seq", "at", "person", "text", "shown", "ban"]
    list_filter = [HiddenFilter, "at"]
    search_fields = ["text", "name", "=author"]
    actions = ["hide", "restore"]
    exclude = ["author"]
    readonly_fields = ["person"]
    inlines = [FormerTexts]

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.hide_message")

    @admin.display(description="author", ordering="name")
    def person(self, message: Message) -> str:
        return link("member", message.author, message.name)

    @admin.display(description="")
    def ban(self, message: Message) -> str:
        return link("member", message.author, "Ban…", view="ban")

    @admin.display(boolean=True, description="visible")
    def shown(self, message: Message) -> bool:
        return message.visible

    @asking(ReasonForm, "Hide the selected messages", "hide")
    def hide(self, request: HttpRequest, queryset: QuerySet[Message], form: ReasonForm) -> None:
        _tell(request, verbs.hide(queryset, staff(request), form.cleaned_data["reason"]))

    @asking(ReasonForm, "Show the selected messages again", "hide")
    def restore(self, request: HttpRequest, queryset: QuerySet[Message], form: ReasonForm) -> None:
        _tell(request, verbs.restore(queryset, staff(request), form.cleaned_data["reason"]))
