"""Plain XMP: what a picture library reads when it knows no C2PA, and what some laws ask for in so many words.

It is written before signing, so the signature covers it. The prompt is withheld unless the claim publishes it. Reading
is for any file, hostile ones too: a document type is refused, and what does not parse counts as not there.

Sources: IPTC Photo Metadata Standard 2025.1; GB 45438-2025 annex (`TC260:AIGC`); XMP, ISO 16684-1 for the packet.
"""

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PREFIX = "Iptc4xmpExt"
NAMESPACES = MappingProxyType(
    {
        PREFIX: EXTENSION,
        "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
    }
)
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_LONGEST = 2**20

ET.register_namespace("x", _META)
ET.register_namespace("rdf", _RDF)
for _prefix, _uri in NAMESPACES.items():
    ET.register_namespace(_prefix, _uri)


def packet(fields: Mapping[str, str]) -> bytes:
    """An XMP packet in UTF-8 from names with one of the prefixes of `NAMESPACES`, such as `dc:identifier`."""
    meta = ET.Element(f"{{{_META}}}xmpmeta")
    description = ET.SubElement(
        ET.SubElement(meta, f"{{{_RDF}}}RDF"), f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""}
    )
    for field, value in fields.items():
        prefix, _, name = field.partition(":")
        ET.SubElement(description, f"{{{NAMESPACES[prefix]}}}{name}").text = value
    body: bytes = ET.tostring(meta, encoding="utf-8")
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n' + body + b'\n<?xpacket end="r"?>'


def read(data: bytes) -> dict[str, str]:
    """The fields of a packet that are in `NAMESPACES`, by prefixed name; of a list the first item. {} for no packet."""
    if not data or len(data) > _LONGEST or b"<!DOCTYPE" in data:
        return {}
    try:
        root = ET.fromstring(data.strip(b"\x00 \r\n\t"))  # noqa: S314  # bounded, without a document type
    except (ET.ParseError, ValueError):
        return {}
    found: dict[str, str] = {}
    for description in root.iter(f"{{{_RDF}}}Description"):
        for name, value in description.attrib.items():
            _keep(found, name, value)
        for element in description:
            item = element.find(f".//{{{_RDF}}}li")
            _keep(found, element.tag, (element if item is None else item).text or "")
    return found


def _keep(found: dict[str, str], name: str, value: str) -> None:
    uri, _, local = name.removeprefix("{").partition("}")
    if uri in _PREFIXES and value.strip():
        found.setdefault(f"{_PREFIXES[uri]}:{local}", value.strip())
