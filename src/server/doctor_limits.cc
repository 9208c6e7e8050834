// What limits the process and its place on the machine: descriptors, memory, cores, the network.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "ring/limits.h"
#include "server/doctor.h"
#include "server/options.h"
#include "shard/pinning.h"

namespace parley::server {
namespace {

// A descriptor for each connection until it has a place in a ring's table, of which there are as
// many as descriptors: 65,536 are a small town, and what Debian allows at most by itself.
constexpr std::uint64_t open_files_wanted = 65'536;
// Ring, event, its copy and a listener for each shard, and some for the rest of the program.
constexpr std::uint64_t open_files_of_shard = 4;
constexpr std::uint64_t open_files_of_program = 32;

std::string list_of(const std::vector<int>& cores) {
    return fmt::format("{}", fmt::join(cores, ","));
}

}  // namespace

void Doctor::look_at_open_files() {
    // "Max open files  SOFT  HARD  files"; the server raises the soft limit to the hard one.
    std::string_view text;
    const std::string line = value_in("/proc/self/limits", "Max open files");
    text = line;
    text.remove_prefix(std::min(text.find(' '), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::uint64_t limit = text.starts_with("unlimited") ? UINT64_MAX : number_in(text);
    const std::string found = fmt::format("at most {}", text.substr(0, text.find(' ')));
    const std::string fix =
        "LimitNOFILE=1048576 (systemd), docker run --ulimit nofile=1048576, or "
        "ulimit -Hn 1048576 as root";
    const std::uint64_t least = shards_ * open_files_of_shard + open_files_of_program;
    if (limit < least) {
        return fail("open files", found, fmt::format("{} shards alone need {}", shards_, least),
                    fix);
    }
    if (limit < open_files_wanted) {
        return warn("open files", found, "a shard has as many places for connections as this limit",
                    fix);
    }
    pass("open files", found);
}

void Doctor::look_at_locked_memory() {
    const std::string line = value_in("/proc/self/limits", "Max locked memory");
    const std::string found = line.substr(0, line.find(' '));
    if (probed_.error_number != ENOMEM) return pass("locked memory", found);
    fail("locked memory", found, "a ring did not fit",
         "LimitMEMLOCK=infinity (systemd), docker run "
         "--ulimit memlock=-1, or ulimit -l unlimited as root");
}

std::vector<int> Doctor::allowed() const {
    std::string error;
    const std::string list = value_in("/proc/self/status", "Cpus_allowed_list:");
    return list.empty() ? std::vector<int>{} : parse_cpulist(list, error);
}

std::vector<int> Doctor::chosen() const {
    std::string error;
    return options_.cores.empty() ? allowed() : parse_cpulist(options_.cores, error);
}

void Doctor::look_at_cores() {
    const std::vector<int> here = allowed();
    const std::string found = fmt::format("{} of them: {}", here.size(), list_of(here));
    for (const int core : chosen()) {
        if (std::ranges::find(here, core) != here.end()) continue;
        return fail("cores", found, fmt::format("--cores names {}, which is not there", core),
                    "name others, or widen the affinity: taskset, AllowedCPUs= (systemd), "
                    "docker run --cpuset-cpus");
    }
    if (shards_ > std::max<std::size_t>(here.size(), 1)) {
        return warn("cores", found,
                    fmt::format("{} shards share them, and wait for each other", shards_),
                    fmt::format("--shards {}", here.size()));
    }
    pass("cores", found);
}

void Doctor::look_at_isolation() {
    std::string error;
    const std::string list = line_of("/sys/devices/system/cpu/isolated");
    const std::vector<int> isolated =
        list.empty() ? std::vector<int>{} : parse_cpulist(list, error);
    const std::string found = isolated.empty() ? "no core" : list;
    const auto is_isolated = [&isolated](int core) {
        return std::ranges::find(isolated, core) != isolated.end();
    };
    if (options_.cores.empty()) return pass("isolated cores", found + "; none are asked for");
    if (std::ranges::all_of(chosen(), is_isolated)) return pass("isolated cores", found);
    warn("isolated cores", found, "the scheduler puts other work on the cores of --cores too",
         fmt::format("isolcpus={0} nohz_full={0} on the kernel's command line, or a cpuset with "
                     "cpuset.cpus.partition=isolated",
                     options_.cores));
}

void Doctor::look_at_quota() {
    std::string group = line_of("/proc/self/cgroup");
    const std::size_t colons = group.find("::");
    group = colons == std::string::npos ? "" : group.substr(colons + 2);
    if (group == "/") group.clear();
    const std::string text = line_of("/sys/fs/cgroup" + group + "/cpu.max");
    std::string_view rest = text;
    std::uint64_t quota = 0;
    if (!take_number(rest, quota)) return pass("CPU quota", "none");
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
    const auto period = static_cast<double>(std::max<std::uint64_t>(number_in(rest), 1));
    const double cores = static_cast<double>(quota) / period;
    const std::string found = fmt::format("{:.2f} cores", cores);
    if (cores >= static_cast<double>(shards_)) return pass("CPU quota", found);
    warn("CPU quota", found,
         fmt::format("{} shards have less, and stand still for the rest of each period", shards_),
         "no quota (CPUQuota= in systemd, docker run --cpus, limits.cpu), and --cores instead");
}

void Doctor::look_at_backlog(std::string_view path, std::string name) {
    const std::string text = line_of(path);
    if (text.empty()) return pass(std::move(name), "not there");
    const auto wanted = static_cast<std::uint64_t>(ring::listen_backlog);
    if (number_in(text) >= wanted) return pass(std::move(name), text);
    std::string fix = fmt::format("sysctl -w {}={}", name, wanted);
    warn(std::move(name), text, "in a storm of connects some wait a second and more",
         std::move(fix));
}

void Doctor::look_at_backlogs() {
    look_at_backlog("/proc/sys/net/core/somaxconn", "net.core.somaxconn");
    look_at_backlog("/proc/sys/net/ipv4/tcp_max_syn_backlog", "net.ipv4.tcp_max_syn_backlog");
}

void Doctor::look_at_address() {
    ring::Address address;
    if (!options_.listeners.empty()) return pass("address", "passed by systemd");
    if (!ring::Address::parse(options_.listen, address)) {
        return fail("address", options_.listen, "that is no numeric address and port",
                    "--listen 127.0.0.1:7420");
    }
    const Status status = ring::check_free(address);
    if (status) return pass("address", address.text() + " is free");
    const int error = status.error().code;
    const std::string found =
        fmt::format("{}: {}", address.text(), std::generic_category().message(error));
    if (error == EADDRINUSE && has_predecessor()) {
        return pass("address", address.text() + " is in use, and is to be taken over");
    }
    if (error == EADDRINUSE) {
        return warn("address", found, "somebody listens there: a server that runs, perhaps",
                    fmt::format("ss -ltnp sport = :{}, and end it, or start both with --take-over",
                                address.port));
    }
    if (error == EACCES) {
        return fail("address", found, "ports below 1024 need a privilege",
                    "AmbientCapabilities=CAP_NET_BIND_SERVICE (systemd), or setcap "
                    "cap_net_bind_service=+ep on the program");
    }
    fail("address", found, "this machine has no such address", "ip addr; then name one of these");
}

// What is at the path of --take-over is the socket of a server that runs, or of one that crashed.
bool Doctor::has_predecessor() const {
    struct stat found {};
    return !options_.take_over.empty() && stat(options_.take_over.c_str(), &found) == 0 &&
           S_ISSOCK(found.st_mode);
}

void Doctor::look_at_take_over() {
    const std::string& path = options_.take_over;
    if (path.empty()) return pass("take-over", "not asked for");
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        return fail("take-over", path,
                    fmt::format("the path of a Unix socket has at most {} bytes",
                                sizeof(sockaddr_un::sun_path) - 1),
                    "--take-over with a shorter path, such as /run/parley/take-over.sock");
    }
    struct stat there {};
    if (lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
        return fail("take-over", path, "it is there and is no socket",
                    "give --take-over a path of its own");
    }
    std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    if (folder.empty()) folder = ".";
    if (access(folder.c_str(), W_OK | X_OK) != 0) {
        return fail("take-over", path,
                    fmt::format("a socket cannot be made there: {}",
                                std::generic_category().message(errno)),
                    fmt::format("make {} a folder of this user's (RuntimeDirectory= in systemd), "
                                "or name another path",
                                folder.string()));
    }
    pass("take-over", has_predecessor() ? path + " is there: from a server, or left behind"
                                        : path + " can be made");
}

void Doctor::look_at_options() {
    Plan plan;
    std::string error;
    Options options = options_;
    options.listeners.clear();  // they were looked at, and are to stay as they are
    const StartFailure failure = make_plan(options, plan, error);
    if (failure != StartFailure::options) return pass("options", "they fit together");
    fail("options", "a server would not start with them", error, "parley serve --help");
}

void Doctor::look_at_tls() {
    std::string error;
    const auto certificates = open_tls(options_, "127.0.0.1", error);
    if (!error.empty()) {
        return fail("TLS", "not usable", error,
                    "name the files of one certificate with --tls-cert FILE --tls-key FILE");
    }
    if (certificates == nullptr) return pass("TLS", "not configured");
    const std::string found = fmt::format("SHA-256 {}", certificates->fingerprint());
    const std::vector<std::string> warnings = certificates->warnings();
    if (warnings.empty()) return pass("TLS", found);
    warn("TLS", found, warnings.front(),
         "renew the certificate; a server that runs takes the new files by itself");
}

}  // namespace parley::server
