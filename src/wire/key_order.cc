// key_order: the order in which a JavaScript object lists its keys.
#include "wire/key_order.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "wire/number.h"

namespace parley::wire {

namespace {

constexpr std::uint64_t no_index = 0xffffffff;  // 2^32-1 is the first number that is none

struct Kept {
    std::uint64_t array_index;  // or no_index
    std::uint32_t first;        // where the key came first
    std::uint32_t last;         // and the entry that counts

    bool operator<(const Kept& other) const noexcept {
        return std::tie(array_index, first) < std::tie(other.array_index, other.first);
    }
};

}  // namespace

void order_keys(std::span<const std::string_view> keys, std::vector<std::uint32_t>& order) {
    order.resize(keys.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        const int compared = keys[a].compare(keys[b]);
        return compared != 0 ? compared < 0 : a < b;
    });

    std::vector<Kept> kept;
    kept.reserve(keys.size());
    for (std::uint32_t index : order) {
        if (!kept.empty() && keys[kept.back().first] == keys[index]) {
            kept.back().last = index;
            continue;
        }
        const std::uint64_t natural = canonical_natural(keys[index]).value_or(no_index);
        kept.push_back({std::min(natural, no_index), index, index});
    }
    std::sort(kept.begin(), kept.end());

    order.clear();
    for (const Kept& entry : kept)
        order.push_back(entry.last);
}

bool is_same_order(std::span<const std::uint32_t> order, std::size_t count) noexcept {
    if (order.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) {
        if (order[i] != i) return false;
    }
    return true;
}

}  // namespace parley::wire
