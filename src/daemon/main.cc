// parley: the program. It uses the public API alone, as any embedder would.
#include <cstdio>
#include <string>
#include <string_view>

#include "command_line.h"
#include "dev_hint.h"
#include "doctor.h"
#include "reload.h"
#include "signals.h"
#include "systemd.h"

#include <parley/server.h>

namespace {

using parley::daemon::Exit;

// What the server has to say while it runs.
void log(std::string_view sentence) noexcept {
    std::fprintf(stderr, "parley: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

int status(Exit exit) {
    return static_cast<int>(exit);
}

int status_of(parley::StartFailure failure) {
    switch (failure) {
        case parley::StartFailure::options:
            return status(Exit::usage);
        case parley::StartFailure::machine:
            return status(Exit::machine);
        default:
            return status(Exit::failure);
    }
}

int fail(const std::string& error, parley::StartFailure failure) {
    std::fprintf(stderr, "parley: %s\n", error.c_str());
    return status_of(failure);
}

int serve(parley::daemon::CommandLine& line) {
    std::string error;
    if (!parley::daemon::take_passed_listeners(line.options.listeners, error)) {
        return fail(error, parley::StartFailure::options);
    }
    if (!parley::daemon::block_signals()) return status(Exit::failure);
    parley::StartFailure failure{};
    line.options.log = log;
    auto server = parley::Server::start(line.options, error, failure);
    if (!server) return fail(error + parley::daemon::where_from(error, line.variables), failure);
    std::printf("listening on %s\n", server->url().c_str());
    if (line.options.tls_self_signed) {
        std::printf("the certificate has SHA-256 %s\n", server->tls_fingerprint().c_str());
    }
    if (line.dev) std::fputs(parley::daemon::dev_hint(line.options, server->url()).c_str(), stdout);
    std::fflush(stdout);
    parley::daemon::print_warnings(*server);
    const parley::daemon::Signals signals{*server, line.options};
    parley::daemon::notify("READY=1");
    server->wait();
    parley::daemon::notify("STOPPING=1");
    return status(Exit::success);
}

}  // namespace

int main(int argc, char** argv) {
    auto line = parley::daemon::read_command_line(argc, argv);
    if (line.action == parley::daemon::CommandLine::Action::done) return status(line.status);
    if (line.action == parley::daemon::CommandLine::Action::doctor) {
        using parley::daemon::Report;
        const bool fit =
            parley::daemon::print_findings(line.options, line.json ? Report::json : Report::table);
        return status(fit ? Exit::success : Exit::machine);
    }
    if (line.action == parley::daemon::CommandLine::Action::store) {
        return status(parley::daemon::carry_out(line.store) ? Exit::success : Exit::failure);
    }
    return serve(line);
}
