"""docker-compose.yml: the promises that can be read from it without a Docker engine."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from stats_core.settings import Settings
from tests.deploy.composed import COMPOSE, DAGSTER_SERVICES, OWN_SERVICES, ROOT, compose, services, stages

BIN = Path(sys.executable).parent
DAGSTER_YAML = (ROOT / "deploy/dagster.yaml").read_text()
SETTINGS = {f"STATS_{name.upper()}" for name in Settings.model_fields}
OF_DAGSTER = set(re.findall(r"env: (STATS_\w+)", DAGSTER_YAML))


def test_it_follows_the_compose_specification() -> None:
    check = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    ran = subprocess.run(check, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", services())
def test_a_service_has_a_health_check_comes_back_and_knows_its_share(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]


def test_only_loopback_is_published_and_the_databases_not_at_all() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert set(published) == {"api", "webserver"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_databases_live_in_a_network_without_a_way_out() -> None:
    assert compose()["networks"]["stores"] == {"internal": True}
    for name in ("mongodb", "postgres"):
        assert services()[name]["networks"] == ["stores"]


def test_images_of_others_are_pinned_and_ours_are_built_once() -> None:
    built: list[str] = []
    for service in services().values():
        if "build" in service:
            built.append(service["image"])
            assert service["build"]["target"] in stages()
    assert sorted(built) == ["spotify-stats-api", "spotify-stats-pipelines"]
    others = {service["image"] for service in services().values()} - set(built)
    assert others
    assert all(re.fullmatch(r"[a-z]+:\d[\w.-]*", image) for image in others)


@pytest.mark.parametrize("name", OWN_SERVICES)
def test_our_services_may_do_little(name: str) -> None:
    service = services()[name]
    assert service["user"] == "${DATA_UID:-1000}:${DATA_GID:-1000}"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["init"] is True


def test_the_three_of_dagster_share_image_environment_and_mounts() -> None:
    shared = ("image", "environment", "volumes", "networks", "user")
    first, *others = ([services()[name][key] for key in shared] for name in DAGSTER_SERVICES)
    assert others == [first, first]


def test_inbox_archive_and_refused_lie_on_one_mount() -> None:
    for name in OWN_SERVICES:
        (mount,) = services()[name]["volumes"]
        assert (mount["type"], mount["target"]) == ("bind", "/data")
        assert services()[name]["environment"]["STATS_DATA_DIR"] == "/data"
        assert "STATS_INBOX_DIR" not in services()[name]["environment"]


def test_mongodb_is_a_replica_set_that_the_uri_names() -> None:
    mongodb = services()["mongodb"]
    assert mongodb["command"][:3] == ["mongod", "--replSet", "rs0"]
    assert "rs.initiate" in mongodb["healthcheck"]["test"][-1]
    for name in OWN_SERVICES:
        assert services()[name]["environment"]["STATS_DATABASE_URI"].endswith("?replicaSet=rs0")


def test_a_run_is_given_time_to_end() -> None:
    assert services()["pipelines"]["stop_grace_period"] == "5m"
    for name in ("webserver", "daemon"):
        assert services()[name]["depends_on"]["pipelines"] == {"condition": "service_healthy"}
    for name in ("pipelines", "api"):
        assert services()[name]["depends_on"]["mongodb"] == {"condition": "service_healthy"}


def test_every_variable_is_a_setting_or_is_read_by_dagsters_instance() -> None:
    for name in OWN_SERVICES:
        given = {key for key in services()[name]["environment"] if key.startswith("STATS_")}
        assert given <= SETTINGS | OF_DAGSTER
        assert name == "api" or given >= OF_DAGSTER


def test_the_rest_service_is_not_told_dagsters_password() -> None:
    assert not OF_DAGSTER & set(services()["api"]["environment"])


def test_no_password_has_a_default() -> None:
    passwords = [
        value for service in services().values() for key, value in service.get("environment", {}).items()
        if "PASSWORD" in key or "ADMIN_KEY" in key
    ]  # fmt: skip
    assert passwords
    assert all(value is None or value.startswith("${STATS_DAGSTER_POSTGRES_PASSWORD:?") for value in passwords)


def test_the_example_names_what_compose_reads() -> None:
    example = (ROOT / "deploy/compose.env.example").read_text()
    named = set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))
    text = COMPOSE.read_text()
    read = set(re.findall(r"\$\{(\w+)", text)) | set(re.findall(r"^\s+(STATS_\w+):$", text, re.MULTILINE))
    assert named == read
    assert not re.search(r"^\w+=.", example, re.MULTILINE), "an example sets nothing by itself"


def test_what_is_started_exists() -> None:
    for name in OWN_SERVICES:
        service = services()[name]
        programs = {service["command"][0], service["healthcheck"]["test"][1]}
        assert all((BIN / program).exists() for program in programs), programs
        if "-m" in service["command"]:
            import_module(service["command"][service["command"].index("-m") + 1])
