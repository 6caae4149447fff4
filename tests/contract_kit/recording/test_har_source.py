"""HAR files whose bodies are in files beside them, and archives, as Playwright writes them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from contract_tests.recording import har_source
from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit.exchanges import CONTRACT, example
from tests.contract_kit.program import kit
from tests.contract_kit.recorded import URL, Browser

API = "/api/v1/billing"
ANY = Settings(url="", spec=packaged_spec())


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Return a recording of a wrong response and a wrong request."""
    found = Browser(tmp_path / "browser.har")
    found.gets("get_balance", {**example("get_balance"), "tier": 5})
    found.gets("update_usage_alerts")
    return found


def detached(browser: Browser, folder: Path) -> dict[str, Any]:
    """Move all bodies of a recording into files, and return it as Playwright writes it."""
    for entry in browser.entries:
        content, post = entry["response"]["content"], entry["request"].get("postData")
        for body in (content, post):
            if body and body.get("text"):
                data = body.pop("text").encode()
                name = f"{hashlib.sha1(data).hexdigest()}.json"
                (folder / name).write_bytes(data)
                body["_file"] = name
        if post:
            post["text"] = ""
            entry["request"]["bodySize"] = 81
    return {
        "log": {"version": "1.2", "creator": {"name": "Playwright"}, "entries": browser.entries}
    }


def zipped(folder: Path, path: Path, har: Any) -> Path:
    """Write an archive with a HAR file and the files of a folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("har.har", json.dumps(har))
        for file in folder.glob("*.json"):
            archive.write(file, file.name)
    return path


def types(path: Path) -> list[tuple[str, str, str]]:
    """Return the findings about types in a recording."""
    return [
        (finding.operation, finding.where, finding.keyword)
        for finding in replay(path, CONTRACT, ANY).findings
        if finding.keyword == "type"
    ]


WRONG = [("get_balance", "/response/200/body/tier", "type")]


def test_bodies_in_files_are_judged(browser: Browser, tmp_path: Path) -> None:
    """A body that an entry names is read from the folder of the HAR file, or from the archive."""
    har = detached(browser, tmp_path)
    (tmp_path / "attach.har").write_text(json.dumps(har))
    archive = zipped(tmp_path, tmp_path / "run.har.zip", har)
    for path in (tmp_path / "attach.har", archive):
        result = replay(path, CONTRACT, ANY)
        assert types(path) == WRONG
        assert result.exchanges == 2
        assert all("not kept" not in skipped.why for skipped in result.skipped)
        seen = result.coverage.operations["update_usage_alerts"]
        assert seen.valid, "the request body was judged, too"
        assert "replayed from" in result.source


@pytest.mark.parametrize(
    "name",
    [
        "../outside.json",
        "/etc/hostname",
        "..",
        ".",
        "",
        "sub/inside.json",
        "..\\outside.json",
        "C:outside.json",
        "link.json",
        "folder.json",
        "pipe.json",
        "missing.json",
        "a\0.json",
        "n" * 5_000,
        5,
        None,
        ["outside.json"],
    ],
)
def test_nothing_outside_of_the_folder_is_read(
    browser: Browser, tmp_path: Path, name: object
) -> None:
    """A name that leads elsewhere, or to no ordinary file, is a body that was not kept."""
    folder = tmp_path / "har"
    (folder / "sub").mkdir(parents=True)
    wrong = json.dumps({**example("get_balance"), "tier": 5})
    for outside in (tmp_path / "outside.json", folder / "sub" / "inside.json"):
        outside.write_text(wrong)
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    content = browser.entries[0]["response"]["content"]
    del content["text"]
    content["_file"] = name
    har = {"log": {"entries": browser.entries}}
    (folder / "a.har").write_text(json.dumps(har))
    archive = folder / "a.har.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("har.har", json.dumps(har))
    for path in (folder / "a.har", archive):
        result = replay(path, CONTRACT, ANY)
        assert any("not kept" in skipped.why for skipped in result.skipped)
        assert types(path) == []


def test_a_body_that_is_too_large_is_not_judged(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is a decompression bomb, nor what exceeds the sum for all bodies."""
    har = detached(browser, tmp_path)
    bomb = tmp_path / har["log"]["entries"][0]["response"]["content"]["_file"]
    bomb.write_bytes(b" " * (har_source.MAX_ATTACHED + 1))
    (tmp_path / "a.har").write_text(json.dumps(har))
    archive = zipped(tmp_path, tmp_path / "a.har.zip", har)
    assert archive.stat().st_size < 100_000
    for path in (tmp_path / "a.har", archive):
        assert any("not kept" in one.why for one in replay(path, CONTRACT, ANY).skipped)
    bomb.write_bytes(b"{}")
    monkeypatch.setattr(har_source, "MAX_ATTACHED_IN_ALL", 1)
    skipped = replay(tmp_path / "a.har", CONTRACT, ANY).skipped
    assert [one.what for one in skipped if "not kept" in one.why] == ["2 exchanges"]


