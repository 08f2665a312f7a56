from django.db import migrations

MAY = {
    "message": ["view_message", "hide_message"],
    "member": ["view_member", "ban_member"],
    "ban": ["view_ban"],
}


def make(apps, schema_editor):
    """Permissions are made after all migrations; those that we need, we make now."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    for model, codenames in MAY.items():
        content_type, _ = types.get_or_create(app_label="chat", model=model)
        for codename in codenames:
            permission, _ = permissions.get_or_create(
                content_type=content_type,
                codename=codename,
                defaults={"name": f"Can {codename.replace('_', ' ')}"},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Moderators hide, restore, ban and unban: no settings, no deletion, no accounts."""

    dependencies = [
        ("chat", "0002_one_row_each"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
