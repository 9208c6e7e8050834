#include "store.h"

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <vector>

namespace parley::daemon {
namespace {

constexpr const char* help =
    "Says what a store holds, whether it is whole, and takes it to another one:\n\n"
    "  parley store info --store sqlite:data/parley.db\n"
    "  parley store export --store sqlite:data/parley.db > all.jsonl\n"
    "  parley store import --store sqlite:other.db < all.jsonl\n\n"
    "The store is named as for serve. It may be in use, save for an import.";

void print(const char* name, std::uint64_t number) {
    std::printf("%-14s %" PRIu64 "\n", name, number);
}

void print(const backup::Info& info) {
    std::printf("%-14s %s\n", "kind", info.kind.c_str());
    print("version", info.version);
    print("bytes", info.bytes);
    print("users", info.users);
    print("groups", info.groups);
    print("conversations", info.conversations);
    print("messages", info.messages);
    print("queued", info.queued);
    print("recordings", info.recordings);
}

bool verify(const std::string& store, std::string& error) {
    std::vector<std::string> problems;
    if (!backup::verify(store, problems, error)) return false;
    for (const std::string& each : problems)
        std::printf("%s\n", each.c_str());
    if (problems.empty()) {
        std::printf("the store is whole\n");
    } else {
        error = "the store is not whole: export what can be read, and import it into a new one";
    }
    return problems.empty();
}

bool carry_out(const StoreTask& task, std::string& error) {
    switch (task.what) {
        case StoreTask::What::none:
            return true;
        case StoreTask::What::info: {
            backup::Info info;
            if (!backup::info(task.store, info, error)) return false;
            print(info);
            return true;
        }
        case StoreTask::What::verify:
            return verify(task.store, error);
        case StoreTask::What::write:
            return backup::write(task.store, stdout, error);
        case StoreTask::What::read:
            return backup::read(task.store, stdin, task.into, error);
    }
    return false;
}

}  // namespace

StoreCommand::StoreCommand(CLI::App& app, StoreTask& task)
    : task_(task), line_(*app.add_subcommand("store", help)) {
    line_.require_subcommand(1);
    const auto add = [this](const char* name, const char* about) -> CLI::App& {
        CLI::App& each = *line_.add_subcommand(name, about);
        CLI::Option* store =
            each.add_option("--store", task_.store, "sqlite:PATH or redis://[:password@]HOST:PORT");
        if (task_.store.empty()) store->required();
        return each;
    };
    add("info", "Prints what it holds: counts, sizes and its version.");
    add("verify", "Looks whether it is whole. Exits with 1 if not.");
    add("export", "Writes all of it to standard output, as JSON lines.");
    add("import", "Reads an export from standard input into an empty store.")
        .add_flag("--merge", merge_, "into one that is not empty; what is there stays as it is");
}

void StoreCommand::finish() {
    using What = StoreTask::What;
    task_.what = line_.got_subcommand("info")     ? What::info
                 : line_.got_subcommand("verify") ? What::verify
                 : line_.got_subcommand("export") ? What::write
                                                  : What::read;
    task_.into = merge_ ? backup::Into::any : backup::Into::empty;
}

bool carry_out(const StoreTask& task) {
    std::string error;
    const bool done = carry_out(task, error);
    if (!done) std::fprintf(stderr, "parley: %s\n", error.c_str());
    return done;
}

}  // namespace parley::daemon
