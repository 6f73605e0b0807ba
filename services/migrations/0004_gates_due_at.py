from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0003_drains'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='binding',
            name='gates_due',
        ),
        migrations.AddField(
            model_name='binding',
            name='gates_due_at',
            field=models.DateTimeField(db_index=True, null=True),
        ),
    ]
