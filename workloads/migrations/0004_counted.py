"""What Pods are counted by: whether they have a gate, and indexes for it."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def fill(apps: Any, _: Any) -> None:
    apps.get_model("workloads", "Pod").objects.exclude(gates=[]).update(gated=True)


def _cluster() -> Any:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="console.cluster"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("console", "0004_watch_lag"),
        ("workloads", "0003_leavers"),
    ]

    operations = [
        migrations.AddField("pod", "gated", models.BooleanField(default=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("pod", "cluster", _cluster()),
        migrations.AlterField("service", "cluster", _cluster()),
        migrations.AlterField("workload", "cluster", _cluster()),
        migrations.AddIndex(
            "pod",
            models.Index(
                fields=["cluster", "gated", "gates_open", "name"],
                name="workloads_p_cluster_167e98_idx",
            ),
        ),
        migrations.AddIndex(
            "pod",
            models.Index(
                fields=["cluster", "network_mode", "name"], name="workloads_p_cluster_08fd39_idx"
            ),
        ),
    ]
