from django.db import migrations

from chat.policy import addresses


def widen(apps, schema_editor):
    """A ban of one IPv6 address now is one of its /64: the list says so."""
    bans = apps.get_model("chat", "Ban").objects.filter(network__contains=":")
    for ban in bans.exclude(network__contains="/"):
        ban.network = addresses.written(ban.network)
        ban.save(update_fields=["network"])


class Migration(migrations.Migration):
    """Whoever has one address of a /64 has them all; an explicit /128 stays what it is."""

    dependencies = [("chat", "0003_moderators")]
    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
