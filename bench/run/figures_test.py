"""The runner's arithmetic: medians, ratios, verdicts, and the table between its marks."""
import pathlib
import tempfile
import types
import unittest

import distribution
import figures
import loads
import plan
import report
import servers
import shares
from figures import Cell, Row
from runner import ATTEMPTS, Runner


def rounds_of(server, numbers, workload="w", **others):
    return [{"workload": workload, "server": server, "round": index,
             "result": {"passed": True, "ns": number, **others}}
            for index, number in enumerate(numbers)]


FLOOR_A, FLOOR_B, PARLEY = Cell("w", "a", "ns"), Cell("w", "b", "ns"), Cell("w", "parley", "ns")
ROUNDS = (rounds_of("a", [100, 300, 120, 90, 110]) + rounds_of("b", [130, 130, 120, 150, 140])
          + rounds_of("parley", [121, 330, 118, 99, 110]))


class Medians(unittest.TestCase):
    def test_one_wild_round_moves_nothing(self):
        self.assertEqual(figures.median(ROUNDS, FLOOR_A), 110)

    def test_failed_rounds_do_not_count(self):
        failed = rounds_of("a", [1, 1, 1])
        for round_ in failed:
            round_["result"]["passed"] = False
        self.assertEqual(figures.median(ROUNDS + failed, FLOOR_A), 110)
        self.assertEqual(len(figures.failures(ROUNDS + failed)), 3)

    def test_rounds_that_fell_behind_their_pace_do_not_count(self):
        slow, kept = rounds_of("c", [1, 2], deliveries_per_second=96), rounds_of("c", [3],
                                                                                  deliveries_per_second=98)
        for round_ in (*slow, *kept):
            round_["deliveries_due"] = 100
        self.assertEqual(figures.median(slow + kept, Cell("w", "c", "ns")), 3)

    def test_of_nothing_is_nothing(self):
        self.assertIsNone(figures.median(ROUNDS, Cell("w", "absent", "ns")))
        self.assertIsNone(figures.median(ROUNDS, Cell("w", "a", "another metric")))


class Lines(unittest.TestCase):
    def test_rounds_are_compared_with_their_own_round(self):
        line = figures.line(ROUNDS, Row("t", PARLEY, (FLOOR_A,), 1.05))
        self.assertEqual((line.over, line.under, line.under_server), (118, 110, "a"))
        self.assertAlmostEqual(line.value, 330 / 300)  # of 1.21, 1.10, 0.98, 1.10, 1.00
        self.assertAlmostEqual(line.low, 118 / 120)
        self.assertAlmostEqual(line.high, 121 / 100)
        self.assertEqual(line.verdict, "MISS")

    def test_the_floor_that_is_hardest_to_keep_up_with_counts(self):
        for floors in ((FLOOR_A, FLOOR_B), (FLOOR_B, FLOOR_A)):
            self.assertEqual(figures.line(ROUNDS, Row("t", PARLEY, floors, 1)).under_server, "a")

    def test_a_round_that_one_of_both_failed_is_left_out(self):
        rounds = rounds_of("a", [100, 100, 100]) + rounds_of("parley", [110, 120, 500])
        rounds[2]["result"]["passed"] = False
        self.assertAlmostEqual(figures.line(rounds, Row("t", PARLEY, (FLOOR_A,))).value, 1.15)

    def test_a_target_that_is_just_met_is_met(self):
        rounds = rounds_of("a", [100] * 5) + rounds_of("parley", [105] * 5)
        self.assertEqual(figures.line(rounds, Row("t", PARLEY, (FLOOR_A,), 1.05)).verdict, "pass")

    def test_at_least_is_the_other_way_round(self):
        rounds = rounds_of("a", [100] * 5) + rounds_of("parley", [160] * 5)
        for target, verdict in ((1.7, "MISS"), (1.6, "pass"), (1.5, "pass")):
            row = Row("t", PARLEY, (FLOOR_A,), target, "at least")
            self.assertEqual(figures.line(rounds, row).verdict, verdict)

    def test_without_a_divisor_the_figure_itself_is_judged(self):
        line = figures.line(ROUNDS, Row("t", PARLEY, target=117))
        self.assertEqual((line.value, line.verdict), (118, "MISS"))
        self.assertEqual((line.low, line.high), (99, 330))

    def test_what_stands_in_can_prove_but_not_refute(self):
        easy = Row("t", PARLEY, (FLOOR_A,), 2, stand_in="a heavier one")
        hard = Row("t", PARLEY, (FLOOR_A,), 0.5, stand_in="a heavier one")
        self.assertEqual(figures.line(ROUNDS, easy).verdict, "pass")
        self.assertEqual(figures.line(ROUNDS, hard).verdict, "open")

    def test_what_was_not_measured_says_so(self):
        for row in (Row("t", Cell("v", "parley", "ns"), (FLOOR_A,), 1),
                    Row("t", PARLEY, (Cell("v", "a", "ns"),), 1), Row("t", reason="no peer")):
            self.assertEqual(figures.line(ROUNDS, row).verdict, "not measured")

    def test_few_rounds_prove_nothing(self):
        rounds = rounds_of("a", [100] * 4) + rounds_of("parley", [10] * 4)
        for row, verdict in ((Row("t", PARLEY, (FLOOR_A,), 1), "too few"),
                             (Row("t", PARLEY, (FLOOR_A,), 1, rounds_min=4), "pass"),
                             (Row("t", PARLEY, (FLOOR_A,)), ""),
                             (Row("t", PARLEY, target=1), "too few")):
            line = figures.line(rounds, row)
            self.assertEqual((line.rounds, line.verdict), (4, verdict))


