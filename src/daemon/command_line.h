// command_line: what `parley` was asked to do, from its arguments and the environment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "from_environment.h"
#include "store.h"

#include <parley/options.h>

namespace parley::daemon {

/// Exit statuses, as docs/OPERATIONS.md promises them.
enum class Exit : std::uint8_t { success = 0, failure = 1, usage = 2, machine = 78 };

struct CommandLine {
    enum class Action : std::uint8_t {
        serve,
        doctor,
        store,
        done,  ///< help, the version or a mistake was printed: exit with `status`
    };

    Action action = Action::done;
    Exit status = Exit::success;
    bool dev = false;
    bool json = false;  ///< for doctor
    Options options;
    StoreTask store;
    std::vector<Variable> variables;  ///< that options come from
};

/// Prints help and mistakes itself. Not thread-safe: reads the environment.
CommandLine read_command_line(int argc, char** argv);

}  // namespace parley::daemon
