// churn: clients come and go.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "parley_load/churn_part.h"
#include "parley_load/scenarios.h"

namespace parley::load {
namespace {

constexpr std::array series_traits{SeriesTrait{"connect_to_ready", "to ready"}};
constexpr std::array count_traits{
    CountTrait{Count::due, "connects_due"},
    CountTrait{Count::ready, "ready"},
    CountTrait{Count::closed, "closed"},
    CountTrait{Count::unreachable, "failed_to_connect"},
    CountTrait{Count::sign_ins_failed, "failed_to_sign_in"},
    CountTrait{Count::cut, "cut_by_server"},
    CountTrait{Count::overdue, "failed_in_time"},
    CountTrait{Count::unanswered_closes, "closes_not_answered"},
    CountTrait{Count::at_bound, "not_made_at_bound"},
    CountTrait{Count::out_of_ports, "not_made_without_port"},
    CountTrait{Count::malformed, "malformed"},
};

// What can become of a client that was due, each of them one thing.
constexpr std::array fates{Count::closed,   Count::unreachable, Count::sign_ins_failed,
                           Count::cut,      Count::overdue,     Count::unanswered_closes,
                           Count::at_bound, Count::out_of_ports};

std::uint64_t under_way(const Report& report) noexcept {
    std::uint64_t left = report.totals.get(Count::due);
    for (const Count fate : fates)
        left -= std::min(left, report.totals.get(fate));
    return left;
}

std::uint64_t failures(const Report& report) noexcept {
    std::uint64_t sum = 0;
    for (const Count which : {Count::unreachable, Count::sign_ins_failed, Count::cut,
                              Count::overdue, Count::unanswered_closes, Count::malformed}) {
        sum += report.totals.get(which);
    }
    return sum;
}

class Churn final : public Scenario {
public:
    std::unique_ptr<Part> make_part(const Place& place) const override {
        return std::make_unique<ChurnPart>(place);
    }
    std::span<const SeriesTrait> series() const noexcept override { return series_traits; }
    std::span<const CountTrait> counts() const noexcept override { return count_traits; }
    CountTrait unit() const noexcept override { return {Count::ready, "connect"}; }
    std::uint32_t ready_wanted(const Options&) const noexcept override { return 0; }
    bool is_drained(const Board& board) const noexcept override {
        std::uint64_t gone = 0;
        for (const Count fate : fates)
            gone += board.sum(fate);
        return gone >= board.sum(Count::due);
    }
    std::string verdict(const Report& report) const override;
    void print(const Report& report) const override;
    void add_to(client::JsonObject& json, const Report& report) const override;
};

std::string Churn::verdict(const Report& report) const {
    if (report.totals.get(Count::out_of_ports) != 0) {
        return "the generator ran out of ports or descriptors, not the server: lower --rate";
    }
    if (report.totals.get(Count::ready) == 0 && failures(report) == 0) {
        return "nobody became ready: is it a server that speaks VoicePing's protocol?";
    }
    if (report.totals.get(Count::at_bound) != 0) {
        return "connects were not made, for --connections were open: raise it, or lower --rate or "
               "--hold-ms";
    }
    if (failures(report) != 0) return "not every client came and went as it should";
    if (const std::uint64_t left = under_way(report); left != 0) {
        return fmt::format("{} clients were still on their way 5 s after the end", left);
    }
    return {};
}

void Churn::print(const Report& report) const {
    const Totals& totals = report.totals;
    fmt::print("churn: {:.1f} connects a second for {:.1f} s, held for {} ms, at most {} at once\n",
               report.options.rate, report.window_seconds, report.options.hold.count(),
               report.options.connections);
    fmt::print("clients     {:.0f} ready a second; {} due, {} ready, {} closed\n",
               report.per_second(Count::ready), totals.get(Count::due), totals.get(Count::ready),
               totals.get(Count::closed));
    fmt::print(
        "failed      to connect {}, to sign in {}, in time {}; cut {}, close not answered {}\n",
        totals.get(Count::unreachable), totals.get(Count::sign_ins_failed),
        totals.get(Count::overdue), totals.get(Count::cut), totals.get(Count::unanswered_closes));
    fmt::print(
        "not made    {} at the bound of --connections, {} without a port; on their way at the end "
        "{}\n",
        totals.get(Count::at_bound), totals.get(Count::out_of_ports), under_way(report));
}

void Churn::add_to(client::JsonObject& json, const Report& report) const {
    json.add("rate", report.options.rate);
    json.add("hold_ms", report.options.hold.count());
    json.add("ready_per_second", report.per_second(Count::ready));
    json.add("failures", failures(report));
    json.add("under_way_at_end", under_way(report));
}

}  // namespace

std::unique_ptr<Scenario> make_churn() {
    return std::make_unique<Churn>();
}

}  // namespace parley::load
