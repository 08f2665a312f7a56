"""What the lists of the admin have in common."""

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

LISTED = 10_000  # messages; older ones are found by search, by their author, or by date


class ReadOnly(admin.ModelAdmin):
    """What only the room itself writes."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Newest(Paginator):
    """Counts no further than LISTED: of a million messages the list is as fast as of a thousand."""

    object_list: QuerySet[Model]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:LISTED].count()


def staff(request: HttpRequest) -> AbstractUser:
    """Who does it: the admin lets nobody else in."""
    assert isinstance(request.user, AbstractUser)
    return request.user


def link(model: str, pk: str, words: str, view: str = "change") -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:chat_{model}_{view}", args=[pk]), words
    )
