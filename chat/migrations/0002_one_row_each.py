from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("chat", "Log").objects.create()
    apps.get_model("chat", "Room").objects.create()


class Migration(migrations.Migration):
    """The log's counter and the room are one row each; everything relies on their being there."""

    dependencies = [("chat", "0001_tables")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
