"""Which refusals only the user can mend, and how; all other errors pass by themselves."""

from console.kube import KubeError
from console.tencent import CloudError, NotFound, QuotaExceeded
from services.limits import Problem, Sentence, Severity

# A ClientToken whose load balancer is long gone; the next number is tried.
TOKEN_USED = "InvalidParameter.ClientTokenLimitExceeded"
_PASSING = {TOKEN_USED}
# The code of calls that nobody answered; their message is a sentence already.
NO_ANSWER = "NetworkError"
# Seconds between two tries at most.
MOST_BACK_OFF = 30.0
RETRIED = "%(what)s podgate tries again by itself, within %(seconds)s s."
# Codes that stay as they are until somebody acts, and what to do.
_FIXES = {
    "ResourceInsufficient": "Free addresses in the subnet, or choose another one.",
    "LimitExceeded": "Raise the account's quota, or delete what is not needed.",
    "FailedOperation.InsufficientBalance": "Top up the account.",
    "ResourcesSoldOut": "Choose another zone or type, or wait until there are some again.",
    "UnauthorizedOperation": "Give the account's keys the rights in docs/permissions.md.",
    "AuthFailure.SignatureExpire": "Set the clock of podgate's machine right.",
    "AuthFailure": "Give the account valid keys with `manage.py add_account`.",
    "OperationDenied": "Take the load balancer's protection away.",
    "InvalidParameter": "",
    "MissingParameter": "",
    "Unsupported": "",
}
_RIGHTS = "Give podgate's user the rights in docs/permissions.md (see `manage.py check_access`)."


def for_the_user(error: CloudError | KubeError, what: str = "") -> Problem | None:
    """The problem an error is to the user, or None when trying again may help.

    `what` is what was tried, for the sentence.
    """
    if isinstance(error, KubeError):
        if error.status not in {401, 403}:
            return None
        words = f"The API server refuses: {error}."
        return Problem(error.reason or "Forbidden", Severity.BLOCKS, words, _RIGHTS)
    if not is_for_the_user(error):
        return None
    said = f"({error.code}: {error.message.rstrip('.')})"
    words = f"{what}: the CLB refuses {said}." if what else f"Tencent Cloud refuses {said}."
    return Problem(error.code, Severity.BLOCKS, words, _fix(error))


def passing(error: CloudError | KubeError) -> Problem:
    """What has failed several times by now, though nobody need do anything yet."""
    code = error.code if isinstance(error, CloudError) else error.reason or "Unreachable"
    return Problem(code, Severity.WARNS, retried(error))


def retried(error: CloudError | KubeError) -> Sentence:
    """What went wrong, and what podgate does next."""
    if isinstance(error, KubeError) or error.code == NO_ANSWER:
        what = f"{str(error).removeprefix(f'{NO_ANSWER}: ').rstrip('.')}."
    else:
        what = Sentence(
            "Tencent Cloud says %(said)s.", said=f"{error.code}: {error.message.rstrip('.')}"
        )
    return Sentence(RETRIED, what=what, seconds=int(MOST_BACK_OFF))


def is_for_the_user(error: CloudError) -> bool:
    if isinstance(error, NotFound) or error.code in _PASSING:
        return False
    return isinstance(error, QuotaExceeded) or error.code.startswith(tuple(_FIXES))


def _fix(error: CloudError) -> str:
    # The same words at every try: Pods wait with them. The step's own line has the request id.
    fix = next((words for code, words in _FIXES.items() if error.code.startswith(code)), "")
    return fix or "Change what the CLB names; the step below carries the request id."
