// idle: quiet connections, and what each of them costs; with --voice, one group talks meanwhile.
#include <array>
#include <fmt/format.h>

#include "parley_load/fanout_part.h"
#include "parley_load/scenarios.h"

namespace parley::load {
namespace {

constexpr std::array series_traits{SeriesTrait{"latency", "latency"}};
constexpr std::array count_traits{
    CountTrait{Count::sent, "frames_sent"},      CountTrait{Count::expected, "deliveries_expected"},
    CountTrait{Count::heard, "deliveries"},      CountTrait{Count::lost, "lost"},
    CountTrait{Count::duplicated, "duplicated"}, CountTrait{Count::reordered, "reordered"},
    CountTrait{Count::corrupted, "corrupted"},   CountTrait{Count::misdirected, "misdirected"},
    CountTrait{Count::malformed, "malformed"},
};

/// How much more there is now than before, for each connection. Memory may also shrink.
double each(const Report& report, std::uint64_t before, std::uint64_t now) noexcept {
    return (static_cast<double>(now) - static_cast<double>(before)) / report.options.connections;
}

class Idle final : public Scenario {
public:
    std::unique_ptr<Part> make_part(const Place& place) const override {
        return std::make_unique<FanoutPart>(place);
    }
    std::span<const SeriesTrait> series() const noexcept override { return series_traits; }
    std::span<const CountTrait> counts() const noexcept override { return count_traits; }
    CountTrait unit() const noexcept override { return {Count::heard, "delivery"}; }
    std::uint32_t prepared_wanted(const Options& options) const noexcept override {
        return options.talkers;
    }
    std::string verdict(const Report& report) const override {
        if (report.options.voice) return voice_verdict(report);
        return report.totals.faults() == 0 ? std::string{} : "quiet connections were spoken to";
    }
    void print(const Report& report) const override;
    void add_to(client::JsonObject& json, const Report& report) const override;
};

void Idle::print(const Report& report) const {
    const Options& options = report.options;
    fmt::print("idle: {} connections, {} groups of {}, held for {:.1f} s{}\n", options.connections,
               options.group_count(), options.group_size, report.window_seconds,
               options.voice ? ", one group talks" : "");
    const MemoryLook& before = report.before;
    const MemoryLook& ready = report.ready;
    if (before.server && ready.server) {
        fmt::print(
            "server      {:.0f} bytes of anonymous memory per connection ({} before, {} with "
            "all)\n",
            each(report, before.server->anonymous, ready.server->anonymous),
            before.server->anonymous, ready.server->anonymous);
    } else {
        fmt::print("server      its memory is not known without --pid\n");
    }
    fmt::print(
        "kernel      {:.0f} bytes of slab and {:.0f} of socket buffers per connection, of both "
        "ends "
        "together if both are on this machine\n",
        each(report, before.kernel.slab, ready.kernel.slab),
        each(report, before.kernel.tcp_buffers, ready.kernel.tcp_buffers));
    fmt::print("generator   {:.0f} bytes of anonymous memory per connection\n",
               each(report, before.own, ready.own));
    if (options.voice) print_voice(report);
}

void Idle::add_to(client::JsonObject& json, const Report& report) const {
    const MemoryLook& before = report.before;
    const MemoryLook& ready = report.ready;
    if (before.server && ready.server) {
        json.add("server_anon_bytes_before", before.server->anonymous);
        json.add("server_anon_bytes_ready", ready.server->anonymous);
        json.add("server_rss_bytes_before", before.server->resident);
        json.add("server_rss_bytes_ready", ready.server->resident);
        json.add("server_bytes_per_connection",
                 each(report, before.server->anonymous, ready.server->anonymous));
    }
    json.add("kernel_slab_bytes_per_connection_both_ends",
             each(report, before.kernel.slab, ready.kernel.slab));
    json.add("kernel_tcp_bytes_per_connection_both_ends",
             each(report, before.kernel.tcp_buffers, ready.kernel.tcp_buffers));
    json.add("generator_bytes_per_connection", each(report, before.own, ready.own));
    json.add("voice", report.options.voice);
}

}  // namespace

std::unique_ptr<Scenario> make_idle() {
    return std::make_unique<Idle>();
}

}  // namespace parley::load
