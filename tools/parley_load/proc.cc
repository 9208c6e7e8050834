// /proc: reading and parsing.
#include "parley_load/proc.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace parley::load {
namespace {

using std::chrono::nanoseconds;

constexpr int utime_field = 14;  // counted from 1, see proc(5)
constexpr int first_field_after_name = 3;
constexpr std::size_t file_bytes_max = 65536;

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
};

/// The sum over the living threads; nothing if the kernel keeps no schedstat.
std::optional<nanoseconds> tasks_cpu(pid_t pid) {
    const std::string path = fmt::format("/proc/{}/task", pid);
    const std::unique_ptr<DIR, CloseFolder> folder{opendir(path.c_str())};
    if (!folder) return std::nullopt;
    std::optional<nanoseconds> sum;
    while (const dirent* entry = readdir(folder.get())) {
        if (entry->d_name[0] == '.') continue;
        const std::string file = fmt::format("{}/{}/schedstat", path, entry->d_name);
        const auto stat = parse_schedstat(read_small_file(file));
        if (stat) sum = sum.value_or(nanoseconds{}) + stat->ran;
    }
    return sum;
}

}  // namespace

std::string read_small_file(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return {};
    std::string text(file_bytes_max, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
}

std::optional<SchedStat> parse_schedstat(std::string_view text) noexcept {
    std::int64_t ran = 0;
    std::int64_t waited = 0;
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, ran);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, waited);
    if (second.ec != std::errc{} || ran < 0 || waited < 0) return std::nullopt;
    return SchedStat{nanoseconds{ran}, nanoseconds{waited}};
}

std::optional<nanoseconds> process_cpu(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    if (const auto sum = tasks_cpu(pid)) return sum;
    return parse_process_cpu(read_small_file(fmt::format("/proc/{}/stat", pid)));
}

std::optional<nanoseconds> parse_process_cpu(std::string_view stat) {
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
    return nanoseconds{(user + system) * 1'000'000'000 / ticks_per_second};
}

SchedStat thread_sched() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    const auto stat = parse_schedstat(read_small_file("/proc/thread-self/schedstat"));
    return {std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec},
            stat ? stat->waited : nanoseconds{}};
}

std::optional<std::uint64_t> parse_field(std::string_view text, std::string_view name) noexcept {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(name) || line.substr(name.size()).empty()) continue;
        line.remove_prefix(name.size());
        if (line.front() != ':') continue;
        line.remove_prefix(std::min(line.find_first_not_of(": \t"), line.size()));
        std::uint64_t number = 0;
        const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
        if (read.ec != std::errc{}) return std::nullopt;
        return line.ends_with("kB") ? number * 1024 : number;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_tcp_pages(std::string_view sockstat) noexcept {
    const std::size_t at = sockstat.starts_with("TCP: ") ? 0 : sockstat.find("\nTCP: ");
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view line = sockstat.substr(at + (at == 0 ? 0 : 1));
    line = line.substr(0, line.find('\n'));
    const std::size_t name = line.find(" mem ");
    if (name == std::string_view::npos) return std::nullopt;
    line.remove_prefix(name + 5);
    std::uint64_t pages = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), pages);
    if (read.ec != std::errc{}) return std::nullopt;
    return pages;
}

std::optional<ProcessMemory> process_memory(pid_t pid) {
    const std::string status = read_small_file(fmt::format("/proc/{}/status", pid));
    const auto anonymous = parse_field(status, "RssAnon");
    const auto resident = parse_field(status, "VmRSS");
    if (!anonymous || !resident) return std::nullopt;
    const std::string rollup = read_small_file(fmt::format("/proc/{}/smaps_rollup", pid));
    return ProcessMemory{*anonymous, *resident, parse_field(rollup, "Pss").value_or(0)};
}

KernelMemory kernel_memory() {
    const std::string meminfo = read_small_file("/proc/meminfo");
    const std::string sockstat = read_small_file("/proc/net/sockstat");
    const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return {parse_field(meminfo, "SReclaimable").value_or(0) +
                parse_field(meminfo, "SUnreclaim").value_or(0),
            parse_tcp_pages(sockstat).value_or(0) * page_bytes};
}

}  // namespace parley::load
