"""The auditor's offline pack: everything a stranger needs to check a set of pictures without this product.

`write_pack` makes it, `verify_pack.py` inside it checks it with Python and `cryptography` alone.
"""

from provenance.pack.write import write_pack

__all__ = ["write_pack"]
