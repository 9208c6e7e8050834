#include "environment.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace parley::daemon {
namespace {

std::string_view value_of(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no threads yet
    return value == nullptr ? std::string_view{} : value;
}

// 0 if the variable is missing, no number, or 0.
long number_of(const char* name) {
    const std::string_view text = value_of(name);
    long number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = problem == std::errc{} && end == text.data() + text.size();
    return whole && number > 0 ? number : 0;
}

void read_milliseconds(const char* name, std::chrono::milliseconds& out) {
    if (const long number = number_of(name); number != 0) out = std::chrono::milliseconds{number};
}

}  // namespace

bool read_environment(Options& options, std::string& error) {
    if (!value_of("PORT").empty()) {
        const long port = number_of("PORT");
        if (port > 65535) {
            error = "PORT must be a port number, at most 65535";
            return false;
        }
        // The router listens on all addresses; a token is needed there (or --trust-the-network).
        if (port != 0) options.listen = "0.0.0.0:" + std::to_string(port);
    }
    const std::string_view own = value_of("ROUTER_JWT_SECRET");
    options.jwt_secret = own.empty() ? value_of("SECRET_KEY") : own;
    options.legacy_join = value_of("LEGACY_JOIN_ENABLED") == "true";
    read_milliseconds("MAXIMUM_AUDIO_DURATION", options.talk_max);
    read_milliseconds("MAXIMUM_IDLE_DURATION", options.silence_max);
    read_milliseconds("GROUP_BUSY_TIMEOUT", options.busy_max);
    read_milliseconds("PING_INTERVAL", options.limits.ping_interval);
    return true;
}

std::string default_data_folder() {
    // systemd names several, one after the other, if the unit does.
    const std::string_view given = value_of("STATE_DIRECTORY");
    if (!given.empty()) return std::string(given.substr(0, given.find(':')));
    const std::string_view state = value_of("XDG_STATE_HOME");
    if (state.starts_with('/')) return std::string(state) + "/parley";
    const std::string_view home = value_of("HOME");
    if (home.starts_with('/')) return std::string(home) + "/.local/state/parley";
    return {};
}

}  // namespace parley::daemon
