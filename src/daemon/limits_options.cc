#include "limits_options.h"

#include <string>

#include "checks.h"

namespace parley::daemon {
namespace {

constexpr const char* group = "Limits";
constexpr const char* per_address = "--limit-sockets-per-address";
constexpr const char* memory_max = "--memory-max";

// --limit-text is PARLEY_LIMIT_TEXT in the environment.
std::string variable_of(const std::string& option) {
    std::string name = "PARLEY_";
    for (const char each : option.substr(2)) {
        name +=
            each == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    }
    return name;
}

// Of every option the help says its default as NAME=VALUE.
template <class Number>
void add(CLI::App& serve, const std::string& name, Number& value, const char* unit,
         const char* meaning) {
    serve.add_option(name, value, meaning)
        ->check(whole_number())
        ->option_text(std::string{unit} + "=" + std::to_string(value))
        ->envname(variable_of(name))
        ->group(group);
}

void add_pace(CLI::App& serve, const std::string& name, Pace& pace, const char* what) {
    add(serve, name, pace.per_second, "N", what);
    add(serve, name + "-burst", pace.burst, "N", "of these at once");
}

void add_paces(CLI::App& serve, Limits& limits) {
    add_pace(serve, "--limit-control", limits.control,
             "requests of one user a second; 0: no limit");
    add_pace(serve, "--limit-text", limits.text,
             "texts and images of one user a second; 0: no limit");
    add_pace(serve, "--limit-joins", limits.joins, "joins of one user a second; 0: no limit");
    add_pace(serve, "--limit-audio-frames", limits.audio_frames,
             "voice frames of one user a second; 0: no limit");
    add_pace(serve, "--limit-audio-bits", limits.audio_bits,
             "voice of one user a second, in bits; 0: no limit");
    add(serve, "--limit-violations", limits.violations_max, "N",
        "refusals that close a connection; 0: none do");
}

void add_times(CLI::App& serve, const Limits& limits, LimitNumbers& numbers) {
    numbers = {.opening_ms = limits.opening_max.count(),
               .ping_ms = limits.ping_interval.count(),
               .pong_ms = limits.pong_max.count(),
               .partial_ms = limits.partial_max.count(),
               .closing_ms = limits.closing_max.count(),
               .send_stall_ms = limits.send_stall_max.count(),
               .lag_ms = limits.lag_max.count()};
    add(serve, "--limit-opening", numbers.opening_ms, "MS",
        "from accept to the end of the request");
    add(serve, "--limit-ping", numbers.ping_ms, "MS",
        "how often a peer is asked whether it is there");
    add(serve, "--limit-pong", numbers.pong_ms, "MS", "how long its answer may take");
    add(serve, "--limit-partial", numbers.partial_ms, "MS",
        "for the rest of a frame that has begun");
    add(serve, "--limit-closing", numbers.closing_ms, "MS", "for a peer to close, once we have");
    add(serve, "--limit-send-stall", numbers.send_stall_ms, "MS",
        "how long a reader may take nothing while something waits");
    add(serve, "--limit-lag", numbers.lag_ms, "MS",
        "a shard whose turns take longer accepts nobody; 0: no limit");
}

}  // namespace

void add_limits(CLI::App& serve, Limits& limits, LimitNumbers& numbers) {
    add(serve, "--limit-message-bytes", limits.message_bytes_max, "BYTES",
        "a message but an image");
    add(serve, "--limit-image-bytes", limits.image_bytes_max, "BYTES", "a message with an image");
    add(serve, "--limit-fragments", limits.fragments_max, "N", "frames of one message");
    add_paces(serve, limits);
    add(serve, "--limit-groups", limits.groups_per_user_max, "N",
        "groups of one user, at most 128");
    add(serve, "--limit-sockets-per-user", limits.sockets_per_user_max, "N",
        "then the oldest is closed; 0: no limit");
    add(serve, per_address, limits.sockets_per_address_max, "N",
        "then 429; 0: no limit. Loopback counts if this is given");
    add_times(serve, limits, numbers);
    add(serve, "--limit-send-queue-bytes", limits.send_queue_bytes_max, "BYTES",
        "text and control that may wait for a reader");
    add(serve, "--limit-stored-users", limits.stored_users_max, "N",
        "users whom a store in memory knows");
    add(serve, "--limit-spare-descriptors", limits.descriptors_spare, "N",
        "descriptors that connections leave to files and stores");
    serve
        .add_option(memory_max, numbers.memory_bytes,
                    "memory of the process, as 512M or 2G; 0: no limit.\n"
                    "Default: that of its cgroup")
        ->transform(size_in_bytes())
        ->option_text("BYTES")
        ->envname(variable_of(memory_max))
        ->group(group);
}

void apply(const CLI::App& serve, const LimitNumbers& numbers, Limits& limits) {
    using std::chrono::milliseconds;
    limits.opening_max = milliseconds{numbers.opening_ms};
    limits.ping_interval = milliseconds{numbers.ping_ms};
    limits.pong_max = milliseconds{numbers.pong_ms};
    limits.partial_max = milliseconds{numbers.partial_ms};
    limits.closing_max = milliseconds{numbers.closing_ms};
    limits.send_stall_max = milliseconds{numbers.send_stall_ms};
    limits.lag_max = milliseconds{numbers.lag_ms};
    limits.loopback_is_counted = serve.count(per_address) > 0;
    if (serve.count(memory_max) > 0) limits.memory_bytes_max = numbers.memory_bytes;
}

}  // namespace parley::daemon
