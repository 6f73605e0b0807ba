import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0002_access_layer'),
    ]

    operations = [
        migrations.AddField(
            model_name='accesslayer',
            name='lately',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='binding',
            name='checks',
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name='Drain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pod_uid', models.CharField(max_length=64)),
                ('pod_name', models.CharField(max_length=253)),
                ('target', models.CharField(max_length=128)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('closes_at', models.DateTimeField(null=True)),
                ('weight_zero_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('deregistered_at', models.DateTimeField(null=True)),
                ('began_at', models.DateTimeField(db_index=True)),
                ('binding', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drains', to='services.binding')),
            ],
            options={
                'ordering': ['-began_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('binding', 'pod_uid', 'target'), name='drain_once')],
            },
        ),
    ]
