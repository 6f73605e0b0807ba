import json
import re
from pathlib import Path

import yaml

from console import permissions

PAGE = (Path(permissions.__file__).parent.parent / "docs" / "permissions.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def test_the_documented_roles_are_the_ones_that_are_tried() -> None:
    documents = [document for block in blocks("yaml") for document in yaml.safe_load_all(block)]
    found = [document for document in documents if document["kind"] in {"ClusterRole", "Role"}]
    assert found == permissions.roles()


def test_the_documented_cam_policy_is_the_one_that_is_tried() -> None:
    assert json.loads(blocks("json")[0]) == permissions.cam_policy()


def test_no_rule_reads_others_secrets_or_grants_everything() -> None:
    for rule in permissions.RULES:
        assert "secrets" not in rule.resource or rule.namespace == "podgate-system"
        assert "*" not in (rule.group, rule.resource, *rule.verbs)