class Attempts(unittest.TestCase):
    def attempts(self):
        first, second = rounds_of("parley", [10])[0], rounds_of("parley", [20])[0]
        return {**first, "others_share": 0.4}, {**second, "others_share": 0.1}

    def test_the_quietest_counts_and_the_other_is_kept(self):
        for order in (1, -1):
            attempts = list(self.attempts())[::order]
            figures.supersede(attempts)
            self.assertEqual(figures.median(attempts, PARLEY), 20)
            self.assertEqual([bool(one.get("superseded")) for one in attempts],
                             [True, False][::order])

    def test_a_quiet_attempt_that_failed_is_not_made_good_by_a_disturbed_one(self):
        disturbed, quiet = self.attempts()
        quiet["result"]["passed"] = False
        figures.supersede([disturbed, quiet])
        self.assertIsNone(figures.median([disturbed, quiet], PARLEY))

    def test_a_frame_that_parley_lost_in_any_attempt_fails_the_workload(self):
        row = Row("t", PARLEY, (FLOOR_A,), 100)
        self.assertEqual(figures.line(ROUNDS, row).verdict, "pass")
        lost = {**rounds_of("parley-single", [1])[0], "superseded": "others", "result": {"passed": False}}
        self.assertEqual(figures.line([*ROUNDS, lost], row).verdict, "faults")
        self.assertEqual(len(figures.failures([*ROUNDS, lost])), 1)

    def test_a_frame_that_another_lost_is_its_own_affair(self):
        lost = {**rounds_of("b", [1])[0], "result": {"passed": False}}
        row = Row("t", PARLEY, (FLOOR_A,), 100)
        self.assertEqual(figures.line([*ROUNDS, lost], row).verdict, "pass")

    def test_a_round_whose_slow_reader_kept_up_does_not_count(self):
        kept_up = rounds_of("parley", [9] * 5, slow_reader_missed=0)
        missed = rounds_of("parley", [11] * 5, slow_reader_missed=3)
        row = Row("t", PARLEY, (FLOOR_A,), 100)
        self.assertEqual(figures.line(rounds_of("a", [10] * 5) + kept_up, row).rounds, 0)
        self.assertEqual(figures.line(rounds_of("a", [10] * 5) + missed, row).rounds, 5)

    def test_a_load_that_could_not_be_made_does_not_count(self):
        nothing = {**rounds_of("parley", [1])[0], "round": 9, "result": {"failure": "no such option"}}
        line = figures.line([*ROUNDS, nothing], Row("t", PARLEY, (FLOOR_A,), 100))
        self.assertEqual((line.rounds, line.verdict), (5, "pass"))

    def test_a_workload_that_parley_always_failed_says_so(self):
        lost = {**rounds_of("parley", [1])[0], "result": {"passed": False}}
        self.assertEqual(figures.line([lost], Row("t", PARLEY, target=1)).verdict, "faults")

    def test_a_later_run_adds_only_what_is_missing(self):
        other = rounds_of("parley", [7], "million")
        whole = figures.merged([{"rounds": ROUNDS, "seconds": 3},
                                {"rounds": rounds_of("parley", [1]) + other, "seconds": 9}])
        self.assertEqual(whole["rounds"], ROUNDS + other)
        self.assertEqual(whole["seconds"], 3)
        self.assertEqual([(run["seconds"], run["workloads"]) for run in whole["runs"]],
                         [(3, [ROUNDS[0]["workload"]]), (9, ["million"])])


