#include "server/doctor.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <utility>

#include "ring/limits.h"
#include "shard/pinning.h"

namespace parley::server {
namespace {

struct Release {
    int major = 0;
    int minor = 0;
};

// The flags with which rings are opened are of this release.
constexpr Release oldest{6, 1};

// A descriptor for each connection until it has a place in a ring's table, of which there are as
// many as descriptors: 65,536 are a small town, and what Debian allows at most by itself.
constexpr std::uint64_t open_files_wanted = 65'536;
// Ring, event, its copy and a listener for each shard, and some for the rest of the program.
constexpr std::uint64_t open_files_of_shard = 4;
constexpr std::uint64_t open_files_of_program = 32;

bool read_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

std::uint64_t number_in(std::string_view text) {
    std::uint64_t number = 0;
    read_number(text, number);
    return number;
}

Release release_in(std::string_view text) {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    if (read_number(text, major) && text.starts_with('.')) {
        text.remove_prefix(1);
        read_number(text, minor);
    }
    return {static_cast<int>(major), static_cast<int>(minor)};
}

std::string list_of(const std::vector<int>& cores) {
    return fmt::format("{}", fmt::join(cores, ","));
}

// What explain_refusal() says before and behind its colon.
std::pair<std::string, std::string> cause_and_fix(const std::string& sentence) {
    const std::size_t colon = sentence.find(": ");
    if (colon == std::string::npos) return {sentence, "see the kernel's log: dmesg"};
    return {sentence.substr(0, colon), sentence.substr(colon + 2)};
}

}  // namespace

Doctor::Doctor(const Options& options, std::string root, ring::Probed probed)
    : options_(options), root_(std::move(root)), probed_(std::move(probed)) {}

std::vector<Finding> Doctor::examine() {
    const std::vector<int> cores = chosen();
    shards_ = options_.shards != 0 ? options_.shards : std::max<std::size_t>(cores.size(), 1);
    look_at_kernel();
    look_at_ring();
    look_at_features();
    look_at_switch();
    look_at_seccomp();
    look_at_open_files();
    look_at_locked_memory();
    look_at_cores();
    look_at_isolation();
    look_at_quota();
    look_at_backlogs();
    look_at_address();
    look_at_options();
    look_at_tls();
    look_at_redis();
    return std::move(findings_);
}

void Doctor::pass(std::string what, std::string found) {
    findings_.push_back({std::move(what), Verdict::pass, std::move(found), {}, {}});
}

void Doctor::warn(std::string what, std::string found, std::string cause, std::string fix) {
    findings_.push_back(
        {std::move(what), Verdict::warn, std::move(found), std::move(cause), std::move(fix)});
}

void Doctor::fail(std::string what, std::string found, std::string cause, std::string fix) {
    findings_.push_back(
        {std::move(what), Verdict::fail, std::move(found), std::move(cause), std::move(fix)});
}

std::string Doctor::line_of(std::string_view path) const {
    std::ifstream file{root_ + std::string{path}};
    std::string line;
    std::getline(file, line);
    return line;
}

std::string Doctor::value_in(std::string_view path, std::string_view name) const {
    std::ifstream file{root_ + std::string{path}};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(name)) continue;
        const std::size_t begin = line.find_first_not_of(" \t", name.size());
        return begin == std::string::npos ? std::string{} : line.substr(begin);
    }
    return {};
}

void Doctor::look_at_kernel() {
    const std::string text = line_of("/proc/sys/kernel/osrelease");
    const Release release = release_in(text);
    if (std::pair{release.major, release.minor} >= std::pair{oldest.major, oldest.minor}) {
        return pass("kernel", text);
    }
    fail("kernel", text.empty() ? "not Linux, or /proc is not mounted" : text,
         "io_uring of this release lacks what Parley uses",
         fmt::format("boot Linux {}.{} or newer; Debian 12 has it", oldest.major, oldest.minor));
}

