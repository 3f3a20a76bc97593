#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The check of the arrows between rooms finds what is planted."""
import os
import sys

from tap import ok, tap_done

sys.path.append(os.environ["TOP"] + "/tests")
# pylint: disable=import-error,wrong-import-position
from arrows import KMOD, USERSPACE, of_kmod, of_userspace  # noqa: E402

MODULE = {
    "main.c": '#include "family/netlink.h"\n#include "core/source.h"\n',
    "family/netlink.h": "",
    "family/get_cache.c": '#include "netlink.h"\n#include "slab/slab.h"\n',
    "trigger/metric.h": "",
    "slab/slab.h": '#include "../core/source.h"\n#include <linux/slab.h>\n',
    "reclaim/span.h": "",
    "core/source.h": '#include "kernel/probe.h"\n#include "lib/hist.h"\n',
    "kernel/probe.h": '# include "lib/hist.h"\n',
    "lib/hist.h": "#include <linux/types.h>\n",
    "compat/linux/mm.h": "#if LINUX_VERSION_CODE < 1\n#endif\n",
}
PROGRAMS = {
    "lib/include/memtel/memtel.h": "",
    "lib/internal.h": "#include <memtel/memtel.h>\n",
    "common/field.h": "#include <memtel/memtel.h>\n",
    "cli/main.c": '#include "field.h"\n',
    "daemon/main.c": '#include "field.h"\n',
}
SYMBOLS = """\
lib/socket.o: memtel_open T 0 0
lib/socket.o: socket_static t 0 0
lib/socket.o: malloc U
common/field.o: field_read T 0 0
common/field.o: memtel_open U
cli/main.o: main T 0 0
cli/main.o: field_read U
daemon/main.o: main T 0 0
daemon/main.o: memtel_open U
"""


def planted(name, text):
    """What is found when the module's file has a line more."""
    return of_kmod({**MODULE, name: MODULE.get(name, "") + text})


def planted_code(name, text):
    """The same of a file of userspace."""
    return of_userspace({**PROGRAMS, name: PROGRAMS.get(name, "") + text},
                        SYMBOLS)


def planted_symbols(text):
    """The same of objects of userspace."""
    return of_userspace(PROGRAMS, SYMBOLS + text)


def is_found(found, *words):
    """One line is found, which has these words."""
    return len(found) == 1 and all(word in found[0] for word in words)


ok(of_kmod(MODULE) == [], "a module in order", of_kmod(MODULE))
for room, others in (
        ("lib", ("kernel", "core", "slab", "reclaim", "page", "trigger",
                 "family")),
        ("kernel", ("core", "slab", "reclaim", "page", "trigger", "family")),
        ("core", ("slab", "reclaim", "page", "trigger", "family")),
        ("slab", ("reclaim", "page", "trigger", "family")),
        ("reclaim", ("slab", "page", "trigger", "family")),
        ("page", ("slab", "reclaim", "trigger", "family")),
        ("trigger", ("slab", "reclaim", "page", "kernel", "family")),
        ("family", ("kernel",))):
    found = {other for other in KMOD if of_kmod(
        {f"{room}/one.c": f'#include "{other}/new.h"\n', f"{other}/new.h": ""})}
    ok(found == set(others), f"what {room} may not know", found)
ok(is_found(planted("core/source.h", '#include "../trigger/metric.h"\n'),
            "core may not know trigger"), "by a path from the file's folder")
ok(is_found(planted("slab/kmem.c", '#\tinclude  "reclaim/span.h"'),
            "slab may not know reclaim"), "of two rooms beside each other")
ok(not planted("slab.c", '#include "family/netlink.h"\n'),
   "what is in no room is not judged")
ok(is_found(planted("slab/slab.h", "#if LINUX_VERSION_CODE > 2\n"),
            "slab/slab.h has LINUX_VERSION_CODE"), "a version in a room")
ok(is_found(planted("main.c", "#if LINUX_VERSION_CODE > 2\n"), "main.c"),
   "a version outside all rooms")

found = of_userspace(PROGRAMS, SYMBOLS)
ok(found == [], "programs in order", found)
for name, text, words in (
        ("cli/watch.c", '#include "../daemon/main.c"\n', "cli may not know daemon"),
        ("daemon/sink.c", '#include "../cli/main.c"\n', "daemon may not know cli"),
        ("common/json.c", '#include "../cli/main.c"\n', "common may not know cli"),
        ("lib/decode.c", '#include "field.h"\n', "lib may not know common"),
        ("common/field.h", '#include "field.h"\n', "common/field.h uses common/field.h"),
        ):
    found = planted_code(name, text)
    ok(is_found(found, words), f"an include: {words}", found)
for text, words in (
        ("cli/watch.o: rule_parse U\ndaemon/rule.o: rule_parse T 0 0\n",
         "cli may not know daemon"),
        ("daemon/rule.o: table U\ncli/view.o: table D 0 0\n",
         "daemon may not know cli"),
        ("common/field.o: view_show U\ncli/view.o: view_show T 0 0\n",
         "common may not know cli"),
        ("lib/socket.o: field_read U\n", "lib may not know common"),
        ("cli/a.o: a T 0 0\ncli/a.o: b U\ncli/b.o: b T 0 0\ncli/b.o: c U\n"
         "cli/c.o: c B 0 0\ncli/c.o: a U\n", "in a circle: ")):
    found = planted_symbols(text)
    ok(any(words in line for line in found), f"a symbol: {words}", found)
found = planted_symbols("cli/a.o: a T 0 0\ncli/a.o: b U\ncli/b.o: b t 0 0\n"
                        "cli/b.o: a U\n")
ok(not found, "a static symbol is nobody else's", found)
ok(set(USERSPACE["cli"]) == set(USERSPACE["daemon"]) == {"common", "lib"},
   "cli and daemon know common and lib")

tap_done()
