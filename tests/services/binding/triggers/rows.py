"""Rows of the ledger as they were some time ago."""

from datetime import timedelta

from django.utils import timezone

from services.models import Binding, Registration


def registration(binding: Binding, health_word: str, seconds_ago: float) -> Registration:
    then = timezone.now() - timedelta(seconds=seconds_ago)
    return Registration.objects.create(
        binding=binding,
        lb_id="lb-1",
        listener_id="lbl-1",
        protocol="TCP",
        listener_port=80,
        ip=f"10.0.0.{Registration.objects.count() + 1}",
        port=8080,
        pod_uid="uid",
        pod_name="bar-1",
        intended_at=then,
        registered_at=then,
        health=health_word,
    )
