#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is built for one directory and installed in another knows of it."""
import os
import subprocess
import tempfile
from pathlib import Path

from tap import ok, tap_done

USERSPACE = Path(os.environ["TOP"]) / "userspace"


# Not what the make that runs this test was told.
env = {k: v for k, v in os.environ.items()
       if not k.startswith(("MAKE", "MFLAGS")) and k not in ("O", "PREFIX")}

with tempfile.TemporaryDirectory(prefix="test_makefile-") as build:
    main = Path(build) / "daemon/main.o"

    def make(*words):
        """Build what has the directory in it: where that names the rules."""
        subprocess.run(["make", "-s", "-C", USERSPACE, f"O={build}", *words, main],
                       check=True, env=env, timeout=300)
        data = main.read_bytes()
        return [p for p in ("/usr/local/share", "/usr/share", "/opt/share")
                if f"{p}/memtel/rules.yaml".encode() in data]

    ok(make() == ["/usr/local/share"], "the daemon looks where PREFIX says")
    made = main.stat().st_mtime_ns
    ok(make() == ["/usr/local/share"] and main.stat().st_mtime_ns == made,
       "it is not made again for the same")
    ok(make("PREFIX=/usr") == ["/usr/share"], "but it is for another PREFIX")
    ok(make("PREFIX=/usr", "DATADIR=/opt/share") == ["/opt/share"],
       "or DATADIR")

tap_done()
