// Where things are kept: an SQLite file and its folder, or a Redis.
#include <filesystem>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

#include "redis/examination.h"
#include "server/doctor.h"
#include "server/options.h"
#include "store/sqlite_header.h"

namespace parley::server {
namespace {

namespace fs = std::filesystem;

// Scripts that read before they write need it.
constexpr std::uint64_t redis_version_min = 5;

// Six million messages of 100 bytes (docs/STORE.md).
constexpr std::uint64_t free_bytes_wanted = std::uint64_t{1} << 30;

constexpr const char* own_it = "give it to the user of the server with chown, or name another";

constexpr const char* fix_of(redis::Examination::Refusal refusal) noexcept {
    switch (refusal) {
        case redis::Examination::Refusal::user:
            return "correct user and password in --store";
        case redis::Examination::Refusal::database:
            return "name a database that it has in --store, or raise databases in redis.conf";
        case redis::Examination::Refusal::none:
            break;
    }
    return "start it, or correct host and port in --store";
}

}  // namespace

void Doctor::look_at_sqlite() {
    Plan plan;
    std::string error;
    const bool planned = plan_store(options_, plan, error);  // if not, the row of options says so
    if (!planned || plan.store.kind != store::Where::Kind::sqlite) {
        return pass("SQLite", "not configured");
    }
    const fs::path file = fs::absolute(plan.store.address);
    const fs::path folder = file.parent_path();
    const fs::path there = existing(folder);
    std::error_code problem;
    if (!fs::is_directory(there, problem)) {
        return fail("SQLite", file.string(), there.string() + " is no folder",
                    "name another with --data or --store sqlite:PATH");
    }
    if (there != folder && plan.data_folder.empty()) {
        return fail("SQLite", file.string(), "its folder does not exist",
                    fmt::format("mkdir -p {}", folder.string()));
    }
    if (const std::string trouble = trouble_in(there); !trouble.empty()) {
        return fail("SQLite", file.string(), trouble, own_it);
    }
    look_at_sqlite_file(file.string(), there.string());
}

void Doctor::look_at_sqlite_file(const std::string& file, const std::string& folder) {
    using What = store::SqliteHeader::What;
    const store::SqliteHeader header = store::SqliteHeader::read(file);
    std::string found = file + ", to be made";
    if (header.what != What::missing) {
        if (access(file.c_str(), R_OK | W_OK) != 0) {
            return fail("SQLite", file, "the file cannot be read and written", own_it);
        }
        found = header.version == 0 ? file : fmt::format("{}, version {}", file, header.version);
    }
    if (header.what == What::other) {
        return fail("SQLite", file, "it is no SQLite file",
                    "name another with --store sqlite:PATH");
    }
    if (header.version > store::SqliteHeader::version_known()) {
        return fail("SQLite", found,
                    fmt::format("a newer Parley wrote it; this one knows version {}",
                                store::SqliteHeader::version_known()),
                    "run that one, or name another file with --store sqlite:PATH");
    }
    std::error_code problem;
    const fs::space_info space = fs::space(folder, problem);
    if (problem) return pass("SQLite", found);
    found += fmt::format(", {} MiB free", space.available >> 20);
    if (space.available >= free_bytes_wanted) return pass("SQLite", found);
    warn("SQLite", found, "a million messages take 164 MB, and when the disk is full none is kept",
         "make room, or name a folder on another disk with --data");
}

void Doctor::look_at_redis() {
    if (!redis::is_redis_url(options_.store)) return pass("Redis", "not configured");
    redis::Url url;
    std::string error;
    if (!redis::Url::parse(options_.store, url, error))
        return fail("Redis", "cannot be used", error, "correct --store");
    const redis::Examination found = redis::examine(url);
    if (!found.trouble.empty()) {
        return fail("Redis", url.text(), found.trouble, fix_of(found.refusal));
    }
    if (!found.looked_inside)
        return pass("Redis", url.text() + " takes connections; over TLS no more was looked at");
    const std::string what =
        fmt::format("{}, version {}, appendonly {}, appendfsync {}", url.text(), found.version,
                    found.append_only, found.append_fsync);
    if (number_in(found.version) < redis_version_min)
        return fail("Redis", what, "it is too old for the scripts of Parley",
                    "install Redis 6 or 7");
    if (found.role == "slave") {
        return fail("Redis", what, "it is a replica, which takes no writes",
                    "name the master, or the sentinels with redis+sentinel://");
    }
    if (found.append_only != "yes") {
        return warn("Redis", what, "what Parley says is stored is gone when Redis ends",
                    "redis-cli CONFIG SET appendonly yes, and the same in redis.conf");
    }
    if (found.append_fsync == "no") {
        return warn("Redis", what,
                    "what was stored in the last half minute is gone after a power cut",
                    "redis-cli CONFIG SET appendfsync everysec, and the same in redis.conf");
    }
    pass("Redis", what);
}

}  // namespace parley::server
