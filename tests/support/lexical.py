"""The same XML in other words, and damaged XML: bytes in, bytes out, by a seeded chance.

Where `tests.support.mutations` changes what a document says, this changes how it is written: white space, quotes,
prefixes, references, comments, sections, encodings, attributes that matter and those that do not.
"""

import random
import re
from collections.abc import Callable
from typing import Final

_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w.-]*)([^<>]*?)(/?)>")
_LEAF: Final = re.compile(r">([^<>]+)</")
_ODD_TEXT: Final = (
    *("&amp;", "&lt;&gt;", "&quot;", "&apos;", ">", "]]>"[:1], "&#65;", "&#xe9;", "&#13;", "&#10;", "\t", "\n", "\r\n", "\r"),
    *("é", "\u00a0", "\u2003", "\ufeff", "\U0001f600", "\x7f", "\x85", "e\u0301", "<!-- c -->", "<![CDATA[<x>&]]>"),
    *("<?pi here?>", "<surprise/>", "<iia/>", "_", "=", "true", " "),
)  # fmt: skip
_ATTRIBUTES: Final = (
    *('xml:lang="sv"', "xml:lang='en'", 'xml:lang="é"', 'xml:lang="a&amp;b"', 'not-yet-defined="true"', 'v6-value="06"'),
    *('terminated-as-a-whole="true"', 'terminated-as-a-whole="1"', 'terminated-as-a-whole="false"', 'id="x"'),
    *('terminated-as-a-whole=" true "', 'terminated-as-a-whole="yes"', 'xml:id="y"', 'xmlns=""', 'xmlns="urn:other"'),
    *('xmlns:z="urn:z"', "xmlns:z='urn:z'", 'xmlns:z="urn:&amp;"', 'xmlns:z="urn:z" z:v6-value="1"', 'xml:lang="a" xmlns:y="urn:y"'),
    *('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',),
    *('xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="z"',),
)  # fmt: skip
_SPACES: Final = (" ", "  ", "\n", "\t", "\n    ")
_BYTES: Final = b"<>&;\"'/=: \t\n\r!?-[]#xaiXpt0\x00\xc3\xa9\xff_"

Change = Callable[[random.Random, str], str]


def rewritten(document: bytes, chance: random.Random, *, changes: int = 3) -> bytes:
    """Write a UTF-8 document otherwise; it may come to mean something else, and may stop being XML."""
    text = document.decode()
    for change in chance.choices(_CHANGES, k=chance.randint(1, changes)):
        text = change(chance, text)
    return _encoded(chance, text)


def damaged(document: bytes, chance: random.Random) -> bytes:
    """Take out, put in, exchange or double a few bytes."""
    data = bytearray(document)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data)), chance.choice((1, 1, 2, 5, 40))
        what = chance.randrange(4)
        if what == 0:
            del data[at : at + length]
        elif what == 1:
            data[at:at] = bytes(chance.choices(_BYTES, k=length))
        elif what == 2:
            data[at : at + length] = bytes(chance.choices(_BYTES, k=length))
        else:
            data[at:at] = data[at : at + 20 * length]
    return bytes(data) or b"<"


def _somewhere(chance: random.Random, text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found) if found else None


def _put(text: str, match: re.Match[str] | None, what: Callable[[re.Match[str]], str]) -> str:
    return text if match is None else text[: match.start()] + what(match) + text[match.end() :]


def _prefixed(chance: random.Random, text: str) -> str:
    """Give every element of the default name space a prefix."""
    prefix = chance.choice(("i", "iias", "ns2", "xs-1"))
    if 'xmlns="' not in text:
        return text
    return _TAG.sub(rf"<\1{prefix}:\2\3\4>", text).replace("xmlns=", f"xmlns:{prefix}=")


def _blanks_in_tags(chance: random.Random, text: str) -> str:
    share = chance.choice((0.02, 0.5))

    def spaced(match: re.Match[str]) -> str:
        if chance.random() > share:
            return match[0]
        gap = chance.choice(_SPACES)
        return f"<{match[1]}{match[2]}{match[3].replace('=', gap + '=' + gap)}{gap}{match[4]}>"

    return _TAG.sub(spaced, text)


