// Cores: lists, masks and who is pinned.
#include "parley_load/cores.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <dirent.h>
#include <fmt/format.h>
#include <memory>
#include <sched.h>
#include <unistd.h>

namespace parley::load {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
};

Cores cores_of(pid_t thread) {
    cpu_set_t set;
    CPU_ZERO(&set);
    Cores cores;
    if (sched_getaffinity(thread, sizeof set, &set) != 0) return cores;
    for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
    return cores;
}

}  // namespace

std::optional<Cores> parse_cores(std::string_view text) {
    Cores cores;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        unsigned first = 0;
        const auto low = std::from_chars(at, end, first);
        if (low.ec != std::errc{}) return std::nullopt;
        unsigned last = first;
        at = low.ptr;
        if (at != end && *at == '-') {
            const auto high = std::from_chars(at + 1, end, last);
            if (high.ec != std::errc{}) return std::nullopt;
            at = high.ptr;
        }
        if (last < first || last >= CPU_SETSIZE) return std::nullopt;
        for (unsigned core = first; core <= last; ++core)
            cores.push_back(core);
        if (at == end) break;
        if (*at != ',') return std::nullopt;
        ++at;
    }
    return cores;
}

Cores own_cores() {
    return cores_of(0);
}

Cores pinned_cores(pid_t pid) {
    const auto all = static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN));
    const std::string path = fmt::format("/proc/{}/task", pid);
    const std::unique_ptr<DIR, CloseFolder> folder{opendir(path.c_str())};
    Cores pinned;
    while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
        if (entry->d_name[0] == '.') continue;
        const Cores cores = cores_of(std::atoi(entry->d_name));
        if (cores.size() < all) pinned.insert(pinned.end(), cores.begin(), cores.end());
    }
    std::ranges::sort(pinned);
    pinned.erase(std::unique(pinned.begin(), pinned.end()), pinned.end());
    return pinned;
}

Cores without(const Cores& from, const Cores& taken) {
    Cores rest;
    std::ranges::copy_if(from, std::back_inserter(rest), [&taken](unsigned core) {
        return std::ranges::find(taken, core) == taken.end();
    });
    return rest;
}

Cores choose_cores(const Cores& wished, const Cores& own, const Cores& pinned_server) {
    if (!wished.empty()) return wished;
    const Cores rest = without(own, pinned_server);
    return rest.size() < own.size() ? rest : Cores{};
}

bool run_on(const Cores& cores) noexcept {
    if (cores.empty()) return true;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const unsigned core : cores)
        CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace parley::load