class Repeating(unittest.TestCase):
    def rounds_after(self, *outcomes, quick=False):
        """What a runner keeps whose attempts come out as told: (passed, what others took)."""
        run = {"rounds": [], "absent": {}}
        runner = Runner(types.SimpleNamespace(quick=quick), run)
        left = iter(outcomes)

        def attempt(*_):
            passed, share = next(left)
            return {**rounds_of("parley", [1])[0], "others_share": share, "result": {"passed": passed}}

        runner.attempt = attempt
        runner.round(plan.named("sat-1k"), "parley", 0, None)
        return run["rounds"]

    def test_faults_are_no_reason_to_try_again(self):
        self.assertEqual(len(self.rounds_after((False, 0.01))), 1)

    def test_others_are_and_all_attempts_are_kept(self):
        rounds = self.rounds_after(*[(False, 0.5), (True, 0.4), (True, 0.3)][:ATTEMPTS])
        self.assertEqual(len(rounds), ATTEMPTS)
        self.assertEqual([bool(one.get("superseded")) for one in rounds],
                         [True] * (ATTEMPTS - 1) + [False])

    def test_quick_tries_once(self):
        self.assertEqual(len(self.rounds_after((True, 0.9), quick=True)), 1)


class Shares(unittest.TestCase):
    KERNEL = ("io_send", "__io_run_local_work", "entry_SYSCALL_64", "do_syscall_64",
              "syscall_exit_to_user_mode", "fput", "tcp_sendmsg", "ip_output", "biography", "skb_io_x")

    def test_lines_of_perf_are_read(self):
        text = ("        ffffffff81f3a1c4 tcp_sendmsg ([kernel.kallsyms])\n\n"
                "            55d0c41f2a10 parley::ws::Reader::next(int, bool) (/a b/parley)\n"
                "# comment\n  7ffd1 [unknown] ([vdso])\n")
        self.assertEqual(shares.read(text), [
            ("tcp_sendmsg", "[kernel.kallsyms]"),
            ("parley::ws::Reader::next(int, bool)", "/a b/parley"), ("[unknown]", "[vdso]")])

    def test_user_and_ring_are_its_own_part(self):
        samples = ([(symbol, "[kernel.kallsyms]") for symbol in self.KERNEL] * 10
                   + [("nf_hook", "[nf_tables]")] * 20 + [("main", "/parley")] * 78 + [("t", "[vdso]")] * 2)
        found = shares.of(samples)
        self.assertEqual(found, {"samples": 200, "user": 0.4, "ring": 0.3})
        self.assertAlmostEqual(shares.own_part(found, 1000), 700)

    def test_what_says_nothing_is_nothing(self):
        self.assertIsNone(shares.of([("main", "/parley")] * 99))
        self.assertIsNone(shares.of([("main", "/parley")] * 100
                                    + [("[unknown]", "[kernel.kallsyms]")] * 100))


class Loads(unittest.TestCase):
    def test_sums_are_added_where_there_are_addends(self):
        result = loads.with_sums({"lost": 2, "malformed": 1, loads.KERNEL[0]: 10, loads.KERNEL[1]: 5})
        self.assertEqual((result["faults"], result["kernel_bytes_per_connection"]), (3, 15))
        self.assertEqual(loads.with_sums({"failure": "x"}), {"failure": "x"})

    def test_those_who_could_not_come_are_a_fault_and_too_few_are_none(self):
        good = {"passed": True}
        for churn, passed, fails in (({"ready_per_second": 990, "failures": 0}, True, False),
                                     ({"ready_per_second": 990, "failures": 1}, False, True),
                                     ({"ready_per_second": 800, "failures": 0}, True, True)):
            result = loads.with_churn(dict(good), churn, 1000)
            self.assertEqual((result["passed"], bool(figures.fault({"result": result}))), (passed, fails))

    def test_each_shard_has_room_for_its_connections(self):
        self.assertEqual(servers.shards_for(1_000_000, 20_000), 52)
        self.assertEqual(servers.shards_for(19_400, 20_000), 1)
        self.assertEqual(servers.shards_for(19_401, 20_000), 2)
        with self.assertRaises(servers.Absent):
            servers.shards_for(1, 600)

    def test_a_server_that_does_not_start_says_why(self):
        command = ["sh", "-c", "echo first >&2; echo the port is taken >&2"]
        servers.COMMANDS["broken"] = lambda *_: command
        self.addCleanup(servers.COMMANDS.pop, "broken")
        with self.assertRaisesRegex(servers.Absent, "did not get ready: the port is taken$"):
            servers.Server("broken", ".", False, 1)


