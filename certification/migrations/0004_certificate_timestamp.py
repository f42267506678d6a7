"""The time of a certificate's signature, beside its bundle. Old certificates have none apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("certification", "0003_file_answers")]

    operations = [
        migrations.AddField("certificate", "timestamp", models.BinaryField(default=b"")),
    ]
