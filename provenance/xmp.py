"""Plain XMP with IPTC's fields for generated pictures: what a picture library reads when it knows no C2PA.

It is written before signing, so the signature covers it. The prompt is withheld unless the claim publishes it.

Source: IPTC Photo Metadata Standard 2025.1; XMP, ISO 16684-1 for the packet.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
PREFIX = "Iptc4xmpExt"

ET.register_namespace("x", _META)
ET.register_namespace("rdf", _RDF)
ET.register_namespace(PREFIX, EXTENSION)


def packet(fields: Mapping[str, str]) -> bytes:
    """An XMP packet in UTF-8 from names without prefix in IPTC's extension namespace, such as `AISystemUsed`."""
    meta = ET.Element(f"{{{_META}}}xmpmeta")
    description = ET.SubElement(
        ET.SubElement(meta, f"{{{_RDF}}}RDF"), f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""}
    )
    for name, value in fields.items():
        ET.SubElement(description, f"{{{EXTENSION}}}{name}").text = value
    body: bytes = ET.tostring(meta, encoding="utf-8")
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n' + body + b'\n<?xpacket end="r"?>'
