#!/usr/bin/env python3
"""Runs a program in a world where the kernel refuses io_uring, as container profiles do.

Usage: without_io_uring.py PROGRAM ARGUMENTS...
Installs a seccomp filter that answers io_uring_setup with EPERM, then becomes the program. Exits
with 77 where such a filter cannot be installed.
"""
import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
IO_URING_SETUP = 425  # on every architecture
ALLOW, ANSWER_EPERM = 0x7FFF0000, 0x00050000 | 1
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def forbid():
    instructions = (
        (LOAD_WORD, 0, 0, 0),  # the number of the system call
        (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
        (RETURN, 0, 0, ANSWER_EPERM),
        (RETURN, 0, 0, ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *one) for one in instructions)
    memory = ctypes.create_string_buffer(code, len(code))
    program = Program(len(instructions), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_ulong(0),) * 3
    if libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), *arguments) != 0:
        return False
    return libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER),
                      ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0


def main():
    if platform.machine() not in ("x86_64", "aarch64") or not forbid():
        return 77
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
