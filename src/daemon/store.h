// store: `parley store`: what is kept, whether it is whole, and its way to another store.
#pragma once

#include <cstdint>
#include <string>

#include <parley/backup.h>

namespace CLI {  // NOLINT(readability-identifier-naming): its own
class App;
}

namespace parley::daemon {

/// What `parley store ...` was asked to do.
struct StoreTask {
    enum class What : std::uint8_t { none, info, verify, write, read };
    What what = What::none;
    std::string store;
    backup::Into into = backup::Into::empty;
};

/// The subcommand and its own subcommands. `task` holds the default store, and must outlive it.
class StoreCommand {
public:
    StoreCommand(CLI::App& app, StoreTask& task);
    /// After parsing: what was asked for, in the task.
    void finish();

private:
    StoreTask& task_;
    CLI::App& line_;
    bool merge_ = false;
};

/// Carries it out, on standard input and output. False if it failed, or something is not whole;
/// then a sentence was printed to standard error.
bool carry_out(const StoreTask& task);

}  // namespace parley::daemon
