from django.db import migrations


def allow(apps, schema_editor):
    """Permissions are made after all migrations; the one that we need, we make now."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    types = apps.get_model("contenttypes", "ContentType").objects
    content_type, _ = types.get_or_create(app_label="chat", model="act")
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename="view_act", defaults={"name": "Can view act"}
    )
    group.permissions.add(permission)


class Migration(migrations.Migration):
    """Moderators see what has been done to messages, and how far it has come."""

    dependencies = [("chat", "0005_acts")]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
