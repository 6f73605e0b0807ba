"""The Create-a-Service form: every rule and message of the page, and one finished value out."""

from services.forms.create import Choices, CreateServiceForm, SubnetChoice

__all__ = ["Choices", "CreateServiceForm", "SubnetChoice"]
