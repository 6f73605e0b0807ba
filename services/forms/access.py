"""Settings of a cluster's access layer."""

import re
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from django import forms
from django.utils.translation import gettext_lazy as _

from console.models import Cluster
from services.admission import gate_type
from services.forms.fields import fail
from services.models import FailurePolicy

SERVICE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


class AccessLayerForm(forms.Form):
    failure_policy = forms.ChoiceField(choices=FailurePolicy, widget=forms.RadioSelect)
    gate_type = forms.ChoiceField(choices=gate_type.choices, widget=forms.RadioSelect)
    url = forms.CharField(required=False, max_length=255)
    service = forms.CharField(required=False, max_length=127)
    client_ca = forms.CharField(
        required=False,
        max_length=65536,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, cluster: Cluster, **values: Any) -> None:
        super().__init__(*args, **values)
        self.cluster = cluster

    def clean_gate_type(self) -> str:
        wanted = str(self.cleaned_data["gate_type"])
        if why := gate_type.why_not(self.cluster, wanted):
            raise fail(why)
        return wanted

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip().rstrip("/")
        parts = urlsplit(url)
        try:
            good = parts.scheme == "https" and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if url and not (good and url == f"https://{parts.netloc}" and "@" not in url):
            raise fail(_("Give https://host or https://host:port, without a path."))
        return url

    def clean_service(self) -> str:
        service = str(self.cleaned_data["service"]).strip()
        if service and not SERVICE.fullmatch(service):
            raise fail(_("Give the Service as namespace/name."))
        if service and self.cleaned_data.get("url"):
            raise fail(_("Give a URL or a Service, not both."))
        return service

    def clean_client_ca(self) -> str:
        pem = str(self.cleaned_data["client_ca"]).strip()
        if pem:
            try:
                x509.load_pem_x509_certificates(pem.encode())
            except ValueError:
                raise fail(_("This is no PEM certificate.")) from None
        return pem and f"{pem}\n"
