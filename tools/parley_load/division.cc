// Division: the arithmetic.
#include "parley_load/division.h"

#include <algorithm>
#include <fmt/format.h>

namespace parley::load {
namespace {

std::uint32_t count_for(std::uint64_t total, std::uint64_t each) noexcept {
    return static_cast<std::uint32_t>((total + each - 1) / each);
}

}  // namespace

client::Outcome<Division> Division::of(const Wishes& wishes) {
    Division division{wishes};
    const std::uint32_t groups = division.group_count();
    if (wishes.descriptors_max <= other_descriptors) {
        return client::Failure{fmt::format("{} file descriptors are too few: raise ulimit -n",
                                           wishes.descriptors_max)};
    }
    const std::uint64_t each_max = wishes.descriptors_max - other_descriptors;
    const std::uint64_t groups_each_max = each_max / wishes.group_size;
    std::uint32_t workers = wishes.threads;
    bool spread = false;
    if (wishes.connections > each_max) {
        division.in_processes_ = true;
        spread = groups_each_max == 0;
        workers = std::max(workers, spread ? count_for(wishes.connections, each_max)
                                           : count_for(groups, groups_each_max));
    }
    if (wishes.whole_groups) {
        if (spread) {
            return client::Failure{
                fmt::format("a group of {} has more members than one process may have "
                            "descriptors ({}): choose smaller groups, or raise the limit "
                            "(ulimit -Hn, LimitNOFILE= of systemd)",
                            wishes.group_size, wishes.descriptors_max)};
        }
        workers = std::min(workers, groups);
    }
    division.worker_count_ = std::min(workers, wishes.connections);
    division.spreads_groups_ = spread || groups < division.worker_count_;
    return division;
}

std::uint32_t Division::share_of(std::uint32_t worker) const noexcept {
    if (!spreads_groups_) return groups_of(worker) * group_size_;
    return connections_ / worker_count_ + (worker < connections_ % worker_count_ ? 1 : 0);
}

std::uint32_t Division::groups_of(std::uint32_t worker) const noexcept {
    return group_count() / worker_count_ + (worker < group_count() % worker_count_ ? 1 : 0);
}

}  // namespace parley::load
