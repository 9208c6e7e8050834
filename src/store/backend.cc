#include "store/backend.h"

#include <fmt/format.h>
#include <utility>

#include "base/assert.h"
#include "redis/url.h"
#include "store/database_thread.h"
#include "store/memory_store.h"
#include "store/queued_store.h"
#include "store/redis_store.h"
#include "store/sqlite_database.h"

namespace parley::store {
namespace {

class InMemory final : public Backend {
public:
    explicit InMemory(std::unique_ptr<Database> database) {
        shared_.database = std::move(database);
    }
    std::unique_ptr<Store> door(Shard&) override { return std::make_unique<MemoryStore>(shared_); }

private:
    SharedDatabase shared_;
};

class InFile final : public Backend {
public:
    explicit InFile(std::unique_ptr<Database> database) : thread_(std::move(database)) {}
    std::unique_ptr<Store> door(Shard& shard) override {
        return std::make_unique<QueuedStore>(shard, thread_.queue());
    }

private:
    DatabaseThread thread_;
};

template <class Kind>
std::unique_ptr<Backend> backend(std::unique_ptr<Database> database) {
    if (!database) return nullptr;
    return std::make_unique<Kind>(std::move(database));
}

}  // namespace

bool parse_where(std::string_view text, Where& where, std::string& error) {
    constexpr std::string_view sqlite = "sqlite:";
    if (text == "memory") {
        where.kind = Where::Kind::memory;
        where.address.clear();
    } else if (text.starts_with(sqlite) && text.size() > sqlite.size()) {
        where.kind = Where::Kind::sqlite;
        where.address = text.substr(sqlite.size());
    } else if (redis::is_redis_url(text)) {
        if (redis::Url url; !redis::Url::parse(text, url, error)) return false;
        where.kind = Where::Kind::redis;
        where.address = text;
    } else {
        error = fmt::format(
            "'{}' is no store: write sqlite:PATH, redis://[:password@]HOST:PORT[/DB], rediss://... "
            "for TLS, or memory",
            text);
        return false;
    }
    return true;
}

std::unique_ptr<Backend> open_memory() {
    std::string error;
    auto opened = open(Where{}, error);
    PARLEY_ASSERT(opened != nullptr);
    return opened;
}

std::unique_ptr<Backend> open(const Where& where, std::string& error) {
    switch (where.kind) {
        case Where::Kind::memory:
            return backend<InMemory>(
                SqliteDatabase::in_memory(where.users_max, where.memory_bytes_max, error));
        case Where::Kind::sqlite:
            return backend<InFile>(SqliteDatabase::open(where.address, error));
        case Where::Kind::redis:
            break;
    }
    return open_redis(where.address, error);
}

}  // namespace parley::store