void Doctor::look_at_ring() {
    if (probed_.error_number == 0) return pass("io_uring", "a ring can be opened");
    const std::string found =
        fmt::format("refused: {}", std::generic_category().message(probed_.error_number));
    const bool forbidden = probed_.error_number == EPERM || probed_.error_number == ENOSYS;
    const bool switched_off = number_in(line_of("/proc/sys/kernel/io_uring_disabled")) > 0;
    if (forbidden && !switched_off && has_filter()) {
        return fail("io_uring", found, fmt::format("a seccomp filter {} forbids it", who_filters()),
                    "allow io_uring_setup, io_uring_enter and io_uring_register: docker run "
                    "--security-opt seccomp=docs/operations/seccomp.json, or with systemd "
                    "SystemCallFilter=@io-uring in addition");
    }
    if (forbidden && switched_off) {
        return fail("io_uring", found, "it is switched off by kernel.io_uring_disabled",
                    "sysctl -w kernel.io_uring_disabled=0");
    }
    auto [cause, fix] = cause_and_fix(ring::explain_refusal(probed_.error_number));
    fail("io_uring", found, std::move(cause), std::move(fix));
}

void Doctor::look_at_features() {
    if (probed_.error_number != 0) {
        return pass("io_uring features", "not tried, since no ring can be opened");
    }
    std::vector<std::string_view> missing;
    std::vector<std::string_view> wanted;
    for (const ring::Feature& each : probed_.features) {
        if (each.there) continue;
        (each.needed ? missing : wanted).push_back(each.name);
    }
    const std::string upgrade = "boot Linux 6.1 or newer";
    if (!missing.empty()) {
        return fail("io_uring features", fmt::format("missing: {}", fmt::join(missing, ", ")),
                    "this kernel is too old, or has them taken out", upgrade);
    }
    if (!wanted.empty()) {
        return warn("io_uring features", fmt::format("missing: {}", fmt::join(wanted, ", ")),
                    "every connection needs a file descriptor, and every call a lookup", upgrade);
    }
    pass("io_uring features", fmt::format("all {} are there", probed_.features.size()));
}

void Doctor::look_at_switch() {
    const std::string text = line_of("/proc/sys/kernel/io_uring_disabled");
    const std::string name = "kernel.io_uring_disabled";
    if (text.empty()) return pass(name, "not there: a kernel before 6.6");
    if (text == "0") return pass(name, text);
    const std::string fix = "sysctl -w kernel.io_uring_disabled=0, and the same in /etc/sysctl.d/";
    if (probed_.error_number == 0) {
        return warn(name, text, "only some users may open rings; this one may", fix);
    }
    fail(name, text,
         text == "1" ? "only members of kernel.io_uring_group may open rings"
                     : "nobody may open rings",
         fix);
}

bool Doctor::has_filter() const {
    return number_in(value_in("/proc/self/status", "Seccomp:")) == 2;
}

std::string Doctor::who_filters() const {
    if (std::ifstream{root_ + "/.dockerenv"}.good()) return "of Docker";
    if (std::ifstream{root_ + "/run/.containerenv"}.good()) return "of Podman";
    const std::string group = line_of("/proc/self/cgroup");
    if (group.find("kubepods") != std::string::npos) return "of Kubernetes";
    if (group.find(".service") != std::string::npos) return "of systemd (SystemCallFilter=)";
    return "of whatever started this process";
}

void Doctor::look_at_seccomp() {
    if (!has_filter()) return pass("seccomp", "no filter");
    if (probed_.error_number == 0) return pass("seccomp", "a filter that allows io_uring");
    warn("seccomp", fmt::format("a filter {}", who_filters()),
         "it may be what refuses io_uring: see there",
         "compare with docs/operations/seccomp.json, which allows what Parley needs");
}

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
    if (!read_number(rest, quota)) return pass("CPU quota", "none");
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
        return warn("address", options_.listen, "that is no numeric address and port",
                    "--listen 127.0.0.1:7420");
    }
    const Status status = ring::check_free(address);
    if (status) return pass("address", address.text() + " is free");
    const int error = status.error().code;
    const std::string found =
        fmt::format("{}: {}", address.text(), std::generic_category().message(error));
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

void Doctor::look_at_options() {
    Plan plan;
    std::string error;
    Options options = options_;
    options.listeners.clear();  // they were looked at, and are to stay as they are
    const StartFailure failure = make_plan(options, plan, error);
    if (failure != StartFailure::options) return pass("options", "they fit together");
    warn("options", "a server would not start with them", error, "parley serve --help");
}

void Doctor::look_at_tls() {
    pass("TLS", "not configured");
}

void Doctor::look_at_redis() {
    pass("Redis", "not configured");
}

}  // namespace parley::server
