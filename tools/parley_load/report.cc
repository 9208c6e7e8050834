// Report: how a result is written.
#include "parley_load/report.h"

#include <cstdio>
#include <fmt/format.h>

#include "client/json.h"
#include "parley_load/scenario.h"

namespace parley::load {
namespace {

constexpr double busy_max = 0.9;
constexpr double starved_max = 0.1;
constexpr Nanoseconds behind_allowed = 10'000'000;
constexpr Nanoseconds turn_allowed = 20'000'000;

struct Percentile {
    double fraction;
    std::string_view field;
    std::string_view label;
};
constexpr Percentile percentiles[] = {
    {0.5, "p50", "p50"},      {0.9, "p90", "p90"},         {0.99, "p99", "p99"},
    {0.999, "p999", "p99.9"}, {0.9999, "p9999", "p99.99"},
};

double microseconds(std::uint64_t nanoseconds) noexcept {
    return static_cast<double>(nanoseconds) / 1000;
}

double cpu_per_unit(const Report& report, Count unit) noexcept {
    const auto count = static_cast<double>(report.window.get(unit));
    return count == 0 ? 0 : static_cast<double>(report.server_cpu->count()) / count;
}

void add_series(client::JsonObject& json, std::string_view name, const Histogram& series) {
    for (const Percentile& percentile : percentiles) {
        json.add(fmt::format("{}_{}_us", name, percentile.field),
                 microseconds(series.value_at(percentile.fraction)));
    }
    json.add(fmt::format("{}_max_us", name), microseconds(series.max()));
    json.add(fmt::format("{}_count", name), series.count());
}

void add_server(client::JsonObject& json, const Report& report, const CountTrait& unit) {
    if (report.server_cpu) {
        json.add("server_cpu_seconds", static_cast<double>(report.server_cpu->count()) / 1e9);
        json.add(fmt::format("server_cpu_ns_per_{}", unit.name), cpu_per_unit(report, unit.which));
    }
    if (const auto& memory = report.after.server) {
        json.add("server_anon_bytes", memory->anonymous);
        json.add("server_rss_bytes", memory->resident);
        if (memory->proportional != 0) json.add("server_pss_bytes", memory->proportional);
    }
}

void print_json(const Report& report, const Scenario& scenario) {
    const Options& options = report.options;
    client::JsonObject json;
    json.add("scenario", name_of(options.scenario));
    json.add("passed", report.passed());
    json.add("failure", std::string_view{report.failure.empty() ? report.verdict : report.failure});
    json.add("connections", options.connections);
    json.add("group_size", options.group_size);
    json.add("seconds", report.window_seconds);
    scenario.add_to(json, report);
    for (const CountTrait& count : scenario.counts())
        json.add(count.name, report.totals.get(count.which));
    for (std::size_t i = 0; i < scenario.series().size(); ++i)
        add_series(json, scenario.series()[i].name, report.totals.series[i]);
    add_server(json, report, scenario.unit());
    json.add("own_cpu_seconds", report.own_cpu_seconds);
    json.add("own_workers", report.workers);
    json.add("own_processes", report.in_processes ? report.workers : 1);
    json.add("busiest_thread", report.busiest_thread);
    json.add("starved_thread", report.starved_thread);
    json.add("behind_max_us", microseconds(static_cast<std::uint64_t>(report.behind_max)));
    json.add("loop_lag_max_us", microseconds(static_cast<std::uint64_t>(report.turn_max)));
    json.add("bottleneck", std::string_view{report.bottleneck()});
    json.print();
}

void print_series(std::string_view label, const Histogram& series) {
    fmt::print("{:<12}", label);
    for (const Percentile& percentile : percentiles) {
        fmt::print("{} {}, ", percentile.label, human_time(series.value_at(percentile.fraction)));
    }
    fmt::print("max {}\n", human_time(series.max()));
}

void print_text(const Report& report, const Scenario& scenario) {
    scenario.print(report);
    for (std::size_t i = 0; i < scenario.series().size(); ++i) {
        if (report.totals.series[i].count() == 0) continue;
        print_series(scenario.series()[i].label, report.totals.series[i]);
    }
    if (report.server_cpu) {
        fmt::print(
            "server CPU  {} per {}, {} in all\n",
            human_time(static_cast<std::uint64_t>(cpu_per_unit(report, scenario.unit().which))),
            scenario.unit().name,
            human_time(static_cast<std::uint64_t>(report.server_cpu->count())));
    }
    if (const auto& memory = report.after.server) {
        fmt::print("server RAM  {:.1f} MB resident, {:.1f} MB of it anonymous\n",
                   static_cast<double>(memory->resident) / 1e6,
                   static_cast<double>(memory->anonymous) / 1e6);
    }
    fmt::print(
        "generator   {:.3f} s CPU in {} {}, the busiest {:.0f} %; at most {} behind its "
        "schedule, {} until it saw what came\n",
        report.own_cpu_seconds, report.workers,
        report.in_processes   ? "processes"
        : report.workers == 1 ? "thread"
                              : "threads",
        100 * report.busiest_thread, human_time(static_cast<std::uint64_t>(report.behind_max)),
        human_time(static_cast<std::uint64_t>(report.turn_max)));
    if (const std::string why = report.bottleneck(); !why.empty()) {
        fmt::print("beware      the generator may have set these figures, not the server: {}\n",
                   why);
    }
}

}  // namespace

std::string human_time(std::uint64_t nanoseconds) {
    const auto value = static_cast<double>(nanoseconds);
    if (value < 1e4) return fmt::format("{} ns", nanoseconds);
    if (value < 1e7) return fmt::format("{:.0f} us", value / 1e3);
    if (value < 1e10) return fmt::format("{:.1f} ms", value / 1e6);
    return fmt::format("{:.1f} s", value / 1e9);
}

std::string Report::bottleneck() const {
    if (busiest_thread > busy_max) {
        return fmt::format("a thread was busy {:.0f} % of the time; give it more --threads",
                           100 * busiest_thread);
    }
    if (starved_thread > starved_max) {
        return fmt::format(
            "a thread waited {:.0f} % of the time for a core; give it --cores of "
            "its own",
            100 * starved_thread);
    }
    if (behind_max > behind_allowed) {
        return fmt::format("something left {} after it was due",
                           human_time(static_cast<std::uint64_t>(behind_max)));
    }
    if (turn_max > turn_allowed) {
        return fmt::format("it needed {} for one turn of its loop",
                           human_time(static_cast<std::uint64_t>(turn_max)));
    }
    return {};
}

void print(const Report& report, const Scenario& scenario) {
    if (report.options.json) {
        print_json(report, scenario);
    } else {
        print_text(report, scenario);
    }
}

}  // namespace parley::load
