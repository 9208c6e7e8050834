// fanout: conducts the phases of the run (see run.h).
#include "parley_load/fanout.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <sys/resource.h>
#include <thread>

#include "parley_load/cpu.h"
#include "parley_load/voice.h"
#include "parley_load/worker.h"

namespace parley::load {
namespace {

using std::chrono::nanoseconds;

constexpr Nanoseconds second_ns = 1'000'000'000;
constexpr Nanoseconds drain_max = 5 * second_ns;
constexpr Nanoseconds head_start = 20'000'000;  // until all threads know when talking begins
constexpr std::chrono::milliseconds look_interval{2};
constexpr rlim_t other_descriptors = 64;

/// Allows this process a descriptor for each connection.
client::Done raise_descriptor_limit(std::uint32_t connections) {
    const rlim_t wanted = rlim_t{connections} + other_descriptors;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return Ok{};
    rlimit raised{wanted, std::max(limit.rlim_max, wanted)};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return Ok{};
    return client::Failure{fmt::format(
        "{} connections need {} file descriptors, and the limit is {}: raise it (ulimit -Hn, "
        "LimitNOFILE= of systemd) or run as root",
        connections, wanted, limit.rlim_max)};
}

struct Totals {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
    std::uint64_t faults = 0;
};

/// Starts the threads, moves them from phase to phase, and collects.
class Conductor final {
public:
    explicit Conductor(Run& run) : run_(run) {
        for (std::uint32_t thread = 0; thread < run.options.threads; ++thread) {
            workers_.push_back(std::make_unique<Worker>(run, thread));
        }
    }

    Report conduct() {
        started_at_ = now_ns();
        for (const auto& worker : workers_) {
            threads_.emplace_back([&worker = *worker] { worker.work(); });
        }
        Report report;
        if (get_ready()) {
            talk(report);
            drain();
        }
        run_.phase.store(Phase::ended, std::memory_order_release);
        for (std::thread& thread : threads_)
            thread.join();
        collect(report);
        return report;
    }

private:
    /// Everybody connected, joined, and every talker with the floor. False if it failed.
    bool get_ready() {
        const Options& options = run_.options;
        const Nanoseconds limit =
            started_at_ + std::chrono::nanoseconds{options.connect_max}.count();
        if (!reach(run_.joined_count, options.connections, limit, "joined")) return false;
        run_.phase.store(Phase::asking, std::memory_order_release);
        return reach(run_.granted_count, options.talkers, limit, "have the floor");
    }

    bool reach(const std::atomic<std::uint32_t>& count, std::uint32_t wanted, Nanoseconds limit,
               std::string_view what) {
        Nanoseconds told_at = now_ns();
        while (count.load(std::memory_order_relaxed) < wanted) {
            if (run_.failed()) return false;
            const Nanoseconds now = now_ns();
            if (now > limit) {
                run_.fail(fmt::format("only {} of {} {} within {} s", count.load(), wanted, what,
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

    void talk(Report& report) {
        const pid_t pid = run_.options.server_pid;
        const Nanoseconds begin = now_ns() + head_start;
        run_.begin_ns.store(begin, std::memory_order_relaxed);
        run_.phase.store(Phase::talking, std::memory_order_release);
        const auto cpu_from = pid == 0 ? std::nullopt : process_cpu(pid);

        const Nanoseconds end = begin + nanoseconds{run_.options.duration}.count();
        Nanoseconds told_at = begin;
        Totals told;
        while (now_ns() < end && !run_.failed()) {
            std::this_thread::sleep_for(look_interval);
            if (now_ns() - told_at < second_ns) continue;
            const Totals now = totals();
            const double seconds = static_cast<double>(now_ns() - told_at) / second_ns;
            told_at = now_ns();
            fmt::print(stderr, "{:3} s  {:.0f} deliveries a second, {} faults\n",
                       (told_at - begin) / second_ns,
                       static_cast<double>(now.heard - told.heard) / seconds, now.faults);
            told = now;
        }
        const auto cpu_to = pid == 0 ? std::nullopt : process_cpu(pid);
        report.window_heard = totals().heard;
        report.window_seconds = static_cast<double>(now_ns() - begin) / second_ns;
        run_.phase.store(Phase::draining, std::memory_order_release);
        if (cpu_from && cpu_to) report.server_cpu = *cpu_to - *cpu_from;
        if (pid != 0 && !report.server_cpu) {
            run_.fail(fmt::format("process {}, the server of --pid, has ended", pid));
        }
    }

    /// Waits for what is still under way.
    void drain() {
        const Nanoseconds limit = now_ns() + drain_max;
        while (now_ns() < limit && !run_.failed()) {
            std::this_thread::sleep_for(look_interval);
            if (run_.draining_count.load(std::memory_order_acquire) < workers_.size()) continue;
            const Totals now = totals();
            if (now.heard >= now.sent * (run_.options.group_size - 1)) return;
        }
    }

    Totals totals() const noexcept {
        Totals sum;
        for (const auto& worker : workers_) {
            const Progress& progress = worker->progress();
            sum.sent += progress.sent.load(std::memory_order_relaxed);
            sum.heard += progress.heard.load(std::memory_order_relaxed);
            sum.faults += progress.faults.load(std::memory_order_relaxed);
        }
        return sum;
    }

    void collect(Report& report) {
        for (const auto& worker : workers_) {
            const Outcome& outcome = worker->outcome();
            report.sent += outcome.sent;
            report.heard += outcome.heard;
            report.faults += outcome.faults;
            report.latency_ns.merge(outcome.latency_ns);
            report.behind_max = std::max(report.behind_max, outcome.behind_max);
            report.busiest_thread = std::max(report.busiest_thread, outcome.busy);
            report.own_cpu_seconds += outcome.busy * report.window_seconds;
        }
        report.expected = report.sent * (run_.options.group_size - 1);
        report.failure = run_.failure();
    }

    Run& run_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;
    Nanoseconds started_at_ = 0;
};

}  // namespace

client::Outcome<Report> run_fanout(const Options& options) {
    if (auto raised = raise_descriptor_limit(options.connections); !raised) return raised.error();
    if (options.server_pid != 0 && !process_cpu(options.server_pid)) {
        return client::Failure{
            fmt::format("there is no process {}: look at --pid", options.server_pid)};
    }
    PARLEY_TRY(std::vector<client::Packet> packets, voice_packets(options.speech));
    PARLEY_TRY(const client::Endpoint endpoint, client::resolve(options.server));
    Run run{options, endpoint, std::move(packets)};
    return Conductor{run}.conduct();
}

}  // namespace parley::load
