#include "misspelt.h"

#include <algorithm>
#include <numeric>
#include <unistd.h>
#include <utility>

namespace parley::daemon {
namespace {

constexpr std::string_view prefix = "PARLEY_";

// How many letters must be put in, taken out or replaced to make one of the other (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

// Two letters of a long name, one of a short one: PARLEY_JOBS is not PARLEY_JOIN.
std::size_t distance_max(std::string_view name) {
    constexpr std::size_t long_name = prefix.size() + 6;
    return name.size() < long_name ? 1 : 2;
}

}  // namespace

std::string_view meant_by(std::string_view name, const std::vector<std::string>& known) {
    if (std::ranges::find(known, name) != known.end()) return {};
    std::string_view nearest;
    std::size_t least = distance_max(name) + 1;
    for (const std::string& each : known) {
        const std::size_t letters = distance(name, each);
        if (letters >= least) continue;
        least = letters;
        nearest = each;
    }
    return nearest;
}

std::vector<std::string> misspelt_variables(const std::vector<std::string>& known) {
    std::vector<std::string> sentences;
    for (char** each = environ; *each != nullptr; ++each) {
        std::string_view name = *each;
        name = name.substr(0, name.find('='));
        if (!name.starts_with(prefix)) continue;
        const std::string_view meant = meant_by(name, known);
        if (meant.empty()) continue;
        sentences.push_back(std::string{name} + " in the environment does nothing: did you mean " +
                            std::string{meant} + "?");
    }
    return sentences;
}

}  // namespace parley::daemon
