"""Many PDFs become one: pages, numbers, outline, links, tags."""

import subprocess

from pypdf import PdfReader

from kam.pdf import CHAPTER_LINK, Chapter, engine, join


def pdf(file, body, css="", title="x"):
    html = (
        f'<html lang="nb"><head><title>{title}</title><style>h1{{bookmark-level:1}}'
        "h2{bookmark-level:2}@page{@bottom-right{content:counter(page)}}"
        f"{css}</style></head><body><main>{body}</main></body></html>"
    )
    made = engine.render(engine.Job(html=html, static_url="/static/", static_roots=()))
    file.write_bytes(made.pdf)
    return made.pages


def book(tmp_path):
    chapters, start = [], 1
    for index in range(3):
        file = tmp_path / f"{index}.pdf"
        more = '<p style="break-before:page">x</p>' * index
        body = f'<h1>Account {index}</h1><a href="#b">down</a><h2>One</h2>{more}<h2 id="b">Two</h2>'
        first = f"@page :first {{ counter-reset: page {start} }}"
        start += pdf(file, body, first)
        chapters.append(Chapter(file, f"Account {index} å"))
    links = "".join(f'<a href="{CHAPTER_LINK}{n}">{n}</a> ' for n in range(3))
    pdf(tmp_path / "front.pdf", f"<h1>Book</h1>{links}", title="The book")
    target = tmp_path / "book.pdf"
    assert join(tmp_path / "front.pdf", chapters, target) == 7
    return target


def flat(items):
    for item in items:
        yield from flat(item) if isinstance(item, list) else [item]


def test_pages_numbers_and_outline(tmp_path):
    reader = PdfReader(book(tmp_path))
    assert reader.page_labels == ["i", "1", "2", "3", "4", "5", "6"]
    assert [page.extract_text().split()[-1] for page in reader.pages[1:]] == list("123456")
    assert [(item.title, reader.get_destination_page_number(item)) for item in flat(reader.outline)] == [
        ("Account 0 å", 1), ("One", 1), ("Two", 1),
        ("Account 1 å", 2), ("One", 2), ("Two", 3),
        ("Account 2 å", 4), ("One", 4), ("Two", 6),
    ]  # fmt: skip
    assert reader.metadata.title == "The book"
    assert reader.trailer["/Root"]["/Lang"] == "nb"


def test_links_lead_to_their_own_chapter(tmp_path):
    reader = PdfReader(book(tmp_path))
    places = {page.indirect_reference.idnum: n for n, page in enumerate(reader.pages)}

    def targets(page):
        return [places[a.get_object()["/Dest"][0].idnum] for a in page["/Annots"]]

    assert targets(reader.pages[0]) == [1, 2, 4]
    assert [targets(reader.pages[n]) for n in (1, 2, 4)] == [[1], [3], [6]]


def test_the_book_is_tagged_as_its_parts_were(tmp_path):
    reader = PdfReader(book(tmp_path))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    tree = root["/StructTreeRoot"]
    document = tree["/K"][0].get_object()
    assert [part.get_object()["/S"] for part in document["/K"]] == ["/Part"] * 4
    keys = [key for kid in tree["/ParentTree"]["/Kids"] for key in kid["/Nums"][::2]]
    assert keys == sorted(set(keys))
    assert {page["/StructParents"] for page in reader.pages} <= set(keys)
    # Another reader sees the same tree.
    told = subprocess.run(
        ["pdfinfo", "-struct-text", str(book(tmp_path))], capture_output=True, text=True, check=True
    )
    assert told.stdout.count("H1") == 4
    assert "Syntax" not in told.stderr
