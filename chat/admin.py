"""The admin: it asks for a reason and calls the verbs of chat/moderation.py."""

from datetime import timedelta
from functools import wraps

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html

from chat import moderation
from chat.members import PRESENT
from chat.models import Act, Ban, Member, Message, Room

LISTED = 10_000  # messages; older ones are found by search, by their author, or by date
DONE = {Act.What.HIDE: "hidden", Act.What.RESTORE: "shown again"}
DURATIONS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, required=False)


class BanForm(ReasonForm):
    reason = forms.CharField(max_length=300, required=False, help_text="They are told this.")
    lasts = forms.ChoiceField(
        choices=[("hour", "An hour"), ("day", "A day"), ("week", "A week"), ("", "For good")],
        initial="day",
        required=False,
    )
    address_too = forms.BooleanField(
        label="Whoever comes from the same address, too",
        help_text="Of IPv6 that is the /64 around it, which is one client's.",
        required=False,
        initial=True,
    )
    hide_messages = forms.BooleanField(
        label="Hide everything they have said", required=False, initial=True
    )

    def ban(self, request: HttpRequest, member: Member) -> None:
        """The ban stands, whatever happens to the hiding; both are said."""
        given, by = self.cleaned_data, request.user
        lasts = DURATIONS.get(given["lasts"])
        moderation.ban(
            by,
            member=member,
            network=(member.last_address or "") if given["address_too"] else "",
            reason=given["reason"],
            expires_at=timezone.now() + lasts if lasts else None,
        )
        messages.success(request, f"{member} is banned.")
        if given["hide_messages"]:
            try:
                _tell(request, moderation.hide_all_by(member, by, given["reason"]))
            except DatabaseError:
                messages.error(request, "What they have said could not be hidden. Try it again.")


def _tell(request: HttpRequest, act: Act) -> None:
    """Say what an act has done, and what it goes on to do."""
    words, left = DONE[act.what], act.left
    more = f" {left:,} more are being {words}, newest first." if left else ""
    messages.success(request, f"{act.changed:,} {words}.{more}")


def asking(form_class: type[forms.Form]):
    """An action that shows a form first; it is called with the form once that is filled in."""

    def decorate(action):
        @wraps(action)
        def asked(self, request: HttpRequest, queryset):
            form = form_class(request.POST if "confirmed" in request.POST else None)
            if form.is_valid():
                return action(self, request, queryset, form)
            return _ask(self, request, form, asked.short_description, queryset)

        return asked

    return decorate


def _ask(
    model_admin, request: HttpRequest, form: forms.Form, title: str, objects: QuerySet
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "form": form,
        "objects": objects[:10],
        "count": objects.count(),  # not by reading them all
        "hidden": [
            (name, value)
            for name in ("action", "select_across", ACTION_CHECKBOX_NAME)
            for value in request.POST.getlist(name)
        ],
    }
    return TemplateResponse(request, "admin/chat/ask.html", context)


class ReadOnly(admin.ModelAdmin):
    """What only the room itself writes."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Newest(Paginator):
    """Counts no further than LISTED: of a million messages the list is as fast as of a thousand."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:LISTED].count()


class HiddenFilter(admin.SimpleListFilter):
    title = "in the room"
    parameter_name = "hidden"

    def lookups(self, request, model_admin):
        return [("0", "Visible"), ("1", "Hidden")]

    def queryset(self, request, queryset):
        return queryset.filter(hidden_at__isnull=self.value() == "0") if self.value() else queryset


