"""Shares: what part of a server's time is its own, from the samples of perf.

Of each sample `perf script -F ip,sym,dso` prints a line:

    ffffffff81f3a1c4 tcp_sendmsg_locked ([kernel.kallsyms])
        55d0c41f2a10 parley::ws::FrameReader::next() (/opt/parley/bin/parley)

*user* is what is not the kernel's; *ring* what of the kernel's time the ring and the way in and out
of a system call take, not what the network takes below them.
"""
import re

SAMPLE = re.compile(r"^\s*[0-9a-f]+\s+(.*) \((.*)\)$")
RING = re.compile(r"^(io_|__io_|entry_SYSCALL|do_syscall_64|syscall_|x64_sys_call|fget|__fget|fput|__fput"
                  r"|__(x64|arm64|se|do)_sys_io_uring)")
MODULE = re.compile(r"^\[.+\]$")
NOT_MODULES = ("[vdso]", "[vsyscall]", "[unknown]")
SAMPLES_MIN = 100  # below, the shares say nothing


def read(text):
    """[(symbol, object)], one for each sample; other lines are passed over."""
    return [found.groups() for found in map(SAMPLE.match, text.splitlines()) if found]


def is_kernel(dso):
    return bool(MODULE.match(dso)) and dso not in NOT_MODULES


def of(samples):
    """{"samples": how many, "user": share, "ring": share}; None if there are too few, or if the
    kernel does not give its symbols' names."""
    kernel = [symbol for symbol, dso in samples if is_kernel(dso)]
    if len(samples) < SAMPLES_MIN or kernel.count("[unknown]") > len(kernel) / 2:
        return None
    return {"samples": len(samples), "user": (len(samples) - len(kernel)) / len(samples),
            "ring": sum(bool(RING.match(symbol)) for symbol in kernel) / len(samples)}


def own_part(shares, cpu_per_delivery):
    """What of the core time per delivery is the server's own doing."""
    return (shares["user"] + shares["ring"]) * cpu_per_delivery
