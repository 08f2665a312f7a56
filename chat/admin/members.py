"""People: looked up and banned."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from chat.admin.asking import ReasonForm, ask, asking
from chat.admin.lists import ReadOnly, link, staff
from chat.admin.messages import _tell
from chat.members.claims import PRESENT
from chat.models import Member, Message
from chat.moderation import verbs

DURATIONS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


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
        given, by = self.cleaned_data, staff(request)
        lasts = DURATIONS.get(given["lasts"])
        verbs.ban(
            by,
            member=member,
            network=(member.last_address or "") if given["address_too"] else "",
            reason=given["reason"],
            expires_at=timezone.now() + lasts if lasts else None,
        )
        messages.success(request, f"{member} is banned.")
        if given["hide_messages"]:
            try:
                _tell(request, verbs.hide_all_by(member, by, given["reason"]))
            except DatabaseError:
                messages.error(request, "What they have said could not be hidden. Try it again.")


@admin.register(Member)
class MemberAdmin(ReadOnly):
    list_display = ["name", "present", "last_seen_at", "said", "last_address", "ban_link"]
    list_filter = ["last_seen_at"]
    search_fields = ["name", "=id", "=last_address"]
    ordering = ["-last_seen_at"]
    actions = ["ban"]
    fields = ["name", "id", "present", "last_seen_at", "last_address", "said", "bans"]
    readonly_fields = ["present", "said", "bans"]

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.ban_member")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        said = Message.objects.filter(author=OuterRef("id")).order_by()
        counted = said.values("author").annotate(count=Count("*")).values("count")
        members: QuerySet[Member] = super().get_queryset(request)
        return members.annotate(said=Subquery(counted))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ban_view)
        return [path("<str:pk>/ban/", view, name="chat_member_ban"), *super().get_urls()]

    @admin.display(boolean=True)
    def present(self, member: Member) -> bool:
        return member.name_key is not None and member.last_seen_at > timezone.now() - PRESENT

    @admin.display(description="messages")
    def said(self, member: Any) -> str:  # a `Member` with what `get_queryset` adds
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, member.id, member.said or 0)

    @admin.display(description="")
    def ban_link(self, member: Member) -> str:
        return link("member", member.id, "Ban…", view="ban")

    def bans(self, member: Member) -> str:
        url = reverse("admin:chat_ban_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, member.id, member.ban_set.count())

    def ban_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Two clicks from a message: its “Ban…”, then the button here."""
        if not self.has_ban_permission(request):
            raise PermissionDenied
        member = get_object_or_404(Member, pk=pk)
        form = BanForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            form.ban(request, member)
            return redirect("admin:chat_ban_changelist")
        return ask(self, request, form, f"Ban {member}", Member.objects.filter(pk=pk))

    @asking(BanForm, "Ban the selected people", "ban")
    def ban(self, request: HttpRequest, queryset: QuerySet[Member], form: BanForm) -> None:
        for member in queryset:
            form.ban(request, member)
