"""The header block is split as line by line, and its quick checks say what their patterns say."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence.headers import Field, HeaderBlock, find_end, is_domain, unfold
from gateway.evidence.signature import is_host
from gateway.evidence.tags import MalformedTags, parse_tags

QUICK = settings(max_examples=300, deadline=None)
SNIPPETS = [
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"From: a",
    b"from:",
    b"X-A : b",
    b"a",
    b":",
    b"\xff",
    b"no field",
    b"\n b",
    b"\r\n\tc",
]
BLOCKS = st.lists(st.sampled_from(SNIPPETS), max_size=25).map(b"".join)
LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"


def read_line_by_line(content: bytes) -> tuple[list[Field], int]:
    """Split a header block as a person would: one line after the other."""
    block = content[: find_end(content)[0]]
    raws: list[list[bytes]] = []
    for line in block.split(b"\n"):
        text = line.removesuffix(b"\r")
        if raws and text[:1] in (b" ", b"\t"):
            raws[-1].append(text)
        else:
            raws.append([text])
    fields = []
    for lines in raws:
        if lines != [b""]:
            match = re.match(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:", lines[0])
            fields.append(Field(match[1].lower() if match else b"", b"\r\n".join(lines) + b"\r\n"))
    if block.count(b"\r") != block.count(b"\r\n"):
        return fields, len(re.findall(rb"(?i)(?:^|[\r\n])from[ \t]*:", block))
    return fields, sum(one.name == b"from" for one in fields)


@QUICK
@given(BLOCKS)
def test_a_block_is_split_as_line_by_line(content: bytes) -> None:
    block = HeaderBlock.read(content)
    fields, from_lines = read_line_by_line(content)
    assert (list(block.fields), block.from_lines) == (fields, from_lines)
    for name in {one.name for one in fields} | {b"subject"}:
        assert block.all(name.decode()) == tuple(one for one in fields if one.name == name)


@QUICK
@given(BLOCKS)
def test_a_value_is_unfolded_as_its_line_ends_say(value: bytes) -> None:
    assert unfold(value) == re.sub(rb"\r?\n", b"", value)


@QUICK
@given(
    st.text(alphabet="aZ9_-. \n\u00e4@", max_size=70)
    | st.integers(60, 66).map(lambda n: "a" * n + ".b")
    | st.just("a." * 126 + "ab")
)
def test_only_names_of_good_labels_are_hosts(text: str) -> None:
    assert is_host(text) == (re.fullmatch(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*", text) is not None)
    if is_domain(text):
        assert text.isascii()
        assert "." in text
        assert is_domain(text + ".example")


@QUICK
@given(st.binary(max_size=4) | st.from_regex(rb"[a-z_0-9]{0,4}\Z"))
def test_a_tag_has_the_name_that_the_rfc_allows(name: bytes) -> None:
    try:
        tags = parse_tags(name + b"=x")
    except MalformedTags:
        tags = {}
    good = re.fullmatch(rb"[A-Za-z][A-Za-z0-9_]*", name.strip(b" \t\r\n"))
    assert (good is not None) == (tags == {name.strip(b" \t\r\n"): b"x"})
