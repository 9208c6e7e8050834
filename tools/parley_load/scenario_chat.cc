// chat: texts with their acknowledgements.
#include <array>
#include <fmt/format.h>

#include "parley_load/chat_part.h"
#include "parley_load/scenarios.h"

namespace parley::load {
namespace {

/// In the order of ChatSeries.
constexpr std::array series_traits{
    SeriesTrait{"send_to_delivery", "delivery"},
    SeriesTrait{"send_to_ack", "ack"},
};
constexpr std::array count_traits{
    CountTrait{Count::sent, "texts_sent"},
    CountTrait{Count::acked, "texts_acknowledged"},
    CountTrait{Count::expected, "deliveries_expected"},
    CountTrait{Count::heard, "deliveries"},
    CountTrait{Count::lost, "lost"},
    CountTrait{Count::duplicated, "duplicated"},
    CountTrait{Count::reordered, "reordered"},
    CountTrait{Count::corrupted, "corrupted"},
    CountTrait{Count::misdirected, "misdirected"},
    CountTrait{Count::malformed, "malformed"},
};

class Chat final : public Scenario {
public:
    std::unique_ptr<Part> make_part(const Place& place) const override {
        return std::make_unique<ChatPart>(place);
    }
    std::span<const SeriesTrait> series() const noexcept override { return series_traits; }
    std::span<const CountTrait> counts() const noexcept override { return count_traits; }
    CountTrait unit() const noexcept override { return {Count::heard, "delivery"}; }
    bool is_drained(const Board& board) const noexcept override {
        return Scenario::is_drained(board) && board.sum(Count::acked) >= board.sum(Count::sent);
    }
    std::string verdict(const Report& report) const override;
    void print(const Report& report) const override;
    void add_to(client::JsonObject& json, const Report& report) const override;
};

std::string Chat::verdict(const Report& report) const {
    const Totals& totals = report.totals;
    if (totals.get(Count::acked) != totals.get(Count::sent))
        return "not every text was acknowledged";
    if (totals.faults() != 0 || totals.get(Count::heard) != totals.get(Count::expected))
        return "not every text came once, whole and in order";
    return totals.get(Count::sent) == 0 ? "nothing was written" : std::string{};
}

void Chat::print(const Report& report) const {
    const Options& options = report.options;
    const Totals& totals = report.totals;
    fmt::print(
        "chat: {} connections, {} groups of {}, {:.1f} texts of {} bytes a second, {:.1f} s\n",
        options.connections, options.group_count(), options.group_size, options.rate,
        options.text_bytes, report.window_seconds);
    fmt::print("texts       {} sent, {} acknowledged; {} deliveries of {} expected\n",
               totals.get(Count::sent), totals.get(Count::acked), totals.get(Count::heard),
               totals.get(Count::expected));
    print_faults(report);
}

void Chat::add_to(client::JsonObject& json, const Report& report) const {
    json.add("rate", report.options.rate);
    json.add("text_bytes", report.options.text_bytes);
    json.add("seed", report.options.seed);
    json.add("deliveries_per_second", report.per_second(Count::heard));
}

}  // namespace

std::unique_ptr<Scenario> make_chat() {
    return std::make_unique<Chat>();
}

}  // namespace parley::load
