"""What is filled in for an action: one complaint about one mistake."""

from django.http import QueryDict

from workloads.actions import forms

LIVE = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}}}


def filled(text: str) -> forms.ActionForm:
    return forms.make("images", "Deployment", [LIVE], data=QueryDict(text))


def test_an_image_with_a_space_is_not_also_called_missing() -> None:
    form = filled("image:web=web+2")
    assert dict(form.errors) == {"image:web": ["An image has no spaces."]}


def test_no_image_at_all_is_said_for_the_whole_form() -> None:
    assert filled("image:web=").non_field_errors() == ["Give at least one image."]
    assert filled("image:web=web:2").is_valid()
