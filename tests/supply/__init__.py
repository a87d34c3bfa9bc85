"""What the product is built from: exact pins, their licences, a bill of materials, and known holes.

`check` asks nobody and is part of `make lint`; `sbom` writes CycloneDX; `audit` asks a service for known holes, and
says plainly when there is none to ask.
"""
