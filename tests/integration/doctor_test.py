#!/usr/bin/env python3
"""Shows what `parley doctor` says where something is wrong.

Usage: doctor_test.py PARLEY
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

from certificates import expired, make
from parley_testing import DEADLINE_S, NOTHING_KEPT, SKIPPED, Cases, Server, check, check_equal, run

HERE = pathlib.Path(__file__).parent


class Tests:
    def __init__(self, parley, folder):
        self.parley = parley
        self.folder = pathlib.Path(folder)
        self.clean = {name: value for name, value in os.environ.items()
                      if not name.startswith("PARLEY_")} | NOTHING_KEPT

    def doctor(self, *arguments, before=(), **how):
        done = subprocess.run(
            [*before, self.parley, "doctor", "--json", "--dev", "--listen", "127.0.0.1:0",
             *arguments], capture_output=True, text=True, timeout=DEADLINE_S, env=self.clean, **how)
        if before and done.returncode == SKIPPED:
            return None, None
        check_equal(done.stderr, "", "standard error")
        return done.returncode, {each["what"]: each for each in json.loads(done.stdout)}

    def this_machine(self):
        """Where a server runs, the doctor says so; the table and the list say the same."""
        status, findings = self.doctor()
        check_equal(status, 0, "the exit status")
        check(all(each["verdict"] in ("pass", "warn") for each in findings.values()), findings)
        for each in findings.values():
            fine = each["verdict"] == "pass"
            check(fine == (not each["fix"]), f"no fix, or one too many: {each}")
        table = run([self.parley, "doctor", "--dev", "--listen", "127.0.0.1:0"], self.clean)
        check_equal(table.returncode, 0, "the exit status")
        for each in findings.values():
            check(f"{each['verdict']}  {each['what']} " in table.stdout, table.stdout)

    def without_io_uring(self):
        """Under a filter that refuses it, the doctor blames the filter and says what to allow."""
        status, findings = self.doctor(
            before=[sys.executable, str(HERE / "without_io_uring.py")])
        if findings is None:
            print("      (skipped: no seccomp filter can be installed here)")
            return
        check_equal(status, 78, "the exit status")
        check_equal(findings["io_uring"]["verdict"], "fail", "the verdict")
        check("seccomp" in findings["io_uring"]["cause"], findings["io_uring"])
        check("io_uring_setup" in findings["io_uring"]["fix"], findings["io_uring"])

    def few_files(self):
        for limit, verdict, wanted in ((256, "warn", 0), (36, "fail", 78)):
            status, findings = self.doctor(
                "--shards", "2",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            check_equal(findings["open files"]["verdict"], verdict, f"the verdict on {limit}")
            check_equal(status, wanted, "the exit status")
            check("LimitNOFILE=" in findings["open files"]["fix"], findings["open files"])

    def certificates(self):
        """What --tls-cert and --tls-key name is read, matched and looked at for its end."""
        good, other = (make(self.folder, name, "DNS:localhost") for name in ("good", "other"))
        for certificate, key, verdict in ((*good, "pass"), (good[0], other[1], "fail"),
                                          (self.folder / "absent.pem", good[1], "fail")):
            status, findings = self.doctor("--tls-cert", certificate, "--tls-key", key)
            check_equal(findings["TLS"]["verdict"], verdict, f"the verdict on {certificate}, {key}")
            check_equal(status, 0 if verdict == "pass" else 78, "the exit status")
        check("absent.pem" in findings["TLS"]["cause"], findings["TLS"])
        certificate, key = expired(self.folder)
        verdict = self.doctor("--tls-cert", certificate, "--tls-key", key)[1]["TLS"]["verdict"]
        check_equal(verdict, "warn", "the verdict on an expired certificate")

    def bad_options(self):
        status, findings = self.doctor("--cores", "1000")
        check_equal(status, 78, "the exit status")
        check("1000" in findings["cores"]["cause"], findings["cores"])
        with Server.trusting(self.parley) as server:
            status, findings = self.doctor("--take-over", "", "--drain", "1")
            check_equal(status, 0, "the exit status")
            check_equal(findings["take-over"]["found"], "not asked for", "the take-over")
            done = run([self.parley, "doctor", "--dev", "--listen", "%s:%d" % server.address],
                       self.clean)
            check("warn  address" in done.stdout and "ss -ltnp" in done.stdout, done.stdout)
            server.end()
        status, findings = self.doctor("--limit-groups", "129")
        check_equal(status, 78, "the exit status")
        check("choose 1 to 128" in findings["options"]["cause"], findings["options"])
        done = run([self.parley, "doctor", "--no-such-option"], self.clean)
        check_equal(done.returncode, 2, "the exit status")

    def take_over(self):
        """Where the socket is to be, it can be made; an address that is in use is no mistake then."""
        path = self.folder / "doctor-take-over.sock"
        status, findings = self.doctor("--take-over", str(path))
        check_equal((status, findings["take-over"]["verdict"]), (0, "pass"), "a path that will do")
        for bad, cause in ((self.folder / "nowhere" / "a.sock", "cannot be made"),
                           (self.folder / ("x" * 120), "at most 107 bytes")):
            status, findings = self.doctor("--take-over", str(bad))
            check_equal((status, findings["take-over"]["verdict"]), (78, "fail"), f"{bad}")
            check(cause in findings["take-over"]["cause"], findings["take-over"])
        with Server.trusting(self.parley, "--take-over", str(path)) as server:
            done = run([self.parley, "doctor", "--dev", "--take-over", str(path), "--listen",
                        "%s:%d" % server.address], self.clean)
            check_equal(done.returncode, 0, "the exit status")
            check("pass  address" in done.stdout and "taken over" in done.stdout, done.stdout)
            server.end()


def main():
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(sys.argv[1], folder)
        cases.run("the doctor finds this machine fit", tests.this_machine)
        cases.run("it blames a seccomp filter", tests.without_io_uring)
        cases.run("it blames the limit of open files", tests.few_files)
        cases.run("it reads the certificates", tests.certificates)
        cases.run("it looks at what the options name", tests.bad_options)
        cases.run("it looks at where a take-over's socket is to be", tests.take_over)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
