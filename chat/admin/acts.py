"""What moderators did to many messages at once."""

from django.contrib import admin

from chat.admin.lists import ReadOnly, link
from chat.models import Act


@admin.register(Act)
class ActAdmin(ReadOnly):
    list_display = ["begun_at", "by", "what", "person", "changed", "left", "reason", "done_at"]
    list_filter = ["what", "begun_at"]
    search_fields = ["by", "=whom", "reason"]
    exclude = ["lease", "whom"]
    readonly_fields = ["person", "left"]

    @admin.display(description="everything by")
    def person(self, act: Act) -> str:
        return act.whom and link("member", act.whom, act.whom)
