from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0006_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='binding',
            name='extra',
            field=models.JSONField(default=list),
        ),
    ]
