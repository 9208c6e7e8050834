#include "shard/pinning.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

namespace parley {
namespace {

// first[-last[:used/period]], as in Documentation/admin-guide/kernel-parameters.rst, "cpu lists".
struct Range {
    int first = 0;
    int last = 0;
    int used = 1;
    int period = 1;
};

/// No machine has more; a larger number is a typing error.
constexpr int core_max = 65535;

bool take_number(std::string_view& text, int& number) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || number < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take_char(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

bool parse_range(std::string_view text, Range& range) {
    if (!take_number(text, range.first)) return false;
    range.last = range.first;
    if (take_char(text, '-') && !take_number(text, range.last)) return false;
    if (take_char(text, ':')) {
        if (!take_number(text, range.used) || !take_char(text, '/') ||
            !take_number(text, range.period)) {
            return false;
        }
    }
    return text.empty() && range.last >= range.first && range.last <= core_max && range.used > 0 &&
           range.used <= range.period;
}

}  // namespace

std::vector<int> parse_cpulist(std::string_view text, std::string& error) {
    std::vector<int> cores;
    while (true) {
        const std::size_t comma = text.find(',');
        Range range;
        if (!parse_range(text.substr(0, comma), range)) {
            error = fmt::format("'{}' is not a list of cores: write it like 0-3,6",
                                text.substr(0, comma));
            return {};
        }
        for (int core = range.first; core <= range.last; ++core) {
            const bool chosen = (core - range.first) % range.period < range.used;
            if (chosen && std::ranges::find(cores, core) == cores.end()) cores.push_back(core);
        }
        if (comma == std::string_view::npos) return cores;
        text.remove_prefix(comma + 1);
    }
}

std::vector<int> allowed_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (sched_getaffinity(0, sizeof(set), &set) != 0) return cores;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
    }
    return cores;
}

bool pin_this_thread(int core) noexcept {
    if (core < 0 || core >= CPU_SETSIZE) return false;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    return pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0;
}

void name_this_thread(const std::string& name) noexcept {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace parley
