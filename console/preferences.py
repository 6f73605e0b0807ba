"""What a person likes to see, kept per user; never part of what is pushed to others."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from console.models import Preference


def read(user: User | AnonymousUser, key: str) -> Any:
    """The value, or None where the person never chose."""
    if not user.is_authenticated:
        return None
    found = Preference.objects.filter(user=user, key=key).values_list("value", flat=True)
    return found.first()


def write(user: User | AnonymousUser, key: str, value: Any) -> None:
    """Keep it; None forgets the choice."""
    if not user.is_authenticated:
        return
    if value is None:
        Preference.objects.filter(user=user, key=key).delete()
    else:
        Preference.objects.update_or_create(user=user, key=key, defaults={"value": value})
