import django.db.models
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0007_member_generation")]

    operations = [
        migrations.AddField(
            model_name="room",
            name="pressure",
            field=django.db.models.CharField(
                choices=[
                    ("normal", "Normal"),
                    ("tight", "tight: newcomers may do a quarter"),
                ],
                db_default="normal",
                default="normal",
                max_length=10,
            ),
        )
    ]
