// ptt: talk as people do.
#include <array>
#include <fmt/format.h>

#include "parley_load/ptt_part.h"
#include "parley_load/scenarios.h"

namespace parley::load {
namespace {

/// In the order of PttSeries.
constexpr std::array series_traits{
    SeriesTrait{"press_to_grant", "grant"},
    SeriesTrait{"press_to_first_frame", "first frame"},
    SeriesTrait{"frame", "each frame"},
    SeriesTrait{"release_to_stop", "stop"},
};
constexpr std::array count_traits{
    CountTrait{Count::presses, "presses"},
    CountTrait{Count::granted, "granted"},
    CountTrait{Count::refused, "refused"},
    CountTrait{Count::skipped, "skipped"},
    CountTrait{Count::released, "released"},
    CountTrait{Count::floor_violations, "floor_violations"},
    CountTrait{Count::sent, "frames_sent"},
    CountTrait{Count::expected, "deliveries_expected"},
    CountTrait{Count::heard, "deliveries"},
    CountTrait{Count::lost, "lost"},
    CountTrait{Count::duplicated, "duplicated"},
    CountTrait{Count::reordered, "reordered"},
    CountTrait{Count::corrupted, "corrupted"},
    CountTrait{Count::misdirected, "misdirected"},
    CountTrait{Count::malformed, "malformed"},
};

std::uint64_t answered(const Board& board) noexcept {
    return board.sum(Count::granted) + board.sum(Count::refused) + board.sum(Count::skipped);
}

std::uint64_t unanswered(const Report& report) noexcept {
    const Totals& totals = report.totals;
    return totals.get(Count::presses) - totals.get(Count::granted) - totals.get(Count::refused) -
           totals.get(Count::skipped);
}

class Ptt final : public Scenario {
public:
    std::unique_ptr<Part> make_part(const Place& place) const override {
        return std::make_unique<PttPart>(place);
    }
    std::span<const SeriesTrait> series() const noexcept override { return series_traits; }
    std::span<const CountTrait> counts() const noexcept override { return count_traits; }
    CountTrait unit() const noexcept override { return {Count::heard, "delivery"}; }
    bool is_drained(const Board& board) const noexcept override {
        return Scenario::is_drained(board) && answered(board) >= board.sum(Count::presses) &&
               board.sum(Count::released) >= board.sum(Count::granted);
    }
    std::string verdict(const Report& report) const override;
    void print(const Report& report) const override;
    void add_to(client::JsonObject& json, const Report& report) const override;
};

std::string Ptt::verdict(const Report& report) const {
    const Totals& totals = report.totals;
    if (totals.get(Count::floor_violations) != 0)
        return "the floor was not kept: two talked at once";
    if (unanswered(report) != 0) return "not every press was answered";
    if (totals.get(Count::granted) == 0) return "no press was granted";
    if (totals.get(Count::released) != totals.get(Count::granted))
        return "not every STOP was acknowledged";
    return voice_verdict(report);
}

void Ptt::print(const Report& report) const {
    const Options& options = report.options;
    const Totals& totals = report.totals;
    fmt::print(
        "ptt: {} connections, {} groups of {}, {:.1f} presses a second, bursts of {} ms, "
        "seed {}, {:.1f} s\n",
        options.connections, options.group_count(), options.group_size, options.presses,
        options.burst_mean.count(), options.seed, report.window_seconds);
    fmt::print(
        "presses     {}: {} granted, {} refused, {} not made for all were busy, {} not "
        "answered\n",
        totals.get(Count::presses), totals.get(Count::granted), totals.get(Count::refused),
        totals.get(Count::skipped), unanswered(report));
    fmt::print("floor       {} violations; {} of {} bursts ended with an acknowledgement\n",
               totals.get(Count::floor_violations), totals.get(Count::released),
               totals.get(Count::granted));
    print_voice(report);
}

void Ptt::add_to(client::JsonObject& json, const Report& report) const {
    json.add("presses_per_second", report.options.presses);
    json.add("burst_ms", report.options.burst_mean.count());
    json.add("seed", report.options.seed);
    json.add("deliveries_per_second", report.per_second(Count::heard));
    json.add("unanswered", unanswered(report));
}

}  // namespace

std::unique_ptr<Scenario> make_ptt() {
    return std::make_unique<Ptt>();
}

}  // namespace parley::load