@admin.register(Message)
class MessageAdmin(ReadOnly):
    paginator = Newest
    list_display = ["seq", "at", "person", "text", "shown", "ban"]
    list_filter = [HiddenFilter, "at"]
    search_fields = ["text", "name", "=author"]
    actions = ["hide", "restore"]
    exclude = ["author"]
    readonly_fields = ["person"]

    def has_hide_permission(self, request):
        return request.user.has_perm("chat.hide_message")

    @admin.display(description="author", ordering="name")
    def person(self, message):
        return _link("member", message.author, message.name)

    @admin.display(description="")
    def ban(self, message):
        return _link("member", message.author, "Ban…", view="ban")

    @admin.display(boolean=True, description="visible")
    def shown(self, message):
        return message.visible

    @admin.action(description="Hide the selected messages", permissions=["hide"])
    @asking(ReasonForm)
    def hide(self, request, queryset, form):
        _tell(request, moderation.hide(queryset, request.user, form.cleaned_data["reason"]))

    @admin.action(description="Show the selected messages again", permissions=["hide"])
    @asking(ReasonForm)
    def restore(self, request, queryset, form):
        _tell(request, moderation.restore(queryset, request.user, form.cleaned_data["reason"]))


@admin.register(Member)
class MemberAdmin(ReadOnly):
    list_display = ["name", "present", "last_seen_at", "said", "last_address", "ban_link"]
    list_filter = ["last_seen_at"]
    search_fields = ["name", "=id", "=last_address"]
    ordering = ["-last_seen_at"]
    actions = ["ban"]
    fields = ["name", "id", "present", "last_seen_at", "last_address", "said", "bans"]
    readonly_fields = ["present", "said", "bans"]

    def has_ban_permission(self, request):
        return request.user.has_perm("chat.ban_member")

    def get_queryset(self, request):
        said = Message.objects.filter(author=OuterRef("id")).order_by()
        counted = said.values("author").annotate(count=Count("*")).values("count")
        return super().get_queryset(request).annotate(said=Subquery(counted))

    def get_urls(self):
        view = self.admin_site.admin_view(self.ban_view)
        return [path("<str:pk>/ban/", view, name="chat_member_ban"), *super().get_urls()]

    @admin.display(boolean=True)
    def present(self, member):
        return member.name_key is not None and member.last_seen_at > timezone.now() - PRESENT

    @admin.display(description="messages")
    def said(self, member):
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, member.id, member.said or 0)

    @admin.display(description="")
    def ban_link(self, member):
        return _link("member", member.id, "Ban…", view="ban")

    def bans(self, member):
        url = reverse("admin:chat_ban_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, member.id, member.ban_set.count())

    def ban_view(self, request, pk: str):
        """Two clicks from a message: its “Ban…”, then the button here."""
        if not self.has_ban_permission(request):
            raise PermissionDenied
        member = get_object_or_404(Member, pk=pk)
        form = BanForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.ban(request, member)
            return redirect("admin:chat_ban_changelist")
        return _ask(self, request, form, f"Ban {member}", Member.objects.filter(pk=pk))

    @admin.action(description="Ban the selected people", permissions=["ban"])
    @asking(BanForm)
    def ban(self, request, queryset, form):
        for member in queryset:
            form.ban(request, member)


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
        moderation.save_ban(obj, request.user)

    def log_addition(self, request, obj, message):
        """The verb has done so."""

    log_change = log_addition

    @admin.action(description="Unban", permissions=["ban"])
    def unban(self, request, queryset):
        count = moderation.unban(queryset.select_related("member"), request.user)
        messages.success(request, f"{count} may come back.")


@admin.register(Act)
class ActAdmin(ReadOnly):
    list_display = ["begun_at", "by", "what", "person", "changed", "left", "reason", "done_at"]
    list_filter = ["what", "begun_at"]
    search_fields = ["by", "=whom", "reason"]
    exclude = ["lease", "whom"]
    readonly_fields = ["person", "left"]

    @admin.display(description="everything by")
    def person(self, act):
        return act.whom and _link("member", act.whom, act.whom)


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    list_display = ["title", "notice", "mode"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        moderation.set_room(obj, request.user, form.changed_data)

    def log_change(self, request, obj, message):
        """The verb has done so."""


def _link(model: str, pk: str, words: str, view: str = "change") -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:chat_{model}_{view}", args=[pk]), words
    )
