"""What the doctor finds out, with servers on the loopback only."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mlt.toolkit import doctor


class Answer(BaseHTTPRequestHandler):
    status = 200

    def do_HEAD(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Handler", (Answer,), {"status": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("server", "status"), [(200, "ok"), (401, "ok"), (404, "ok"), (503, "warn")], indirect=["server"]
)
def test_hub_answers(server: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server)
    finding = doctor.hub()
    assert finding.status == status
    assert finding.value.startswith(f"{server} answers")


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://127.0.0.1:9", "does not answer"),
        ("http://hf_token:x@127.0.0.1:9/path", "does not answer"),
        ("file:///etc/passwd", "no http address"),
        ("nonsense", "no http address"),
        ("http://[::1", "no http address"),
        ("http://127.0.0.1:notaport", "no http address"),
    ],
)
def test_hub_that_cannot_be_reached_is_a_warning_without_secrets(
    endpoint: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    finding = doctor.hub()
    assert finding.status == "warn" and expected in finding.value
    assert "hf_token" not in finding.value


def test_hub_is_not_asked_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "not asked" in doctor.hub().value


def test_a_missing_package_is_a_warning_that_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", {"mlt": None, "no-such-package-here": "a purpose"})
    found = {finding.name: finding for finding in doctor.versions()}
    assert found["mlt"].status == "ok"
    assert found["no-such-package-here"] == doctor.Finding(
        "no-such-package-here", "missing, needed for a purpose", "warn"
    )


def test_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert f"free at {tmp_path}" in doctor.disk(tmp_path / "a" / "b").value
