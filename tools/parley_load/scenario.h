// Scenario: one kind of load. Its part makes it on each worker; the rest tells what came out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "client/json.h"
#include "parley_load/options.h"
#include "parley_load/part.h"
#include "parley_load/report.h"

namespace parley::load {

/// Something measured in nanoseconds: field names begin with `name`, lines with `label`.
struct SeriesTrait {
    std::string_view name;
    std::string_view label;
};

/// Something counted, and its name in JSON and CSV.
struct CountTrait {
    Count which;
    std::string_view name;
};

class Scenario {
public:
    virtual ~Scenario() = default;

    virtual std::unique_ptr<Part> make_part(const Place& place) const = 0;

    /// What is measured, by its place in a Tally; the first is the one that counts most.
    virtual std::span<const SeriesTrait> series() const noexcept = 0;
    /// The columns of the CSV, and the counts of the JSON object.
    virtual std::span<const CountTrait> counts() const noexcept = 0;
    /// What is heard or done most, for a rate and for CPU per one: its count, and its name in the
    /// singular.
    virtual CountTrait unit() const noexcept = 0;

    /// How many connections must be ready, and how many prepared, before running begins.
    virtual std::uint32_t ready_wanted(const Options& options) const noexcept {
        return options.connections;
    }
    virtual std::uint32_t prepared_wanted(const Options&) const noexcept { return 0; }
    /// Whether nothing more is under way.
    virtual bool is_drained(const Board& board) const noexcept {
        return board.sum(Count::heard) >= board.sum(Count::expected);
    }

    /// What is wrong with the results, for people; empty if nothing.
    virtual std::string verdict(const Report& report) const = 0;
    /// The lines of its own, between the first and the percentiles.
    virtual void print(const Report& report) const = 0;
    /// The fields of its own.
    virtual void add_to(client::JsonObject&, const Report&) const {}
};

/// The scenario that `options` name.
std::unique_ptr<Scenario> make_scenario(const Options& options);

}  // namespace parley::load