class Plan(unittest.TestCase):
    def test_every_row_names_workloads_and_servers_that_run(self):
        for row in plan.ROWS:
            for cell in (row.over, *row.under) if row.over else ():
                self.assertIn(cell.server, plan.named(cell.workload).servers, row.title)

    def test_the_pace_makes_the_deliveries(self):
        self.assertAlmostEqual(plan.paced(100_000, 1000, 10) * 1000 * 9, 100_000, delta=10)

    def test_what_is_never_measured_says_why(self):
        for row in plan.ROWS:
            self.assertTrue(row.over or row.reason, row.title)

    def test_the_million_runs_only_if_named(self):
        self.assertNotIn("million", plan.FULL)
        self.assertNotIn("million", plan.QUICK)

    def test_quick_names_workloads(self):
        self.assertEqual([plan.named(name).name for name in plan.QUICK], list(plan.QUICK))


class Document(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "document.md"

    def test_only_what_is_between_the_marks_is_replaced(self):
        self.path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
        report.replace_between_marks(self.path, "new")
        self.assertEqual(self.path.read_text(),
                         f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n")

    def test_without_marks_nothing_is_written(self):
        for text in ("no marks", f"{report.END} {report.BEGIN}", report.BEGIN * 2 + report.END):
            self.path.write_text(text)
            with self.assertRaises(ValueError):
                report.replace_between_marks(self.path, "new")
            self.assertEqual(self.path.read_text(), text)

    def test_the_table_has_a_line_for_each_row(self):
        lines = [figures.line(ROUNDS, Row("t", PARLEY, (FLOOR_A,), 1.05)),
                 figures.line(ROUNDS, Row("u", Cell("v", "x", "ns"), target=1)),
                 figures.line(ROUNDS, Row("v", target=0, reason="no peer"))]
        machine = {"date": "", "commit": "", "processor": "", "cores": 2, "virtual": True,
                   "memory_gb": 1, "kernel": "", "congestion_control": ""}
        text = report.markdown(lines, {"machine": machine, "rounds_count": 5, "seconds": 3,
                                       "lasted_seconds": 61.2, "rounds": ROUNDS}, [])
        self.assertIn("| t | 118 | 110 (a) | 1.10 | 0.98–1.21 | 5 | ≤ 1.05 | MISS |", text)
        self.assertIn("| u |  |  |  |  |  | ≤ 1.00 | not measured |", text)
        self.assertIn("| v |  |  |  |  |  | ≤ 0 | not measured: no peer |", text)
        self.assertIn("alternated, in 61 s.", text)


class Distributions(unittest.TestCase):
    TEXT = """       Value     Percentile TotalCount 1/(1-Percentile)

      92.159 0.500000000000      50211           2.00
     140.000 1.000000000000     100422
#[Mean    =       95.101, StdDeviation   =       11.220]
#[Buckets =           26, SubBuckets     =         2048]
"""

    def test_values_and_percentiles_are_read(self):
        self.assertEqual(distribution.read(self.TEXT), [(92.159, 0.5), (140.0, 1.0)])

    def test_anything_else_is_refused(self):
        with self.assertRaises(ValueError):
            distribution.read("92.159 0.5 1 2 3")

    def test_several_rounds_make_one_curve(self):
        curves = [[(1, 0.5), (9, 1.0)], [(2, 0.5), (3, 0.9)], [(7, 0.5), (8, 1.0)]]
        self.assertEqual(distribution.median_curve(curves), [(2, 0.5)])


if __name__ == "__main__":
    unittest.main()
