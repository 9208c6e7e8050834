// fanout: voice in groups; one talks all the time, all others hear.
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

class Fanout final : public Scenario {
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
    std::string verdict(const Report& report) const override { return voice_verdict(report); }
    void print(const Report& report) const override;
    void add_to(client::JsonObject& json, const Report& report) const override;
};

void Fanout::print(const Report& report) const {
    const Options& options = report.options;
    fmt::print("fanout: {} connections, {} groups of {}, {} talkers, {:.1f} s\n",
               options.connections, options.group_count(), options.group_size, options.talkers,
               report.window_seconds);
    print_voice(report);
    if (!options.has_slow_reader()) return;
    fmt::print("slow reader {} frames and {} bytes at {} bytes/s, {} missed before the last, {}\n",
               report.totals.get(Count::slow_frames), report.totals.get(Count::slow_bytes),
               options.slow_reader_bytes_per_second, report.totals.get(Count::slow_missed),
               report.totals.get(Count::slow_closed) != 0 ? "then the server closed it"
                                                          : "still connected");
}

void Fanout::add_to(client::JsonObject& json, const Report& report) const {
    json.add("talkers", report.options.talkers);
    json.add("deliveries_per_second", report.per_second(Count::heard));
    if (!report.options.has_slow_reader()) return;
    json.add("slow_reader_bytes", report.totals.get(Count::slow_bytes));
    json.add("slow_reader_frames", report.totals.get(Count::slow_frames));
    json.add("slow_reader_missed", report.totals.get(Count::slow_missed));
    json.add("slow_reader_closed", report.totals.get(Count::slow_closed) != 0);
}

}  // namespace

std::string voice_verdict(const Report& report) {
    if (report.totals.faults() == 0 && report.totals.get(Count::sent) > 0 &&
        report.totals.get(Count::heard) == report.totals.get(Count::expected)) {
        return {};
    }
    return "not every frame came once, whole and in order";
}

void print_voice(const Report& report) {
    const Totals& totals = report.totals;
    fmt::print("deliveries  {:.0f} a second; {} frames sent, {} deliveries of {} expected\n",
               report.per_second(Count::heard), totals.get(Count::sent), totals.get(Count::heard),
               totals.get(Count::expected));
    print_faults(report);
}

void print_faults(const Report& report) {
    const Totals& totals = report.totals;
    fmt::print(
        "faults      lost {}, duplicated {}, reordered {}, corrupted {}, misdirected {}, "
        "malformed {}\n",
        totals.get(Count::lost), totals.get(Count::duplicated), totals.get(Count::reordered),
        totals.get(Count::corrupted), totals.get(Count::misdirected), totals.get(Count::malformed));
}

std::unique_ptr<Scenario> make_fanout() {
    return std::make_unique<Fanout>();
}

}  // namespace parley::load
