#include "command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "environment.h"
#include "misspelt.h"
#include "serve_options.h"

#include <parley/version.h>

namespace parley::daemon {
namespace {

constexpr const char* about =
    "Parley: one server for push-to-talk and realtime messaging.\n"
    "Radios and browsers that speak VoicePing connect to it as they are.";

constexpr const char* serve_help =
    "Runs the server.\n\n"
    "A first try:      parley serve --dev\n"
    "With signed ids:  parley serve --listen 0.0.0.0:7420 --jwt-secret-file secret.txt\n"
    "On its own cores: parley serve --cores 2-5 ...\n"
    "Over TLS:         parley serve --tls-cert chain.pem --tls-key key.pem ...\n\n"
    "SIGTERM or SIGINT sends everybody away, within --drain; a second one ends it at once. SIGHUP\n"
    "reads the files of TLS anew, as it does when they change. Every option can also stand in the\n"
    "environment, as PARLEY_LISTEN for --listen.";

constexpr const char* doctor_help =
    "Says whether this machine can run the server, and what to do where it cannot.\n\n"
    "Takes the options of serve, and looks at what a server with them would use. Exits with 0 if\n"
    "one can run, with 78 if not.";

CommandLine mistake(const std::string& text) {
    std::fprintf(stderr, "parley: %s\n", text.c_str());
    return {.status = Exit::usage};
}

// What is there where a command should be.
std::string without_command(const char* instead) {
    const std::string commands =
        "say `parley serve`, `parley doctor` or `parley version`; each explains itself with --help";
    return instead == nullptr ? commands
                              : "there is no command '" + std::string{instead} + "': " + commands;
}

void warn_of_misspelt(const CLI::App& line) {
    std::vector<std::string> known;
    for (const CLI::Option* option : line.get_options())
        if (!option->get_envname().empty()) known.push_back(option->get_envname());
    for (const std::string& sentence : misspelt_variables(known))
        std::fprintf(stderr, "parley: %s\n", sentence.c_str());
}

}  // namespace

CommandLine read_command_line(int argc, char** argv) {
    CommandLine line;
    CLI::App app{about, "parley"};
    app.set_version_flag("--version", PARLEY_VERSION);
    app.require_subcommand(1);
    std::string error;
    Options defaults;
    if (!read_environment(defaults, error)) return mistake(error);
    CLI::App& serve_line = *app.add_subcommand("serve", serve_help);
    CLI::App& doctor_line = *app.add_subcommand("doctor", doctor_help);
    ServeOptions serve{serve_line, defaults};
    ServeOptions doctor{doctor_line, defaults};
    doctor_line.add_flag("--json", line.json, "for programs: a list of objects");
    line.store.store = defaults.store;
    StoreCommand store{app, line.store};
    app.add_subcommand("version", "Prints the version.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::RequiredError&) {  // of a command: no option is required
        return mistake(without_command(argc > 1 ? argv[1] : nullptr));
    } catch (const CLI::ParseError& asked) {
        // CLI11 says by an exception that help was asked for, and what was wrong.
        const bool fine = asked.get_exit_code() == 0;
        app.exit(asked);
        const std::string from = where_from(asked.what(), variables_in_use(serve_line, argc, argv));
        if (!fine && !from.empty()) std::fprintf(stderr, "%s\n", from.c_str() + 1);
        line.status = fine ? Exit::success : Exit::usage;
        return line;
    }
    if (app.got_subcommand("version")) {
        std::printf("parley %s\n", PARLEY_VERSION);
        return line;
    }
    if (app.got_subcommand("store")) {
        store.finish();
        line.action = CommandLine::Action::store;
        return line;
    }
    const bool serves = app.got_subcommand("serve");
    ServeOptions& given = serves ? serve : doctor;
    const CLI::App& used = serves ? serve_line : doctor_line;
    warn_of_misspelt(used);
    line.variables = variables_in_use(used, argc, argv);
    if (!given.finish(error)) return mistake(error + where_from(error, line.variables));
    line.action = serves ? CommandLine::Action::serve : CommandLine::Action::doctor;
    line.options = given.options();
    line.dev = given.dev();
    return line;
}

}  // namespace parley::daemon
