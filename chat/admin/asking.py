"""Actions that ask for a reason first."""

from functools import wraps

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, required=False)


def asking(form_class: type[forms.Form]):
    """An action that shows a form first; it is called with the form once that is filled in."""

    def decorate(action):
        @wraps(action)
        def asked(self, request: HttpRequest, queryset):
            form = form_class(request.POST if "confirmed" in request.POST else None)
            if form.is_valid():
                return action(self, request, queryset, form)
            return ask(self, request, form, asked.short_description, queryset)

        return asked

    return decorate


def ask(
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
