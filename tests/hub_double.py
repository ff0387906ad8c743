"""A Hub on loopback: serves folders as model repositories, enough of the API for ``huggingface_hub`` to fetch them.

Use it with HF_ENDPOINT set to ``.url`` in the environment of the process that fetches.
"""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

REVISION = "0123456789abcdef0123456789abcdef01234567"


class HubDouble:
    """``repositories``: id -> folder. ``requests`` holds method and path of all that was asked.

    ``gated``: ids that answer as a gated repository does. ``stall``: a file name whose content stops half-way and
    never ends until the double is closed.
    """

    def __init__(
        self,
        repositories: dict[str, Path],
        *,
        license: str = "cc-by-nc-4.0",
        gated: tuple[str, ...] = (),
        stall: str | None = None,
    ) -> None:
        self.repositories, self.license, self.gated, self.stall = repositories, license, gated, stall
        self.requests: list[str] = []
        self.stalled, self.closed = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path of the Hub's API."""
        parts = unquote(path.partition("?")[0]).strip("/").split("/")
        is_api = parts[:2] == ["api", "models"]
        owner, name, *rest = parts[2:] if is_api else parts
        hub_id = f"{owner}/{name}"
        if hub_id in self.gated:
            return 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"}, b""
        folder = self.repositories.get(hub_id)
        if folder is None:
            return 401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository Not Found"}, b""
        if len(rest) > 1 and rest[1] not in ("main", REVISION):
            return 404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"}, b""
        if is_api:
            return self._described(hub_id, folder, rest)
        return self._file(folder / "/".join(rest[2:]))

    def _described(self, hub_id: str, folder: Path, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        body: Any = {
            "id": hub_id,
            "sha": REVISION,
            "cardData": {"license": self.license},
            "siblings": [{"rfilename": path.name} for path in files],
        }
        if rest[:1] == ["tree"]:
            body = [
                {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": _etag(path)} for path in files
            ]
        return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()

    def _file(self, path: Path) -> tuple[int, dict[str, str], bytes]:
        if not path.is_file():
            return 404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}, b""
        return 200, {"ETag": f'"{_etag(path)}"', "X-Repo-Commit": REVISION}, path.read_bytes()


def _etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()


def _handler(hub: HubDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.requests.append(f"{self.command} {self.path}")
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if hub.stall and self.path.endswith(hub.stall):
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                hub.stalled.set()
                hub.closed.wait(60)
                return
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
