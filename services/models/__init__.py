"""What podgate remembers of its bindings; durable, never touched by an index rebuild."""

from services.models.access import AccessLayer, FailurePolicy, Repair
from services.models.binding import Binding, Installation, Lease, Phase, Token
from services.models.guarding import Guard, Stop
from services.models.ledger import Drain, Registration, StepTaken

__all__ = (
    "AccessLayer",
    "Binding",
    "Drain",
    "FailurePolicy",
    "Guard",
    "Installation",
    "Lease",
    "Phase",
    "Registration",
    "Repair",
    "StepTaken",
    "Stop",
    "Token",
)
