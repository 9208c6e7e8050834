// parley: the program. It uses the public API alone, as any embedder would.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command_line.h"

#include <parley/server.h>

namespace {

using parley::daemon::Exit;

// SIGTERM and SIGINT stop the server, SIGHUP reloads; they come to nobody but wait_for_signal().
// SIGPIPE would end the process when a log's reader goes.
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

void print_warnings(const parley::Server& server) {
    for (const std::string& warning : server.warnings())
        std::fprintf(stderr, "parley: warning: %s\n", warning.c_str());
}

void reload(parley::Server& server) {
    std::string error;
    if (!server.reload(error)) {
        std::fprintf(stderr, "parley: the certificates stay as they were: %s\n", error.c_str());
        return;
    }
    const std::string fingerprint = server.tls_fingerprint();
    if (fingerprint.empty()) return;
    std::fprintf(stderr, "parley: new connections get the certificate with SHA-256 %s\n",
                 fingerprint.c_str());
    print_warnings(server);
}

// Until one that stops. Meanwhile files that change are read anew, a second or two later.
void wait_for_signal(const sigset_t& handled, parley::Server& server) {
    const timespec look_again{.tv_sec = 1, .tv_nsec = 0};
    while (true) {
        const int signal = sigtimedwait(&handled, nullptr, &look_again);
        if (signal == SIGTERM || signal == SIGINT) return;
        if (signal == SIGHUP || server.files_changed()) reload(server);
    }
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

int serve(const parley::daemon::CommandLine& line) {
    sigset_t stopping;
    if (!block_signals(stopping)) return status(Exit::failure);
    std::string error;
    parley::StartFailure failure{};
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
    if (line.options.tls_self_signed) {
        std::printf("the certificate has SHA-256 %s\n", server->tls_fingerprint().c_str());
    }
    if (line.dev) print_dev_hint(server->url());
    std::fflush(stdout);
    print_warnings(*server);
    wait_for_signal(stopping, *server);
    server->stop();
    server->wait();
    return status(Exit::success);
}

}  // namespace

int main(int argc, char** argv) {
    const auto line = parley::daemon::read_command_line(argc, argv);
    if (line.action == parley::daemon::CommandLine::Action::done) return status(line.status);
    return serve(line);
}
