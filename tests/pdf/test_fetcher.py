"""A report reads ``data:`` and the project's static files, and nothing else."""

import base64
import http.server
import threading
import zlib

import pytest

from kam.pdf import engine, render_report
from kam.pdf.engine import ForbiddenAddress, StaticAddress, make_fetcher

BASE = "https://kam.example.com/"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="#123456"/></svg>'


@pytest.fixture
def root(tmp_path):
    static = tmp_path / "static"
    (static / "css").mkdir(parents=True)
    (static / "css" / "ok.css").write_text("p { color: #010203 }")
    (static / "secret.py").write_text("SECRET_KEY = 'x'")
    (tmp_path / "outside.css").write_text("p { color: red }")
    (static / "escape.css").symlink_to(tmp_path / "outside.css")
    (static / "dir").symlink_to(tmp_path)
    (static / "inside.css").symlink_to(static / "css" / "ok.css")
    return static


@pytest.fixture
def address(root):
    return StaticAddress(BASE, "/static/", (str(root),))


@pytest.mark.parametrize(
    "name", ["css/ok.css", "inside.css", "css/ok.css?v=1", "css/ok.css#x", "css/%6fk.css"]
)
def test_static_files_are_answered(address, name):
    with_type = make_fetcher(address).fetch(f"{BASE}static/{name}")
    assert with_type.content_type == "text/css"
    assert b"#010203" in with_type.read()


def test_data_addresses_are_answered(address):
    text = base64.b64encode(SVG).decode()
    assert make_fetcher(address).fetch(f"data:image/svg+xml;base64,{text}").read() == SVG


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "file://localhost/etc/passwd",
        "http://127.0.0.1:1/x.css",
        "http://kam.example.com/static/css/ok.css",
        "https://kam.example.com:444/static/css/ok.css",
        "https://user@kam.example.com/static/css/ok.css",
        "https://evil.example.org/static/css/ok.css",
        "https://kam.example.com.evil.example.org/static/css/ok.css",
        "ftp://kam.example.com/static/css/ok.css",
        "https://kam.example.com/media/logo.png",
        "https://kam.example.com/staticx/css/ok.css",
        "https://kam.example.com/static/../outside.css",
        "https://kam.example.com/static/%2e%2e/outside.css",
        "https://kam.example.com/static/css/%2e%2e/%2e%2e/outside.css",
        "https://kam.example.com/static/..%2foutside.css",
        "https://kam.example.com/static/..%5coutside.css",
        "https://kam.example.com/static//etc/passwd",
        "https://kam.example.com/static/%2fetc/passwd.css",
        "https://kam.example.com/static/css/ok.css%00.css",
        "https://kam.example.com/static/escape.css",
        "https://kam.example.com/static/dir/outside.css",
        "https://kam.example.com/static/secret.py",
        "https://kam.example.com/static/css",
        "https://kam.example.com/static/",
        "https://kam.example.com/static/missing.css",
        "/etc/passwd",
        "",
        "https://[bad/static/css/ok.css",
    ],
)
def test_everything_else_is_refused_and_logged(address, url, caplog):
    with pytest.raises(ForbiddenAddress):
        make_fetcher(address).fetch(url)
    assert "forbidden address" in caplog.text


@pytest.fixture
def loopback():
    """A server on this machine that counts who asks, and redirects."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


HOLES = """
<img src="{x}/img.png" alt="x"><object data="{x}/o.svg"></object><embed src="{x}/e.svg">
<link rel="stylesheet" href="{x}/l.css"><link rel="attachment" href="{x}/a.txt">
<style>@import url("{x}/i.css"); @font-face {{ font-family: F; src: url("{x}/f.woff2") }}
p {{ background: url("{x}/bg.png"); font-family: F; content: url("{x}/c.png"); cursor: url("{x}/cur.png") }}
li {{ list-style-image: url("{x}/li.png") }} div {{ border-image: url("{x}/b.png") 1 }}</style>
<p>text</p><ul><li>x</li></ul><div>y</div>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{x}/s.png" width="9" height="9"/>
<use href="{x}/u.svg#a"/><style>@import url("{x}/s.css");</style></svg>
<a rel="attachment" href="{x}/at.txt">z</a>
"""


@pytest.mark.parametrize("limited", [False, True])
def test_no_hole_in_the_html_reaches_a_server(loopback, limited, caplog):
    base, asked = loopback
    report = render_report(
        "sample.html",
        {"extra": HOLES.format(x=base)},
        title="Holes",
        language="en",
        limited=limited,
    )
    assert report.pdf.startswith(b"%PDF")
    assert asked == []
    assert "forbidden address" in caplog.text


def streams(pdf):
    """The PDF with its compressed streams opened."""
    out = [pdf]
    for part in pdf.split(b"stream\n")[1:]:
        try:
            out.append(zlib.decompressobj().decompress(part))
        except zlib.error:
            continue
    return b"".join(out)


@pytest.mark.parametrize("where", ["file:///{}", "../../../../../../..{}", "{}"])
def test_no_file_of_the_machine_gets_into_the_pdf(tmp_path, where):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP-SECRET-LINE")
    report = render_report(
        "sample.html", {"extra": HOLES.replace("{x}/at.txt", where.format(secret)).replace("{x}/a.txt", where.format(secret)).format(x="file:///etc")},
        title="Files", language="en",
    )  # fmt: skip
    assert b"TOP-SECRET-LINE" not in streams(report.pdf)
    assert b"root:" not in streams(report.pdf)


def test_the_reports_own_style_sheet_is_read(caplog):
    report = render_report("sample.html", {}, title="Style", language="en")
    assert "forbidden" not in caplog.text
    assert report.pages >= 4


def test_an_engine_without_the_rule_would_fetch(loopback):
    """The holes are real: WeasyPrint's own fetcher does ask the server."""
    import weasyprint

    base, asked = loopback
    weasyprint.HTML(string=HOLES.format(x=base), base_url=BASE).write_pdf()
    assert len(asked) > 5


def test_a_job_survives_json():
    job = engine.Job("<p>å", "/static/", ("/a", "/b"), "https://x/")
    assert engine.Job.from_json(job.to_json()) == job
