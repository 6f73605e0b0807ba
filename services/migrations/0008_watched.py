from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0007_extra'),
    ]

    operations = [
        migrations.AddField(
            model_name='binding',
            name='watched',
            field=models.BooleanField(default=False),
        ),
    ]
