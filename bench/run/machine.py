"""Machine: where and when something was measured."""
import datetime
import os
import pathlib
import platform
import re
import resource
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _first(pattern, path):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(), re.M)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)
    return done.stdout.strip()


class Others:
    """What everything else on the machine uses meanwhile. A kernel thread that works for the
    network counts too, so it is never quite nothing."""

    def __init__(self, *pids):
        self.pids = pids
        self.began = time.monotonic()
        self.before = self._seconds()

    def _seconds(self):
        ticks = os.sysconf("SC_CLK_TCK")
        fields = pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]
        user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        mine = own.ru_utime + own.ru_stime + sum(os.times()[:2])
        for pid in self.pids:
            after_name = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            mine += (int(after_name[11]) + int(after_name[12])) / ticks
        return (user + nice + system + irq + softirq + steal) / ticks - mine

    def share(self):
        """Of one core, since this was made; children that have ended are not others."""
        return max(0.0, (self._seconds() - self.before) / (time.monotonic() - self.began))


def wait_for_quiet(share, seconds_max):
    """Until others take less than `share` of a core for a moment, or `seconds_max` are over."""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        others = Others()
        time.sleep(0.4)
        if others.share() <= share:
            return


def describe():
    commit = _git("rev-parse", "--short=12", "HEAD")
    if _git("status", "--porcelain", "--untracked-files=no"):
        commit += " with changes"
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit,
        "processor": _first(r"^model name\s*:(.*)$", "/proc/cpuinfo"),
        "cores": os.cpu_count(),
        "virtual": "hypervisor" in _first(r"^flags\s*:(.*)$", "/proc/cpuinfo").split(),
        "memory_gb": round(int(_first(r"MemTotal:\s+(\d+)", "/proc/meminfo") or 0) / 1e6),
        "kernel": platform.release(),
        "congestion_control": _first(r"(\S+)", "/proc/sys/net/ipv4/tcp_congestion_control"),
    }
