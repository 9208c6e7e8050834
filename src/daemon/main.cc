// parley: the program. It uses the public API alone, as any embedder would.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

#include "command_line.h"

#include <parley/server.h>

namespace {

using parley::daemon::Exit;

// SIGTERM, SIGINT and SIGHUP stop the server and come to nobody but wait_for_signal(). SIGPIPE
// would end the process when a log's reader goes.
bool block_signals(sigset_t& stopping) {
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGINT);
    sigaddset(&stopping, SIGHUP);
    struct sigaction ignored {};
    ignored.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignored, nullptr);
    return pthread_sigmask(SIG_BLOCK, &stopping, nullptr) == 0;
}

// What the server has to say while it runs.
void log(std::string_view sentence) noexcept {
    std::fprintf(stderr, "parley: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

void wait_for_signal(const sigset_t& stopping) {
    int signal = 0;
    while (sigwait(&stopping, &signal) == EINTR)
        continue;
}

void print_dev_hint(const std::string& url) {
    std::printf(
        "\nEverybody is trusted and nothing is kept: for trying out, on this machine only.\n"
        "Try a first conversation, in two more terminals:\n\n"
        "  build/bin/parley-talk --server %s --user bob --group 18 --listen --out heard.wav "
        "--for 10\n"
        "  build/bin/parley-talk --server %s --user alice --group 18 "
        "--say /usr/share/sounds/alsa/Front_Center.wav\n\n",
        url.c_str(), url.c_str());
}

int status(Exit exit) {
    return static_cast<int>(exit);
}

int serve(parley::daemon::CommandLine line) {
    sigset_t stopping;
    if (!block_signals(stopping)) return status(Exit::failure);
    std::string error;
    parley::StartFailure failure{};
    line.options.log = log;
    auto server = parley::Server::start(line.options, error, failure);
    if (!server) {
        std::fprintf(stderr, "parley: %s\n", error.c_str());
        switch (failure) {
            case parley::StartFailure::options:
                return status(Exit::usage);
            case parley::StartFailure::machine:
                return status(Exit::machine);
            default:
                return status(Exit::failure);
        }
    }
    std::printf("listening on %s\n", server->url().c_str());
    if (line.dev) print_dev_hint(server->url());
    std::fflush(stdout);
    wait_for_signal(stopping);
    server->stop();
    server->wait();
    return status(Exit::success);
}

}  // namespace

int main(int argc, char** argv) {
    auto line = parley::daemon::read_command_line(argc, argv);
    if (line.action == parley::daemon::CommandLine::Action::done) return status(line.status);
    return serve(std::move(line));
}
