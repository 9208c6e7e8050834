// CPU time: /proc and the thread's clock.
#include "parley_load/cpu.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace parley::load {
namespace {

constexpr int utime_field = 14;  // counted from 1, see proc(5)
constexpr int first_field_after_name = 3;

}  // namespace

std::optional<std::chrono::nanoseconds> process_cpu(pid_t pid) {
    const std::string path = fmt::format("/proc/{}/stat", pid);
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return std::nullopt;
    std::array<char, 1024> text;
    const std::size_t size = std::fread(text.data(), 1, text.size(), file);
    std::fclose(file);
    return parse_process_cpu({text.data(), size});
}

std::optional<std::chrono::nanoseconds> parse_process_cpu(std::string_view stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 > stat.size()) return std::nullopt;
    std::string_view rest = stat.substr(name_end + 2);
    for (int field = first_field_after_name; field < utime_field; ++field) {
        const std::size_t space = rest.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(space + 1);
    }
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    const char* const end = rest.data() + rest.size();
    const auto first = std::from_chars(rest.data(), end, user);
    if (first.ec != std::errc{} || first.ptr == end) return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, system);
    if (second.ec != std::errc{}) return std::nullopt;
    const auto ticks_per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
    return std::chrono::nanoseconds{(user + system) * 1'000'000'000 / ticks_per_second};
}

std::chrono::nanoseconds thread_cpu() noexcept {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace parley::load
