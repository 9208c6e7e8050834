#include "systemd.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace parley::daemon {
namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START
// A server has no more shards than 512; more descriptors are a mistake.
constexpr int descriptors_max = 1024;
constexpr std::string_view wanted_name = "parley";

std::string value_of(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no threads yet
    return value == nullptr ? "" : value;
}

// -1 if it is no number.
long number_in(const std::string& text) {
    long number = -1;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size() ? number : -1;
}

void forget_variables() {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        unsetenv(name);  // NOLINT(concurrency-mt-unsafe): no threads yet
}

// The names between colons, one for each descriptor.
std::vector<std::string> names_in(const std::string& text) {
    std::vector<std::string> names;
    std::size_t at = 0;
    while (at <= text.size() && !text.empty()) {
        const std::size_t colon = std::min(text.find(':', at), text.size());
        names.push_back(text.substr(at, colon - at));
        at = colon + 1;
    }
    return names;
}

}  // namespace

bool take_passed_listeners(std::vector<int>& listeners, std::string& error) {
    const std::string pid = value_of("LISTEN_PID");
    const std::string count_text = value_of("LISTEN_FDS");
    const auto names = names_in(value_of("LISTEN_FDNAMES"));
    // For another process, whose child we are.
    if (count_text.empty() || number_in(pid) != getpid()) return true;
    forget_variables();
    const long count = number_in(count_text);
    if (count < 0 || count > descriptors_max) {
        error = "LISTEN_FDS is " + count_text + ", which is no number of descriptors";
        return false;
    }
    const auto usable = static_cast<std::size_t>(count);
    const bool some_named = names.size() == usable && std::ranges::count(names, wanted_name) > 0;
    for (std::size_t i = 0; i < usable; ++i) {
        if (some_named && names[i] != wanted_name) continue;
        listeners.push_back(first_descriptor + static_cast<int>(i));
    }
    return true;
}

void notify(std::string_view state) noexcept {
    const char* where = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): never set
    if (where == nullptr || where[0] == '\0') return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string_view path{where};
    if (path.size() >= sizeof(address.sun_path)) return;
    std::ranges::copy(path, std::begin(address.sun_path));
    if (path.front() == '@') address.sun_path[0] = '\0';  // abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
    close(socket);
}

}  // namespace parley::daemon
