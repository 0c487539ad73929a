"""Runs what tests the scanner with a build of it that stops at the first byte read or written out of bounds.

    python -m tests.sanitized

Needs a compiler with its address and undefined-behaviour sanitizers (gcc or clang on Linux). Python's own
allocator is left out, so that every bytes object ends where its bytes end.
"""

import os
import subprocess
import sys
import tempfile
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hatch_build import SOURCE, compiled

NAME = "mobility_adapters.ewp._scanning"
TESTS = ("tests/property/test_scanning.py", "tests/adapters/ewp/test_scanning.py")


def build_and_start() -> int:
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "_scanning.abi3.so"
        os.environ["CFLAGS"] = (
            "-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
        )
        problem = compiled(SOURCE, built)
        if problem:
            sys.exit(f"No sanitized build: {problem}")
        environment = {
            **os.environ,
            "LD_PRELOAD": " ".join(map(_library, ("libasan.so", "libubsan.so"))),
            "ASAN_OPTIONS": "detect_leaks=0",  # Python itself keeps what it has until the end
            "PYTHONMALLOC": "malloc",
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.sanitized", str(built)], env=environment, check=False
        ).returncode


def _library(name: str) -> str:
    done = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def run_with(built: str) -> int:
    """Put this build where the program will look for its own, then test."""
    loader = ExtensionFileLoader(NAME, built)
    spec = spec_from_file_location(NAME, built, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[NAME] = module
    return pytest.main(["-q", "-s", "-p", "no:cacheprovider", *TESTS])


if __name__ == "__main__":
    sys.exit(run_with(*sys.argv[1:]) if sys.argv[1:] else build_and_start())