def _other_quotes(chance: random.Random, text: str) -> str:
    return re.sub(r'="([^"<>]*)"', lambda m: f"='{m[1]}'" if chance.random() < 0.5 else m[0], text)


def _layout(chance: random.Random, text: str) -> str:
    one_line = re.sub(r">\s+<", "><", text)
    return one_line if chance.random() < 0.5 else one_line.replace("><", ">" + chance.choice(_SPACES) + "<")


def _empty_as_pair(chance: random.Random, text: str) -> str:
    return re.sub(r"<([\w:.-]+)([^<>]*?)/>", r"<\1\2></\1>", text)


def _other_text(chance: random.Random, text: str) -> str:
    odd = chance.choice(_ODD_TEXT)
    return _put(text, _somewhere(chance, text, _LEAF), lambda m: f">{m[1][:2]}{odd}{m[1][2:]}</")


def _no_text(chance: random.Random, text: str) -> str:
    return _put(text, _somewhere(chance, text, _LEAF), lambda _: "></")


def _something_between(chance: random.Random, text: str) -> str:
    return _put(
        text, _somewhere(chance, text, re.compile(r">\s*<")), lambda _: f">{chance.choice(_ODD_TEXT)}<"
    )


def _attribute(chance: random.Random, text: str) -> str:
    where = _somewhere(chance, text, re.compile(r"<([\w:.-]+)([^<>]*?)(/?)>"))
    return _put(text, where, lambda m: f"<{m[1]}{m[2]} {chance.choice(_ATTRIBUTES)}{m[3]}>")


def _another_element(chance: random.Random, text: str) -> str:
    """Double one element, take it out, or rename it."""
    found = _somewhere(chance, text, re.compile(r"<([\w:.-]+)[^<>]*>(?:(?!</?\1[\s/>]).)*</\1>", re.DOTALL))
    if found is None:
        return text
    what = chance.randrange(3)
    named = chance.choice(("iia", "partner", "cooperation-conditions", "x:y", "iia-id", "blended"))
    changed = (
        found[0] * 2,
        "",
        found[0].replace(f"<{found[1]}", f"<{named}").replace(f"</{found[1]}", f"</{named}"),
    )
    return _put(text, found, lambda _: changed[what])


def _another_agreement(chance: random.Random, text: str) -> str:
    found = _somewhere(chance, text, re.compile(r"<(?:\w+:)?iia\b[^-<>]*>.*?</(?:\w+:)?iia\s*>", re.DOTALL))
    return _put(text, found, lambda m: m[0] + chance.choice(("", "\n  ", "<!-- next -->")) + m[0])


_CHANGES: Final[tuple[Change, ...]] = (
    *(_prefixed, _blanks_in_tags, _other_quotes, _layout, _empty_as_pair, _other_text, _other_text, _no_text),
    *(_something_between, _attribute, _attribute, _another_element, _another_agreement),
)  # fmt: skip


def _encoded(chance: random.Random, text: str) -> bytes:
    """Nearly always UTF-8; sometimes another encoding, declared or not, or another prolog."""
    body = re.sub(r"\A\ufeff?\s*<\?xml.*?\?>\s*", "", text)
    declared = chance.choice(
        (*("",) * 4, *('<?xml version="1.0" encoding="UTF-8"?>\n',) * 6, "<?xml version='1.0' encoding='utf-8' standalone='yes'?>")
    )  # fmt: skip
    if chance.random() < 0.9:
        return (declared + body).encode("utf-8")
    code, name = chance.choice(
        (("utf-16", "UTF-16"), ("iso-8859-1", "ISO-8859-1"), ("utf-8-sig", "UTF-8"), ("utf-8", "US-ASCII"))
    )
    version = chance.choice(("1.0", "1.0", "1.1"))
    return f'<?xml version="{version}" encoding="{name}"?>{body}'.encode(code, "xmlcharrefreplace")
