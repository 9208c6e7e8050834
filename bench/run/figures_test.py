"""The runner's arithmetic: medians, ratios, verdicts, and the table between its marks."""
import pathlib
import tempfile
import unittest

import distribution
import figures
import plan
import report
from figures import Cell, Row


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
        rounds = rounds_of("a", [100]) + rounds_of("parley", [105])
        self.assertEqual(figures.line(rounds, Row("t", PARLEY, (FLOOR_A,), 1.05)).verdict, "pass")

    def test_at_least_is_the_other_way_round(self):
        rounds = rounds_of("a", [100]) + rounds_of("parley", [160])
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
                    Row("t", PARLEY, (Cell("v", "a", "ns"),), 1)):
            self.assertEqual(figures.line(ROUNDS, row).verdict, "not measured")


class Plan(unittest.TestCase):
    def test_every_row_names_workloads_and_servers_that_run(self):
        for row in plan.ROWS:
            for cell in (row.over, *row.under):
                self.assertIn(cell.server, plan.named(cell.workload).servers, row.title)

    def test_the_pace_makes_the_deliveries(self):
        self.assertAlmostEqual(plan.paced(100_000, 1000, 10) * 1000 * 9, 100_000, delta=10)

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
                 figures.line(ROUNDS, Row("u", Cell("v", "x", "ns"), target=1))]
        machine = {"date": "", "commit": "", "processor": "", "cores": 2, "virtual": True,
                   "memory_gb": 1, "kernel": "", "congestion_control": ""}
        text = report.markdown(lines, {"machine": machine, "rounds_count": 5, "seconds": 3,
                                       "rounds": ROUNDS}, [])
        self.assertIn("| t | 118 | 110 (a) | 1.10 | 0.98–1.21 | ≤ 1.05 | MISS |", text)
        self.assertIn("| u |  |  |  |  | ≤ 1.00 | not measured |", text)


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
