// parley-echo: answers every message with itself, for WebSocket conformance suites.
//
// Shows parley::Handler: a server that relays nothing, whose messages come to the program.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <parley/server.h>

namespace {

constexpr int exit_wrong_command_line = 2;
constexpr int exit_wrong_machine = 78;

constexpr const char* help_text =
    "parley-echo answers every WebSocket message with itself: text with text, binary with binary.\n"
    "It is for conformance suites, so its limits are high: 64 MiB and 1,048,576 fragments a\n"
    "message. It asks for no token and pings nobody.\n"
    "\n"
    "  --listen ADDRESS:PORT       where to listen; port 0: any free one (default 127.0.0.1:9001)\n"
    "  --deflate off|on|takeover   permessage-deflate; on: without context takeover (default on)\n"
    "  --help                      this text\n"
    "\n"
    "Prints `listening on URL` when it is ready. Ends on SIGTERM, when it closes its connections\n"
    "one after the other with 1001 and `reconnect_ms=N`, or on SIGINT, when it does so at once.\n"
    "Exit status: 0 ended by a signal, 1 could not listen, 2 wrong command line, 78 this machine\n"
    "cannot run it.\n";

class Echo final : public parley::Handler {
public:
    void on_message(parley::Socket& socket, parley::MessageType type,
                    std::span<const std::byte> bytes) noexcept override {
        socket.send(type, bytes);
    }
};

parley::Options echo_options(Echo& echo) {
    parley::Options options;
    options.listen = "127.0.0.1:9001";
    options.shards = 1;
    options.allowed_origins = {"*"};  // a suite may run in a browser
    options.handler = &echo;
    parley::Limits& limits = options.limits;
    limits.message_bytes_max = std::size_t{64} << 20;
    limits.fragments_max = 1 << 20;
    // An echo may wait while the next message, as large, is still read.
    limits.send_queue_bytes_max = 2 * limits.message_bytes_max + 64;
    // A suite should see only what it asked for.
    limits.ping_interval = std::chrono::hours{1};
    return options;
}

bool read_deflate(std::string_view word, parley::Deflate& deflate) {
    if (word == "off") deflate = parley::Deflate::off;
    if (word == "on") deflate = parley::Deflate::on;
    if (word == "takeover") deflate = parley::Deflate::takeover;
    return word == "off" || word == "on" || word == "takeover";
}

enum class Wanted { serve, help, nothing };

Wanted read_arguments(int argc, char** argv, parley::Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--help" || name == "-h") return Wanted::help;
        if (i + 1 == argc) return Wanted::nothing;
        const char* value = argv[++i];
        if (name == "--listen") {
            options.listen = value;
        } else if (name != "--deflate" || !read_deflate(value, options.deflate)) {
            return Wanted::nothing;
        }
    }
    return Wanted::serve;
}

int status_of(parley::StartFailure failure) {
    switch (failure) {
        case parley::StartFailure::options:
            return exit_wrong_command_line;
        case parley::StartFailure::machine:
            return exit_wrong_machine;
        default:
            return EXIT_FAILURE;
    }
}

}  // namespace

int main(int argc, char** argv) {
    Echo echo;
    parley::Options options = echo_options(echo);
    switch (read_arguments(argc, argv, options)) {
        case Wanted::help:
            std::fputs(help_text, stdout);
            return EXIT_SUCCESS;
        case Wanted::nothing:
            std::fputs(
                "parley-echo: give --listen ADDRESS:PORT, --deflate off|on|takeover, or nothing; "
                "see --help\n",
                stderr);
            return exit_wrong_command_line;
        case Wanted::serve:
            break;
    }

    // Blocked before the server makes its threads: the signals come to sigwait() alone.
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stopping, nullptr);

    std::string error;
    parley::StartFailure failure{};
    const auto server = parley::Server::start(options, error, failure);
    if (!server) {
        std::fprintf(stderr, "parley-echo: %s\n", error.c_str());
        return status_of(failure);
    }
    std::printf("listening on %s\n", server->url().c_str());
    std::fflush(stdout);
    int signal = 0;
    while (sigwait(&stopping, &signal) == EINTR)
        continue;
    if (signal == SIGTERM) {  // another server follows: its clients are told when to come back
        server->drain();
        server->wait();
    }
    return EXIT_SUCCESS;  // the server closes what is left at once, and ends with its owner
}
