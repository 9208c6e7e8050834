// Report: how a result is written.
#include "parley_load/report.h"

#include <fmt/format.h>

#include "client/json.h"

namespace parley::load {
namespace {

constexpr double busy_max = 0.9;
constexpr Nanoseconds behind_allowed = 10'000'000;

double microseconds(std::uint64_t nanoseconds) noexcept {
    return static_cast<double>(nanoseconds) / 1000;
}

double rate(const Report& report) noexcept {
    return report.window_seconds > 0
               ? static_cast<double>(report.window_heard) / report.window_seconds
               : 0;
}

double per_delivery_ns(std::chrono::nanoseconds cpu, std::uint64_t heard) noexcept {
    return heard == 0 ? 0 : static_cast<double>(cpu.count()) / static_cast<double>(heard);
}

void print_json(const Report& report, const Options& options) {
    client::JsonObject json;
    json.add("scenario", std::string_view{"fanout"});
    json.add("passed", report.passed());
    json.add("failure", std::string_view{report.failure});
    json.add("connections", options.connections);
    json.add("group_size", options.group_size);
    json.add("talkers", options.talkers);
    json.add("seconds", report.window_seconds);
    json.add("deliveries_per_second", rate(report));
    json.add("frames_sent", report.sent);
    json.add("deliveries_expected", report.expected);
    json.add("deliveries", report.heard);
    json.add("lost", report.faults.lost);
    json.add("duplicated", report.faults.duplicated);
    json.add("reordered", report.faults.reordered);
    json.add("corrupted", report.faults.corrupted);
    json.add("misdirected", report.faults.misdirected);
    json.add("malformed", report.faults.malformed);
    json.add("latency_p50_us", microseconds(report.latency_ns.value_at(0.5)));
    json.add("latency_p99_us", microseconds(report.latency_ns.value_at(0.99)));
    json.add("latency_p999_us", microseconds(report.latency_ns.value_at(0.999)));
    json.add("latency_max_us", microseconds(report.latency_ns.max()));
    if (report.server_cpu) {
        const std::chrono::duration<double> cpu = *report.server_cpu;
        json.add("server_cpu_seconds", cpu.count());
        json.add("server_cpu_ns_per_delivery",
                 per_delivery_ns(*report.server_cpu, report.window_heard));
    }
    json.add("own_cpu_seconds", report.own_cpu_seconds);
    json.add("busiest_thread", report.busiest_thread);
    json.add("behind_max_us", microseconds(static_cast<std::uint64_t>(report.behind_max)));
    json.add("bottleneck", std::string_view{report.bottleneck()});
    json.print();
}

void print_text(const Report& report, const Options& options) {
    fmt::print("fanout: {} connections, {} groups of {}, {} talkers, {:.1f} s\n",
               options.connections, options.group_count(), options.group_size, options.talkers,
               report.window_seconds);
    fmt::print("deliveries  {:.0f} a second; {} frames sent, {} deliveries of {} expected\n",
               rate(report), report.sent, report.heard, report.expected);
    fmt::print(
        "faults      lost {}, duplicated {}, reordered {}, corrupted {}, misdirected {}, "
        "malformed {}\n",
        report.faults.lost, report.faults.duplicated, report.faults.reordered,
        report.faults.corrupted, report.faults.misdirected, report.faults.malformed);
    fmt::print("latency     p50 {:.0f} us, p99 {:.0f} us, p99.9 {:.0f} us, max {:.0f} us\n",
               microseconds(report.latency_ns.value_at(0.5)),
               microseconds(report.latency_ns.value_at(0.99)),
               microseconds(report.latency_ns.value_at(0.999)),
               microseconds(report.latency_ns.max()));
    if (report.server_cpu) {
        const std::chrono::duration<double> cpu = *report.server_cpu;
        fmt::print("server CPU  {:.0f} ns per delivery, {:.2f} s\n",
                   per_delivery_ns(*report.server_cpu, report.window_heard), cpu.count());
    }
    fmt::print(
        "generator   {:.2f} s CPU, busiest thread {:.0f} %, at most {:.0f} us behind its "
        "schedule\n",
        report.own_cpu_seconds, 100 * report.busiest_thread,
        microseconds(static_cast<std::uint64_t>(report.behind_max)));
    if (const std::string why = report.bottleneck(); !why.empty()) {
        fmt::print("beware      the generator was the bottleneck: {}\n", why);
    }
}

}  // namespace

bool Report::passed() const noexcept {
    return failure.empty() && faults.sum() == 0 && heard == expected && sent > 0;
}

std::string Report::bottleneck() const {
    if (busiest_thread > busy_max) {
        return fmt::format("a thread was busy {:.0f} % of the time; give it more --threads",
                           100 * busiest_thread);
    }
    if (behind_max > behind_allowed) {
        return fmt::format("a frame left {:.1f} ms after it was due",
                           static_cast<double>(behind_max) / 1e6);
    }
    return {};
}

void print(const Report& report, const Options& options) {
    if (options.json) {
        print_json(report, options);
    } else {
        print_text(report, options);
    }
}

}  // namespace parley::load
