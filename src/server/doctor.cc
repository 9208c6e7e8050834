#include "server/doctor.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <utility>

namespace parley::server {
namespace {

struct Release {
    int major = 0;
    int minor = 0;
};

// The flags with which rings are opened are of this release.
constexpr Release oldest{6, 1};

Release release_in(std::string_view text) {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    if (Doctor::take_number(text, major) && text.starts_with('.')) {
        text.remove_prefix(1);
        Doctor::take_number(text, minor);
    }
    return {static_cast<int>(major), static_cast<int>(minor)};
}

// What explain_refusal() says before and behind its colon.
std::pair<std::string, std::string> cause_and_fix(const std::string& sentence) {
    const std::size_t colon = sentence.find(": ");
    if (colon == std::string::npos) return {sentence, "see the kernel's log: dmesg"};
    return {sentence.substr(0, colon), sentence.substr(colon + 2)};
}

}  // namespace

bool Doctor::take_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

std::uint64_t Doctor::number_in(std::string_view text) {
    std::uint64_t number = 0;
    take_number(text, number);
    return number;
}

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
    look_at_take_over();
    look_at_options();
    look_at_tls();
    look_at_sqlite();
    look_at_redis();
    look_at_seal_key();
    look_at_recordings();
    look_at_data_folder();
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

}  // namespace parley::server
