"""A Hub on loopback that can be written to: as much of the API as huggingface_hub and datasets use, kept in memory.

Use it with HF_ENDPOINT set to ``.url``, and HF_HUB_DISABLE_XET=1, in the environment of the process that asks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_repository import Blob, Refusal, Repository, card_metadata
from loopback_server import LoopbackServer

TOKEN = "hf_loopback_secret"
_PLURAL = {"models": "model", "datasets": "dataset"}


class Request(NamedTuple):
    """What was asked, and the token that came along."""

    method: str
    path: str
    authorization: str | None


class _CutError(Exception):
    """The connection is to end here, without an answer."""


Answer = tuple[int, dict[str, str], bytes]


class HubServer(LoopbackServer):
    """``repositories``: ("dataset", "owner/name") -> what it holds. ``tokens``: token -> its role, write or read.

    ``requests``: all that was asked; ``uploads``: the sha256 of each file that was sent to the large storage, in
    order. ``cut``: given method and path, whether the connection breaks half-way through the body; ``cut_answer``:
    whether it breaks once all is done, before the answer; ``before_commit``: called before a commit is looked at.
    """

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.tokens = {TOKEN: "write"}
        self.requests: list[Request] = []
        self.uploads: list[str] = []
        self.cut: Callable[[str, str], bool] = lambda _method, _path: False
        self.cut_answer: Callable[[str, str], bool] = lambda _method, _path: False
        self.before_commit: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        super().__init__(_Handler)
        self.url = self.origin

    def heal(self) -> None:
        """No more cuts and hooks."""
        self.cut = self.cut_answer = lambda _method, _path: False
        self.before_commit = lambda: None

    def dataset(self, name: str) -> Repository:
        """A data set by its name."""
        return self.repositories["dataset", name]

    def answer(self, request: Request, body: bytes, query: dict[str, list[str]], range_: str | None) -> Answer:
        """Status, headers and body for a request."""
        if request.method == "POST" and "/commit/" in request.path:
            self.before_commit()
        with self._lock:
            self._check_token(request)
            parts = [unquote(part) for part in request.path.strip("/").split("/")]
            if parts[0] == "lfs":
                return self._put_large(self.repositories[parts[1], f"{parts[2]}/{parts[3]}"], parts[4], body)
            if parts[0] != "api":
                return self._file_or_batch(request, parts, body, range_)
            if parts[1] in _PLURAL:
                return self._repository(request, parts, body, query)
            return self._account(request, "/".join(parts[1:]), body)

    def _check_token(self, request: Request) -> None:
        sent = (request.authorization or "").removeprefix("Bearer ")
        if sent and sent not in self.tokens:
            raise Refusal(401, None, "Invalid credentials in Authorization header")
        writes = request.method != "GET" and not request.path.startswith("/lfs/")
        reading = "/paths-info/" in request.path or request.path == "/api/validate-yaml"
        if writes and not reading and self.tokens.get(sent) != "write":
            raise Refusal(403 if sent else 401, None, "This token cannot write" if sent else "Log in first")

    def _account(self, request: Request, path: str, body: bytes) -> Answer:
        if path == "whoami-v2":
            return _json({"name": "someone", "type": "user", "orgs": []})
        if request.method == "GET":
            raise Refusal(404, None, f"not an endpoint: {path}")
        asked = json.loads(body)
        if path == "validate-yaml":
            return _validated(asked["content"])
        key = asked.get("type", "model"), f"{asked.get('organization') or 'someone'}/{asked['name']}"
        if path == "repos/delete":
            del self.repositories[key]
            return _json({})
        if key in self.repositories:
            raise Refusal(409, None, "You already created this repository")
        if not key[1].startswith("someone/"):
            raise Refusal(403, None, "You have no right to create it under this name")
        self.repositories[key] = Repository(*key, private=asked.get("visibility") == "private")
        return _json({"url": f"{self.url}/{key[0]}s/{key[1]}", "name": key[1]})

    def _find(self, request: Request, kind: str, name: str) -> Repository:
        found = self.repositories.get((kind, name))
        if found is None or (found.private and not request.authorization):
            raise Refusal(404 if request.authorization else 401, "RepoNotFound", "Repository not found")
        return found

    def _repository(self, request: Request, parts: list[str], body: bytes, query: dict[str, list[str]]) -> Answer:
        found = self._find(request, _PLURAL[parts[1]], "/".join(parts[2:4]))
        what, *rest = parts[4:] or ["revision"]
        if what == "revision":
            return _json(found.described(found.at("/".join(rest) or "main")))
        if what == "tree":
            recursive = query.get("recursive", ["false"])[0].lower() == "true"
            return _json(found.at(rest[0]).tree("/".join(rest[1:]), recursive))
        if what == "paths-info":
            asked = parse_qs(body.decode())["paths"] if not body.startswith(b"{") else json.loads(body)["paths"]
            files = found.at(rest[0]).files
            return _json([files[path].info(path) for path in asked if path in files])
        if what == "refs":
            branches = [
                {"name": ref, "ref": f"refs/heads/{ref}", "targetCommit": oid} for ref, oid in found.refs.items()
            ]
            return _json({"branches": branches, "tags": [], "converts": []})
        if what == "branch":
            found.refs.setdefault(rest[0], found.at(json.loads(body).get("startingPoint", "main")).oid)
            return _json({})
        if what == "preupload":
            modes = [found.at(rest[0]).upload_mode(entry["path"], entry["size"]) for entry in json.loads(body)["files"]]
            return _json({"files": modes})
        if what == "commit":
            return self._commit(found, rest[0], body, pull_request="create_pr" in query)
        raise Refusal(404, None, f"not an endpoint: {what}")

    def _commit(self, found: Repository, ref: str, body: bytes, *, pull_request: bool) -> Answer:
        lines = [json.loads(line) for line in body.splitlines()]
        header, base = lines[0]["value"], found.at(ref)
        if header.get("parentCommit") not in (None, base.oid):
            raise Refusal(412, None, "A commit has happened since. Please refresh and try again.")
        files = dict(base.files)
        for key, value in ((line["key"], line["value"]) for line in lines[1:]):
            self._apply(found, files, key, value)
        target = ref
        if pull_request:
            target = f"refs/pr/{1 + sum(name.startswith('refs/pr/') for name in found.refs)}"
            found.refs[target] = base.oid
        made = found.commit(target, files, header["summary"], header.get("description", ""))
        url = f"{self.url}/{found.kind}s/{found.name}"
        answer = {"success": True, "commitOid": made.oid, "commitUrl": f"{url}/commit/{made.oid}"}
        if pull_request:
            answer["pullRequestUrl"] = f"{url}/discussions/{target.rpartition('/')[2]}"
        return _json(answer)

    def _apply(self, found: Repository, files: dict[str, Blob], key: str, value: dict[str, Any]) -> None:
        path = value["path"]
        if key == "file":
            files[path] = Blob(base64.b64decode(value["content"]), False)
        elif key == "lfsFile":
            if value["oid"] not in found.large:
                raise Refusal(400, None, f"the content of {path} was never uploaded")
            files[path] = Blob(found.large[value["oid"]], True)
        elif key == "deletedFile":
            if path not in files:
                raise Refusal(404, "EntryNotFound", "A file with this name doesn't exist")
            del files[path]
        else:
            raise Refusal(400, None, f"not an operation: {key}")

    def _file_or_batch(self, request: Request, parts: list[str], body: bytes, range_: str | None) -> Answer:
        kind = _PLURAL.get(parts[0], "model")
        owner, name, *rest = parts[1:] if parts[0] in _PLURAL else parts
        if rest[:1] == ["info"]:
            found = self._find(request, kind, f"{owner}/{name.removesuffix('.git')}")
            return _json({"objects": [self._batch_entry(found, entry) for entry in json.loads(body)["objects"]]})
        if rest[:1] != ["resolve"]:
            raise Refusal(404, None, "not an endpoint")
        commit, path = self._find(request, kind, f"{owner}/{name}").at(rest[1]), "/".join(rest[2:])
        if path not in commit.files:
            raise Refusal(404, "EntryNotFound", f"Entry not found: {path}")
        blob = commit.files[path]
        headers = {"ETag": f'"{blob.oid}"', "X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        if range_ is None:
            return 200, headers, blob.data
        start, _, end = range_.removeprefix("bytes=").partition("-")
        piece = blob.data[int(start) : int(end) + 1 if end else None]
        headers["Content-Range"] = f"bytes {start}-{int(start) + len(piece) - 1}/{len(blob.data)}"
        return 206, headers, piece

    def _batch_entry(self, found: Repository, entry: dict[str, Any]) -> dict[str, Any]:
        if entry["oid"] in found.large:
            return {"oid": entry["oid"], "size": entry["size"]}
        href = f"{self.url}/lfs/{found.kind}/{found.name}/{entry['oid']}"
        return {**entry, "actions": {"upload": {"href": href}}}

    def _put_large(self, found: Repository, oid: str, body: bytes) -> Answer:
        if hashlib.sha256(body).hexdigest() != oid:
            raise Refusal(400, None, "not the content that was announced")
        self.uploads.append(oid)
        found.large[oid] = body
        return 200, {}, b""


def _json(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def _validated(card: str) -> Answer:
    try:
        found = card_metadata(card)
        wrong = [] if isinstance(found, dict) else ["the metadata are no mapping"]
        wrong += ["a thumbnail is a text"] if not isinstance(found.get("thumbnail", ""), str) else []
    except yaml.YAMLError as error:
        wrong = [str(error)]
    if wrong:
        raise Refusal(400, None, wrong[0], {"errors": [{"message": text} for text in wrong], "warnings": []})
    return _json({"errors": [], "warnings": []})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: HubServer

    def _answer(self) -> None:
        url = urlsplit(self.path)
        method = "GET" if self.command == "HEAD" else self.command
        request = Request(method, url.path, self.headers.get("Authorization"))
        self.owner.requests.append(Request(self.command, self.path, request.authorization))
        try:
            body = self._body(request)
            status, headers, data = self.owner.answer(request, body, parse_qs(url.query), self.headers.get("Range"))
            if self.owner.cut_answer(method, url.path):
                raise _CutError
        except Refusal as refusal:
            status, data = refusal.status, json.dumps(refusal.body or {"error": refusal.message}).encode()
            headers = {"X-Error-Message": refusal.message, "Content-Type": "application/json"}
            headers |= {"X-Error-Code": refusal.code} if refusal.code else {}
        except _CutError:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _body(self, request: Request) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if self.owner.cut(request.method, request.path):
            self.rfile.read(length // 2)
            raise _CutError
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(length)

    def _chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return data

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
