// Board: one anonymous shared mapping.
#include "parley_load/board.h"

#include <algorithm>
#include <memory>
#include <new>
#include <sys/mman.h>

#include "base/assert.h"

namespace parley::load {
namespace {

constexpr std::size_t line = 64;

std::size_t rounded(std::size_t bytes) noexcept {
    return (bytes + line - 1) / line * line;
}

/// All zeros is what every object on the board begins with, but the language wants it built.
template <class T>
std::span<T> build(std::byte* at, std::size_t count) {
    T* const first = reinterpret_cast<T*>(at);
    for (std::size_t i = 0; i < count; ++i)
        std::construct_at(first + i);
    return {first, count};
}

}  // namespace

Board::Board(std::uint32_t worker_count, std::uint32_t group_count)
    : size_(rounded(sizeof(Shared)) + worker_count * sizeof(Tally) +
            group_count * sizeof(GroupCount)) {
    memory_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    PARLEY_ASSERT(memory_ != MAP_FAILED);
    auto* const at = static_cast<std::byte*>(memory_);
    shared_ = build<Shared>(at, 1).data();
    tallies_ = build<Tally>(at + rounded(sizeof(Shared)), worker_count);
    groups_ = build<GroupCount>(at + rounded(sizeof(Shared)) + tallies_.size_bytes(), group_count);
}

Board::~Board() {
    munmap(memory_, size_);
}

void Board::fail(std::string_view why) noexcept {
    if (shared_->failing.exchange(true, std::memory_order_acq_rel)) return;
    const std::size_t size = std::min(why.size(), shared_->failure.size() - 1);
    std::copy_n(why.begin(), size, shared_->failure.begin());
    shared_->failed.store(true, std::memory_order_release);
}

std::string Board::failure() const {
    return failed() ? std::string{shared_->failure.data()} : std::string{};
}

Totals Board::totals() const {
    Totals totals;
    for (const Tally& tally : tallies_) {
        for (std::size_t i = 0; i < count_count; ++i)
            totals.counts[i] += tally.get(static_cast<Count>(i));
        for (std::size_t i = 0; i < series_max; ++i)
            totals.series[i].merge(tally.series(i));
    }
    return totals;
}

std::uint64_t Board::sum(Count which) const noexcept {
    std::uint64_t sum = 0;
    for (const Tally& tally : tallies_)
        sum += tally.get(which);
    return sum;
}

}  // namespace parley::load
