// server options: what is kept, and where.
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "server/options.h"
#include "store/sealed_store.h"

namespace parley::server {
namespace {

constexpr const char* file_name = "parley.db";

}  // namespace

bool make_data_folder(const std::string& path, std::string& error) {
    const std::filesystem::path folder{path};
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

bool plan_store(const Options& options, Plan& plan, std::string& error) {
    // Who has a handler keeps what it likes by itself.
    if (options.handler != nullptr) return true;
    plan.store.users_max = options.limits.stored_users_max;
    if (!options.store.empty()) return store::parse_where(options.store, plan.store, error);
    if (options.data_folder.empty()) return true;
    plan.data_folder = options.data_folder;
    plan.store.kind = store::Where::Kind::sqlite;
    plan.store.address = (std::filesystem::path(options.data_folder) / file_name).string();
    return true;
}

std::unique_ptr<store::Backend> open_store(const Plan& plan, std::string& error) {
    if (!plan.data_folder.empty() && !make_data_folder(plan.data_folder, error)) return nullptr;
    auto opened = store::open(plan.store, error);
    if (opened == nullptr || !plan.keys) return opened;
    return store::sealed(std::move(opened), *plan.keys,
                         plan.seals ? store::Seals::yes : store::Seals::no);
}

}  // namespace parley::server
