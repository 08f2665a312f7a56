from django.db import migrations, models


class Migration(migrations.Migration):
    """Cookies and tokens can be revoked by their owner."""

    dependencies = [("chat", "0006_moderators_see_acts")]
    operations = [
        migrations.AddField(
            model_name="member",
            name="generation",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
