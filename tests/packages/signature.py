# SPDX-License-Identifier: GPL-2.0-or-later
"""The signature that scripts/sign-file appends to a module.

module | PKCS#7 | struct module_signature | marker, in that order; the struct
(include/linux/module_signature.h) ends with the length of the PKCS#7.
"""

import lzma
import struct

MARKER = b"~Module signature appended~\n"
TRAILER = ">BBBBB3xI"
PKEY_ID_PKCS7 = 2


def read_module(path):
    """The module's bytes, unpacked if need be."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def split(data):
    """(module, PKCS#7 or None)."""
    if not data.endswith(MARKER):
        return data, None
    data = data[:-len(MARKER)]
    size = struct.calcsize(TRAILER)
    _, _, kind, _, _, length = struct.unpack(TRAILER, data[-size:])
    data = data[:-size]
    if kind != PKEY_ID_PKCS7 or length >= len(data):
        return data, None
    return data[:-length], data[-length:]


def verify_command(module, signature, certificate):
    """A command line that succeeds if @certificate's key signed @module.

    The signature names its key, but has no certificate in it.
    """
    return ("openssl", "cms", "-verify", "-binary", "-inform", "DER",
            "-in", str(signature), "-content", str(module),
            "-certfile", str(certificate), "-nointern", "-noverify",
            "-out", "/dev/null")
