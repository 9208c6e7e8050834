// Conductor: the phases of a run (see board.h).
#include "parley_load/conductor.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

#include "parley_load/crew.h"
#include "parley_load/csv.h"
#include "parley_load/interrupt.h"
#include "parley_load/plan.h"

namespace parley::load {
namespace {

using std::chrono::nanoseconds;

constexpr Nanoseconds drain_max = 5 * second_ns;
constexpr Nanoseconds head_start = 20'000'000;  // until all workers know when running begins
constexpr std::chrono::milliseconds look_interval{2};

class Conductor final {
public:
    Conductor(Run& run, const Scenario& scenario, Csv csv)
        : run_(run), scenario_(scenario), crew_(run, scenario), csv_(std::move(csv)) {}

    Report conduct() {
        Report report{.options = run_.options};
        crew_.start();
        started_at_ = now_ns();
        if (get_ready(report)) {
            run(report);
            drain();
        }
        run_.board.phase().store(Phase::ended, std::memory_order_release);
        crew_.join();
        collect(report);
        return report;
    }

private:
    /// Everybody connected, joined and prepared. False if it failed.
    bool get_ready(Report& report) {
        const Options& options = run_.options;
        Board& board = run_.board;
        const Nanoseconds limit = started_at_ + nanoseconds{options.connect_max}.count();
        if (!reach(board.formed_count(), run_.division.worker_count(), limit, "workers started"))
            return false;
        report.before = look();
        board.phase().store(Phase::connecting, std::memory_order_release);
        if (!reach(board.ready_count(), scenario_.ready_wanted(options), limit, "joined"))
            return false;
        report.ready = look();
        board.phase().store(Phase::preparing, std::memory_order_release);
        return reach(board.prepared_count(), scenario_.prepared_wanted(options), limit,
                     "have the floor");
    }

    bool reach(const std::atomic<std::uint32_t>& count, std::uint32_t wanted, Nanoseconds limit,
               std::string_view what) {
        Nanoseconds told_at = now_ns();
        while (count.load(std::memory_order_relaxed) < wanted) {
            if (interrupted()) run_.fail("interrupted");
            crew_.check();
            if (run_.board.failed()) return false;
            const Nanoseconds now = now_ns();
            if (now > limit) {
                run_.fail(fmt::format("only {} of {} {} within the {} s of --connect-seconds",
                                      count.load(), wanted, what,
                                      run_.options.connect_max.count()));
                return false;
            }
            if (now - told_at >= second_ns) {
                told_at = now;
                fmt::print(stderr, "{:3} s  {} of {} {}\n", (now - started_at_) / second_ns,
                           count.load(), wanted, what);
            }
            std::this_thread::sleep_for(look_interval);
        }
        return true;
    }

    void run(Report& report) {
        const Nanoseconds begin = now_ns() + head_start;
        run_.board.begin_ns().store(begin, std::memory_order_relaxed);
        run_.board.phase().store(Phase::running, std::memory_order_release);
        const auto cpu_from = process_cpu(run_.options.server_pid);
        cpu_told_ = cpu_from;

        const Nanoseconds end = begin + nanoseconds{run_.options.duration}.count();
        Nanoseconds told_at = begin;
        while (now_ns() < end && !run_.board.failed() && !interrupted()) {
            std::this_thread::sleep_for(look_interval);
            if (now_ns() - told_at < second_ns || now_ns() >= end) continue;
            crew_.check();
            tell(begin, told_at);
        }
        const auto cpu_to = process_cpu(run_.options.server_pid);
        report.window_seconds =
            static_cast<double>(std::max<Nanoseconds>(now_ns() - begin, 0)) / 1e9;
        report.after = look();
        report.window = tell(begin, told_at);
        run_.board.phase().store(Phase::draining, std::memory_order_release);
        if (cpu_from && cpu_to) report.server_cpu = *cpu_to - *cpu_from;
        if (run_.options.server_pid != 0 && !report.server_cpu) {
            run_.fail(
                fmt::format("process {}, the server of --pid, has ended", run_.options.server_pid));
        }
    }

    /// A line of progress and a row for what came since `told_at`; gives the totals by now.
    Totals tell(Nanoseconds begin, Nanoseconds& told_at) {
        Totals now = run_.board.totals();
        const Nanoseconds at = now_ns();
        const CountTrait unit = scenario_.unit();
        const Histogram latest = now.series[0].since(told_.series[0]);
        const double seconds = std::max(static_cast<double>(at - told_at) / 1e9, 1e-3);
        const auto done = static_cast<double>(now.get(unit.which) - told_.get(unit.which));
        fmt::print(stderr, "{:3.0f} s  {} {:.0f}/s, p50 {}, p99 {}, {} faults\n",
                   static_cast<double>(at - begin) / 1e9, unit.name, done / seconds,
                   human_time(latest.value_at(0.5)), human_time(latest.value_at(0.99)),
                   now.faults());
        const auto cpu = process_cpu(run_.options.server_pid);
        const auto used = cpu && cpu_told_ ? std::optional{*cpu - *cpu_told_} : std::nullopt;
        csv_.row(static_cast<double>(at - begin) / 1e9, now, told_, used);
        told_at = at;
        told_ = now;
        cpu_told_ = cpu;
        return now;
    }

    /// Waits for what is still under way.
    void drain() {
        const Nanoseconds limit = now_ns() + drain_max;
        while (now_ns() < limit && !run_.board.failed()) {
            std::this_thread::sleep_for(look_interval);
            crew_.check();
            if (run_.board.draining_count().load(std::memory_order_acquire) <
                run_.division.worker_count()) {
                continue;
            }
            if (scenario_.is_drained(run_.board)) return;
        }
    }

    MemoryLook look() const {
        MemoryLook look;
        if (run_.options.server_pid != 0) look.server = process_memory(run_.options.server_pid);
        look.kernel = kernel_memory();
        look.own = crew_.memory();
        return look;
    }

    void collect(Report& report) {
        report.totals = run_.board.totals();
        report.workers = run_.division.worker_count();
        report.in_processes = run_.division.in_processes();
        for (const Tally& tally : run_.board.tallies()) {
            const auto window = std::max(static_cast<double>(tally.get(Count::window_ns)), 1.0);
            const auto ran = static_cast<double>(tally.get(Count::ran_ns));
            const auto waited = static_cast<double>(tally.get(Count::waited_ns));
            report.busiest_thread = std::max(report.busiest_thread, ran / window);
            report.starved_thread = std::max(report.starved_thread, waited / window);
            report.own_cpu_seconds += ran / 1e9;
            report.behind_max = std::max(report.behind_max, tally.behind_max());
            report.turn_max = std::max(report.turn_max, tally.turn_max());
        }
        report.failure = run_.board.failure();
        if (report.failure.empty() && interrupted()) report.failure = "interrupted";
        report.verdict = scenario_.verdict(report);
    }

    Run& run_;
    const Scenario& scenario_;
    Crew crew_;
    Csv csv_;
    Nanoseconds started_at_ = 0;
    Totals told_;
    std::optional<nanoseconds> cpu_told_;
};

}  // namespace

client::Outcome<Report> conduct(const Scenario& scenario, const Options& options) {
    PARLEY_TRY(Csv csv, Csv::open(options.csv, scenario));
    PARLEY_TRY(Run::Plan plan, plan_run(options));
    Run run{options, std::move(plan)};
    return Conductor{run, scenario, std::move(csv)}.conduct();
}

}  // namespace parley::load
