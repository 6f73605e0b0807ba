"""What is filled in for an action: one complaint about one mistake."""

from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from workloads.actions import forms

LIVE = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}


def filled(text: str) -> forms.ActionForm:
    return forms.make("images", "Deployment", [LIVE], data=QueryDict(text))


def test_an_image_with_a_space_is_not_also_called_missing() -> None:
    form = filled("image:web=web+2")
    assert dict(form.errors) == {"image:web": ["An image has no spaces."]}


@pytest.mark.parametrize(
    ("image", "right"),
    [
        ("nginx", True),
        ("shop/web:2.4.1-rc_1", True),
        ("Registry.example.com:5000/a/b__c/d-e:T", True),
        ("localhost/web", True),
        (f"ccr.ccs.tencentyun.com/shop/web:2@sha256:{'0a' * 32}", True),
        ("Shop/web:2", False),
        ("shop/web:", False),
        ("shop//web:2", False),
        (f"shop/web:{'v' * 129}", False),
        ("shop/web:版本", False),
        ("https://shop/web:2", False),
        ("shop/web@sha256:0a", False),
    ],
)
def test_what_no_kubelet_takes_is_refused_before_it_is_rolled_out(image: str, right: bool) -> None:
    form = filled(urlencode({"image:web": image}))
    assert form.is_valid() is right, form.errors


def test_no_image_at_all_is_said_for_the_whole_form() -> None:
    assert filled("image:web=").non_field_errors() == ["Give at least one image."]
    assert filled("image:web=web:2").is_valid()
