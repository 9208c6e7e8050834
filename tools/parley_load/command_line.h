// The command line's parts: what options.cc assembles.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "parley_load/options.h"

namespace parley::load {

/// What is read as text or as a number and turned into Options afterwards.
struct CommandLine {
    Options options;
    std::string server = "ws://127.0.0.1:7420";
    std::string pid;
    std::string cores;
    std::string jwt_secret_file;
    std::string close = "alternate";
    std::int64_t seconds = 10;
    std::int64_t connect_seconds = 30;
    std::int64_t hold_ms = 1000;
    std::int64_t burst_ms = 3000;
    std::int64_t frame_ms = 20;
};

/// Declares the options that all scenarios have.
void declare_common(CLI::App& app, CommandLine& line);

/// Adds the subcommands, each with its own options and those of all. Which one was chosen shows in
/// line.options.scenario after parsing.
void declare_scenarios(CLI::App& app, CommandLine& line);

}  // namespace parley::load
