// Options: the command line of parley-floor.
#include "floor/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "shard/pinning.h"

namespace parley::bench {
namespace {

constexpr int exit_wrong_command_line = 2;

constexpr const char* about =
    "Relays voice in groups with next to nothing of its own: what this kernel charges for it.\n"
    "\n"
    "  parley-floor --kind io_uring --listen 127.0.0.1:7500 --cores 0\n"
    "  parley-load fanout --server ws://127.0.0.1:7500 ...";

int refuse(const std::string& why) {
    std::fprintf(stderr, "parley-floor: %s\n", why.c_str());
    return exit_wrong_command_line;
}

}  // namespace

std::variant<FloorOptions, int> read_options(int argc, char** argv) {
    CLI::App app{about, "parley-floor"};
    FloorOptions options;
    std::string listen = "127.0.0.1:7420";
    std::string cores;
    std::int64_t min_wait_us = 0;
    const std::map<std::string, FloorOptions::Kind> kinds{
        {"epoll", FloorOptions::Kind::epoll}, {"io_uring", FloorOptions::Kind::io_uring}};
    app.add_option("--kind", options.kind, "epoll or io_uring")
        ->required()
        ->transform(CLI::CheckedTransformer(kinds));
    app.add_option("--listen", listen, "Address and port; port 0: any free one")
        ->capture_default_str();
    app.add_option("--cores", cores, "Pin to the first of these; a floor has one thread");
    app.add_option("--congestion", options.congestion,
                   "TCP's congestion control, as reno; default: the system's choice");
    app.add_flag("--coalesce", options.coalesce,
                 "Frames of one group that came in one turn leave as one send");
    app.add_flag("--fixed-files", options.fixed_files, "io_uring: sockets in the ring's own table");
    app.add_option("--min-wait-us", min_wait_us, "io_uring: how long a turn waits for a batch")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        return refuse(error.what());
    }
    if (!ring::Address::parse(listen, options.listen)) return refuse("--listen is no address");
    options.min_wait = std::chrono::microseconds{min_wait_us};
    if (cores.empty()) return options;
    std::string error;
    const std::vector<int> list = parse_cpulist(cores, error);
    if (list.empty()) return refuse(error);
    options.core = list.front();
    return options;
}

}  // namespace parley::bench
