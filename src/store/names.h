// What every backend checks in the same way before it is asked anything.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/limits.h"

namespace parley::store {

inline bool is_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= name_size_max;
}

/// The same names, each once.
inline std::vector<std::string_view> distinct(std::span<const std::string> names) {
    std::vector<std::string_view> sorted(names.begin(), names.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    return sorted;
}

}  // namespace parley::store
