from django.db import migrations


def make(apps, schema_editor):
    """Where a process runs already, it may have made them (`upkeep.mend`)."""
    for name in ("Log", "Room"):
        rows = apps.get_model("chat", name).objects
        if not rows.exists():
            rows.bulk_create([rows.model(id=1)], ignore_conflicts=True)


class Migration(migrations.Migration):
    """The log's counter and the room are one row each; everything relies on their being there."""

    dependencies = [("chat", "0001_tables")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
