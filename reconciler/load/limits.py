"""How large a file may be. Declarations stay far below; what does not is a mistake or an attack."""

from __future__ import annotations

DOCUMENT_BYTES = 1024 * 1024
"""Bytes of one file."""

NESTING_DEPTH = 40
"""Mappings and sequences inside each other."""

PIECES = 100_000
"""Keys, values, and beginnings and ends of blocks in one file; a record of ten thousand files has fewer."""

ALIASES = 50
"""Uses of an anchor in one file."""

ALIASED_VALUES = 10_000
"""Values that all aliases of a file stand for together: fifty, nested, could stand for billions."""

INTEGER_DIGITS = 18
"""Digits of an integer; more do not fit into the 64 bits that other readers have."""

FINDINGS = 100
"""Findings after which a file is read no further: it is not what it claims to be."""

ENTRIES = 100_000
"""Files and folders of a work tree; as many as are read of a commit."""

TREE_BYTES = 128 * 1024 * 1024
"""Bytes of all files of a work tree together; as many as are read of a commit."""
