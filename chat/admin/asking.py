"""Actions that ask for a reason first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, required=False)


Form = TypeVar("Form", bound=forms.Form)
Action = Callable[[Any, HttpRequest, QuerySet[Any]], TemplateResponse | None]
ActionWithForm = Callable[[Any, HttpRequest, QuerySet[Any], Form], None]


def asking(
    form_class: type[Form], title: str, permission: str
) -> Callable[[ActionWithForm[Form]], Action]:
    """An action that shows a form first; it is called with the form once that is filled in."""

    def decorate(action: ActionWithForm[Form]) -> Action:
        @admin.action(description=title, permissions=[permission])
        @wraps(action)
        def asked(
            model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]
        ) -> TemplateResponse | None:
            form = form_class(request.POST if "confirmed" in request.POST else None)
            if not form.is_valid():
                return ask(model_admin, request, form, title, queryset)
            action(model_admin, request, queryset, form)
            return None

        return asked

    return decorate


def ask(
    model_admin: ModelAdmin,
    request: HttpRequest,
    form: forms.Form,
    title: str,
    objects: QuerySet[Any],
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
