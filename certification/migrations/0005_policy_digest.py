"""The digest of the policy that judged. Empty on what was judged before it was kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("certification", "0004_certificate_timestamp")]

    operations = [
        migrations.AddField(
            "certification",
            "policy_digest",
            models.CharField(blank=True, default="", max_length=71),
            preserve_default=False,
        ),
    ]
