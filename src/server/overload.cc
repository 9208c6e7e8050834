#include "server/overload.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <malloc.h>
#include <string>
#include <unistd.h>

namespace parley::server {
namespace {

// Ten times in the second that shedding is counted by; a look takes some microseconds, so that 500
// in a second are nothing beside what makes memory short.
constexpr Duration look_interval_max = std::chrono::milliseconds{100};
constexpr Duration look_interval_min = std::chrono::milliseconds{2};
// What 10 Gbit/s bring, and as much again: what gathers a message doubles when it is full.
constexpr std::uint64_t fill_bytes_per_ms = 2 * 1'250'000;
// Freed memory that the allocator keeps is memory of the process: it is asked for it that often.
constexpr Duration trim_interval = std::chrono::seconds{1};
// And for so long after memory was short: connections that are sent away then have gone, within
// the 2 s that their end may take and the 5 s of an opening, and what they held is free.
constexpr Duration trim_after = std::chrono::seconds{10};

constexpr std::array<std::uint64_t, 4> level_percent{0, 80, 90, 95};
constexpr std::uint64_t leave_percent = 2;

// What version 1 of cgroups says where there is no limit is about 2^63.
constexpr std::uint64_t no_bound = std::uint64_t{1} << 62;

std::optional<std::uint64_t> read_number(const std::string& path) {
    std::ifstream file{path};
    std::string text;
    std::uint64_t number = 0;
    if (!(file >> text)) return {};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) return {};  // "max"
    return number;
}

}  // namespace

bool Lag::note(Duration turn, Instant now) noexcept {
    if (max_ == Duration::zero()) return false;
    if (turn > max_) {
        const bool goes_on = has_last_ && now - turn - last_ <= 2 * max_;
        if (!goes_on) first_ = now - turn;
        last_ = now;
        has_last_ = true;
        if (now - first_ >= lag_patience) is_behind_ = true;
    } else if (is_behind_ && now - last_ >= lag_patience) {
        is_behind_ = false;
    }
    return is_behind_;
}

Pressure pressure_of(std::uint64_t bytes, std::uint64_t bytes_max, Pressure before) noexcept {
    if (bytes_max == 0) return Pressure::none;
    const std::uint64_t percent = bytes / std::max<std::uint64_t>(bytes_max / 100, 1);
    for (std::size_t level = level_percent.size() - 1; level > 0; --level) {
        const bool is_in = level <= static_cast<std::size_t>(before);
        if (percent >= level_percent[level] - (is_in ? leave_percent : 0)) {
            return static_cast<Pressure>(level);
        }
    }
    return Pressure::none;
}

// Until large messages are no longer gathered, and from there on until there is no memory.
Duration look_interval(std::uint64_t bytes, std::uint64_t bytes_max) noexcept {
    constexpr auto shrinking = static_cast<std::size_t>(Pressure::shrinking);
    const std::uint64_t shrinks_at = bytes_max / 100 * level_percent[shrinking];
    const std::uint64_t bound = bytes < shrinks_at ? shrinks_at : bytes_max;
    const std::uint64_t left = bound - std::min(bytes, bound);
    const std::chrono::milliseconds fills{static_cast<std::int64_t>(left / fill_bytes_per_ms)};
    return std::clamp<Duration>(fills, look_interval_min, look_interval_max);
}

std::uint64_t resident_bytes() noexcept {
    int file = -1;
    {
        const ring::SpareDescriptors spare;
        file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    }
    if (file < 0) return 0;
    std::array<char, 128> text{};
    const ssize_t size = read(file, text.data(), text.size());
    close(file);
    const char* end = text.data() + std::max<ssize_t>(size, 0);
    const char* at = std::find(static_cast<const char*>(text.data()), end, ' ');
    std::uint64_t pages = 0;
    if (at != end) std::from_chars(at + 1, end, pages);
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> cgroup_bytes_max() {
    std::ifstream groups{"/proc/self/cgroup"};
    std::string line;  // as 0::/system.slice/parley.service, or 4:memory:/docker/1234 of version 1
    std::optional<std::uint64_t> least;
    while (std::getline(groups, line)) {
        const std::size_t colon = line.find(':');
        const std::size_t slash = line.find(":/");
        if (colon == std::string::npos || slash == std::string::npos) continue;
        const std::string controllers = line.substr(colon + 1, slash - std::min(slash, colon + 1));
        if (!controllers.empty() && controllers != "memory") continue;
        const char* root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        const char* bound_file = controllers.empty() ? "/memory.max" : "/memory.limit_in_bytes";
        for (std::string path = line.substr(slash + 1); !path.empty();
             path.erase(path.rfind('/'))) {
            const auto bound = read_number(root + path + bound_file);
            if (bound && *bound < no_bound && (!least || *bound < *least)) least = bound;
        }
    }
    return least;
}

MemoryWatch::MemoryWatch(Shard& shard, Commons& commons, std::uint64_t bytes_max) noexcept
    : shard_(shard),
      commons_(commons),
      bytes_max_(bytes_max),
      timer_(Timer::Handler::to<&MemoryWatch::on_timer>(*this)) {}

void MemoryWatch::on_timer() noexcept {
    const Instant now = shard_.now();
    const std::uint64_t bytes = resident_bytes();
    shard_.timers().start(timer_, now + look_interval(bytes, bytes_max_));
    const Pressure before = commons_.pressure.load(std::memory_order_relaxed);
    const Pressure level = pressure_of(bytes, bytes_max_, before);
    commons_.pressure.store(level, std::memory_order_relaxed);
    if (level > Pressure::none && before == Pressure::none) {
        commons_.tell(Notice::memory, now,
                      "80 % of the memory of --memory-max is used: new connections are refused");
    }
    const bool was_short = now < trim_until_;
    if (level >= Pressure::shrinking || (was_short && level > Pressure::none)) {
        trim_until_ = now + trim_after;
    }
    if (now >= trim_until_ || now - trimmed_ < trim_interval) return;
    trimmed_ = now;
    malloc_trim(0);
}

}  // namespace parley::server
