# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: each kind of user, reading and changing, cell by cell."""

from harness import check, equal, memtel

NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534",
          "--clear-groups", "--no-new-privs")


def with_caps(*caps):
    """A user of uid 65534 with just these capabilities.

    By its number where bullseye's setpriv does not know the name.
    """
    caps = ["cap_38" if cap == "perfmon" else cap for cap in caps]
    names = ",".join(f"+{cap}" for cap in caps)
    return ("setpriv", "--reuid", "65534", "--regid", "65534",
            "--clear-groups", "--inh-caps", names, "--ambient-caps", names)


# user: (command prefix, exit when reading, exit when changing)
USERS = {
    "root": ((), 0, 0),
    "CAP_NET_ADMIN only": (with_caps("net_admin"), 0, 0),
    "CAP_PERFMON only": (with_caps("perfmon"), 0, 4),
    "CAP_SYS_ADMIN only": (with_caps("sys_admin"), 4, 4),
    "nobody": (NOBODY, 4, 4),
    "root without capabilities": (("setpriv", "--bounding-set", "-all",
                                   "--inh-caps", "-all"), 4, 4),
    "root of a user namespace": (("unshare", "--user", "--map-root-user"),
                                 4, 4),
    "another network namespace": (("unshare", "--net"), 3, 3),
    "a container": (("unshare", "--user", "--map-root-user", "--net",
                     "--pid", "--fork", "--mount"), 3, 3),
}
READS = (("status",), ("caches",), ("nodes",), ("zones",))
CHANGES = (("enable", "slab"), ("reset", "slab"), ("disable", "slab"))


def test_table_of_users():
    """Every cell of the table."""
    for user, (prefix, reading, changing) in USERS.items():
        for verbs, status in ((READS, reading), (CHANGES, changing)):
            for verb in verbs:
                try:
                    done = memtel(*verb, prefix=prefix, status=status)
                except Exception as error:
                    raise AssertionError(f"{user}: {error}") from error
                check(status == 0 or done.stderr.strip(),
                      f"{user}: {verb[0]} failed without a word")


def test_words_for_the_refused():
    """Who is refused is told what is missing."""
    done = memtel("caches", prefix=NOBODY, status=4)
    check("CAP_PERFMON" in done.stderr, done.stderr)
    done = memtel("enable", "slab", prefix=with_caps("perfmon"), status=4)
    check("CAP_NET_ADMIN" in done.stderr, done.stderr)
    done = memtel("caches", prefix=("unshare", "--net"), status=3)
    check("network namespace" in done.stderr, done.stderr)


def test_refused_change_changed_nothing():
    """No hold is left of those who may not hold."""
    memtel("enable", "slab", prefix=NOBODY, status=4)
    equal("attached" in memtel("status", "--json").stdout
          and '"attached": true' in memtel("status", "--json").stdout, False,
          "attached")


def test_who_may_watch():
    """Events are for CAP_NET_ADMIN: joining is refused to others."""
    for user, (prefix, _, changing) in USERS.items():
        try:
            memtel("watch", "--for", "0.1", prefix=prefix, status=changing)
        except Exception as error:
            raise AssertionError(f"{user}: {error}") from error
    done = memtel("watch", "--all", "--for", "0.1",
                  prefix=with_caps("perfmon"), status=4)
    check("CAP_NET_ADMIN" in done.stderr, done.stderr)
