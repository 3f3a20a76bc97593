#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kselftest's runner gives this what it cannot execute: tests in Python. What it
# preloads to buffer their lines would buffer those of programs under test, too.
exec env -u LD_PRELOAD /usr/bin/python3 run.py "${1#./}"
