#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of shapes, and what QEMU is given for them."""

from __future__ import annotations

import unittest
from pathlib import Path

import guest
import vm
from kernels import VmError
from shapes import SHAPES, VM_OPTIONS, Shape, find_shape

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "kselftest"


def options(*words: str) -> guest.Options:
    """Those of a command line of boot."""
    args = vm.make_parser().parse_args(["boot", *words])
    return guest.Options(command=[], source=HERE, out=HERE, **{
        name: getattr(args, name) for name in (*VM_OPTIONS, "append", "env")})


def numa(*words: str) -> str:
    """QEMU's arguments for CPUs, nodes and memory."""
    return " ".join(guest.numa_args(options(*words)))


class Table(unittest.TestCase):
    """SHAPES."""

    def test_names_are_found(self) -> None:
        names = [shape.name for shape in SHAPES]
        self.assertEqual(len(names), len(set(names)))
        for shape in SHAPES:
            self.assertIs(find_shape(shape.name), shape)
        with self.assertRaises(VmError):
            find_shape("none")

    def test_options_come_back(self) -> None:
        for shape in SHAPES:
            with self.subTest(shape=shape.name):
                got = options(*shape.boot_options())
                for name in VM_OPTIONS:
                    self.assertEqual(getattr(got, name), getattr(shape, name))
                self.assertEqual(got.append, list(shape.append))
                self.assertEqual(got.env, [f"MEMTEL_SHAPE={shape.name}"])
                guest.numa_args(got)

    def test_defaults_are_the_vms(self) -> None:
        for name in VM_OPTIONS:
            self.assertEqual(getattr(Shape, name),
                             getattr(guest.Options, name))

    def test_files_are_there(self) -> None:
        for shape in SHAPES:
            for test in shape.tests:
                self.assertTrue((TESTS / test.partition(":")[0]).exists(),
                                test)

    def test_some_are_usual(self) -> None:
        usual = {shape.is_usual for shape in SHAPES}
        self.assertEqual(usual, {False, True})


class Numa(unittest.TestCase):
    """numa_args()."""

    def test_default(self) -> None:
        self.assertEqual(
            numa(),
            "-m 2048M -smp 2,maxcpus=2,sockets=2,cores=1,threads=1"
            " -object memory-backend-ram,id=mem0,size=1024M"
            " -numa node,nodeid=0,memdev=mem0,cpus=0-0"
            " -object memory-backend-ram,id=mem1,size=1024M"
            " -numa node,nodeid=1,memdev=mem1,cpus=1-1")

    def test_possible_cpus(self) -> None:
        got = numa("--cpus", "8", "--nodes", "1", "--possible-cpus", "240")
        self.assertIn("-smp 8,maxcpus=240,sockets=30,cores=8,threads=1", got)
        self.assertIn("memdev=mem0,cpus=0-7,cpus=8-239", got)
        with self.assertRaises(VmError):
            numa("--cpus", "8", "--possible-cpus", "7")

    def test_a_node_without_memory(self) -> None:
        got = numa("--cpus", "3", "--bare-node")
        self.assertTrue(got.endswith("-numa node,nodeid=2,cpus=2-2"), got)
        with self.assertRaises(VmError):
            numa("--cpus", "2", "--bare-node")

    def test_a_node_without_cpus(self) -> None:
        got = numa("--cpus", "1")
        self.assertTrue(got.endswith("-numa node,nodeid=1,memdev=mem1"), got)

    def test_a_node_that_comes(self) -> None:
        got = numa("--hot-mib", "512")
        self.assertIn("-m 2048M,slots=1,maxmem=2560M", got)
        self.assertTrue(got.endswith(
            "-numa node,nodeid=2"
            " -object memory-backend-ram,id=hot,size=512M"
            " -device pc-dimm,id=dimm,memdev=hot,node=2"), got)


if __name__ == "__main__":
    unittest.main()
