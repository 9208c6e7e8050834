// server options: what is kept, and where.
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "server/options.h"

namespace parley::server {
namespace {

constexpr const char* file_name = "parley.db";

// True if the folder is there, or was made for this user alone.
bool make_folder(const std::filesystem::path& folder, std::string& error) {
    std::error_code problem;
    if (std::filesystem::is_directory(folder, problem)) return true;
    if (std::filesystem::create_directories(folder, problem)) {
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);
    }
    if (!problem) return true;
    error = fmt::format(
        "the data folder {} cannot be made ({}): name another with --data, or keep nothing with "
        "--store memory",
        folder.string(), problem.message());
    return false;
}

}  // namespace

bool plan_store(const Options& options, Plan& plan, std::string& error) {
    // Who has a handler keeps what it likes by itself.
    if (options.handler != nullptr) return true;
    if (!options.store.empty()) return store::parse_where(options.store, plan.store, error);
    if (options.data_folder.empty()) return true;
    plan.data_folder = options.data_folder;
    plan.store.kind = store::Where::Kind::sqlite;
    plan.store.address = (std::filesystem::path(options.data_folder) / file_name).string();
    return true;
}

std::unique_ptr<store::Backend> open_store(const Plan& plan, std::string& error) {
    if (!plan.data_folder.empty() && !make_folder(plan.data_folder, error)) return nullptr;
    return store::open(plan.store, error);
}

}  // namespace parley::server