def test_an_archive_that_lies_about_a_size_is_read_no_further(
    browser: Browser, tmp_path: Path
) -> None:
    """The size in the directory of an archive bounds what is decompressed."""
    har = detached(browser, tmp_path)
    name = har["log"]["entries"][0]["response"]["content"]["_file"]
    (tmp_path / name).write_bytes(b" " * (har_source.MAX_ATTACHED + 1))
    archive = zipped(tmp_path, tmp_path / "a.har.zip", har)
    size = (har_source.MAX_ATTACHED + 1).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(size, (10).to_bytes(4, "little")))
    assert any("not kept" in one.why for one in replay(archive, CONTRACT, ANY).skipped)


def broken_archives(folder: Path) -> dict[str, bytes]:
    """Return archives that cannot be used, by what is wrong with them."""

    def archive(*names: str, text: str = '{"log": {"entries": []}}') -> bytes:
        path = folder / "made.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name in names:
                file.writestr(name, text)
        return path.read_bytes()

    whole = archive("har.har", text='{"log": {"entries": [' + "1, " * 500 + "1]}}")
    with zipfile.ZipFile(folder / "made.zip") as made:
        crc = made.infolist()[0].CRC.to_bytes(4, "little")
    flagged = bytearray(whole)
    for sign, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        flagged[whole.index(sign) + offset] |= 1
    return {
        "has 0 HAR files": archive("a.json", "sub/a.har", "../b.har"),
        "has 2 HAR files": archive("a.har", "b.har"),
        "is no readable zip archive (File is not a zip": whole[:60],
        "is no readable zip archive (Bad CRC-32": whole.replace(crc, bytes(4)),
        "is encrypted": bytes(flagged),
    }


@pytest.mark.parametrize("index", range(5))
def test_an_archive_that_cannot_be_used_is_refused_in_one_line(index: int, tmp_path: Path) -> None:
    """The line names the file and the reason."""
    message, data = list(broken_archives(tmp_path).items())[index]
    path = tmp_path / "a.har.zip"
    path.write_bytes(data)
    outcome = kit("replay", path)
    assert (outcome.code, message in outcome.error_line) == (2, True), outcome.error_line


def test_an_archive_whose_har_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decompression bomb costs no time."""
    monkeypatch.setattr(har_source, "MAX_HAR_IN_ARCHIVE", 100)
    path = zipped(tmp_path, tmp_path / "a.har.zip", {"log": {"entries": [], "a": " " * 100}})
    outcome = kit("replay", path)
    assert (outcome.code, "unpack it to replay it" in outcome.error_line) == (2, True)


def test_a_host_with_its_usual_port_is_the_same_deployment(browser: Browser) -> None:
    """One client writes the port into the URL, and another one does not."""
    browser.gets("get_balance", base=f"{URL}:443")
    browser.gets("get_balance", base=URL.upper().replace("HTTPS", "https"))
    result = browser.judged()
    assert (result.settings.url, result.exchanges) == (URL, 4)
