"""Files over HTTP from a server of this machine that cuts, lies, redirects, and keeps one waiting."""

import hashlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from wsstad.commands.fetching import http
from wsstad.commands.fetching.http import Patience, UnreachableError
from wsstad.errors import UserError

CONTENT = np.random.default_rng(0).bytes(3 * 2**20 + 17)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(timeout=0.3, tries=3, pause=0.01)


class Server(ThreadingHTTPServer):
    """Serves CONTENT; `cuts` are after how many bytes of an answer the connection ends, one answer each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.cuts: list[int] = []
        self.statuses: list[int] = []
        self.ranges: list[str] = []
        self.content, self.knows_ranges, self.waits = CONTENT, True, 0.0

    def address(self, path: str = "weights.pth") -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range", ""))
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/weights.pth")
            self.end_headers()
            return
        if status := self.server.statuses.pop(0) if self.server.statuses else 0:
            self.send_error(status)
            return
        first = int(re.findall(r"\d+", self.headers.get("Range", "0") if self.server.knows_ranges else "0")[0])
        if first >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[first:]
        self.send_response(206 if first else 200)
        if first:
            self.send_header(
                "Content-Range", f"bytes {first}-{len(self.server.content) - 1}/{len(self.server.content)}"
            )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        time.sleep(self.server.waits)
        self.wfile.write(body[: self.server.cuts.pop(0)] if self.server.cuts else body)


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def fetch(server, path, address="weights.pth", sha256=SHA256, size=3 * 2**20, patience=QUICK):
    return http.fetch(server.address(address), path, sha256, size, patience)


def test_a_file_is_fetched_and_verified(server, tmp_path):
    assert fetch(server, tmp_path / "made/w.pth") == SHA256
    assert (tmp_path / "made/w.pth").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["w.pth"]


def test_first_digits_of_the_sha256_are_enough(server, tmp_path):
    assert fetch(server, tmp_path / "w", sha256=SHA256[:8]) == SHA256


def test_after_a_cut_it_goes_on_from_there(server, tmp_path):
    server.cuts = [2**20, 2**19]
    fetch(server, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT
    assert server.ranges == ["", f"bytes={2**20}-", f"bytes={2**20 + 2**19}-"]


def test_a_later_call_goes_on_where_one_was_given_up(server, tmp_path):
    server.cuts = [2**20, 0, 0, 0]
    with pytest.raises(UnreachableError, match="early in 3 tries"):
        fetch(server, tmp_path / "w")
    assert not (tmp_path / "w").exists()
    assert (tmp_path / "w.part").read_bytes() == CONTENT[: 2**20]
    fetch(server, tmp_path / "w")
    assert server.ranges[-1] == f"bytes={2**20}-"
    assert (tmp_path / "w").read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_sends_all_again(server, tmp_path):
    (tmp_path / "w.part").write_bytes(CONTENT[:1000])
    server.knows_ranges = False
    fetch(server, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"of another file", CONTENT[:-5] + b"other", CONTENT + b"more"])
def test_what_is_left_of_another_file_is_thrown_away(server, tmp_path, left):
    (tmp_path / "w.part").write_bytes(left)
    fetch(server, tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == CONTENT


def test_a_partial_file_that_is_whole_is_not_fetched_again(server, tmp_path):
    (tmp_path / "w.part").write_bytes(CONTENT)
    assert fetch(server, tmp_path / "w") == SHA256
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_wrong_digest_is_one_line_with_both_and_leaves_nothing(server, tmp_path):
    server.content = b"<html>log in first</html>"
    sent = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(UserError, match=rf"sent w with sha256 {sent}; allowed: {SHA256}: it was removed"):
        fetch(server, tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_final_answer_ends_it_at_once(server, tmp_path, status):
    server.statuses = [status]
    with pytest.raises(UnreachableError, match=f"weights.pth answered {status}"):
        fetch(server, tmp_path / "w")
    assert len(server.ranges) == 1


def test_a_passing_answer_is_tried_again(server, tmp_path):
    server.statuses = [503, 429]
    assert fetch(server, tmp_path / "w") == SHA256


def test_a_redirection_is_followed_and_keeps_the_range(server, tmp_path):
    server.cuts = [2**20]
    assert fetch(server, tmp_path / "w", "moved") == SHA256
    assert server.ranges == ["", "", f"bytes={2**20}-", f"bytes={2**20}-"]


def test_a_server_that_sends_nothing_is_given_up(server, tmp_path):
    server.waits = 1
    with pytest.raises(UnreachableError, match=r"no byte in 0.1 s in 2 tries"):
        fetch(server, tmp_path / "w", patience=Patience(timeout=0.1, tries=2, pause=0.01))


def test_a_server_that_is_slow_is_waited_for(server, tmp_path):
    server.waits = 0.2
    assert fetch(server, tmp_path / "w", patience=Patience(timeout=2, tries=1, pause=0)) == SHA256


def test_no_server_is_no_traceback(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(UnreachableError, match="refused"):
        fetch(server, tmp_path / "w")


def test_a_file_that_does_not_fit_is_not_begun(server, tmp_path):
    with pytest.raises(UserError, match=r"no space: .* MiB are free, 953674\.3 MiB are needed"):
        fetch(server, tmp_path / "w", size=10**12)
    assert server.ranges == []


def test_a_disk_that_fills_up_is_one_line(server, tmp_path):
    (tmp_path / "w.part").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"no space: .*what has come is kept"):
        fetch(server, tmp_path / "w")
    assert not (tmp_path / "w").exists()
