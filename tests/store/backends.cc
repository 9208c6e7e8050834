#include "backends.h"

#include <cstdlib>

#include "seal/keys.h"
#include "store/sealed_store.h"
#include "support/redis_server.h"

namespace parley::store {
namespace {

class InMemory final : public Fixture {
public:
    std::unique_ptr<Backend> open() override { return open_memory(); }
    bool lasts() const override { return false; }
};

class InSqlite final : public Fixture {
public:
    std::unique_ptr<Backend> open() override {
        std::string error;
        auto opened =
            store::open({.kind = Where::Kind::sqlite, .address = folder_.file("parley.db")}, error);
        EXPECT_NE(opened, nullptr) << error;
        return opened;
    }

private:
    TemporaryFolder folder_;
};

/// A server of its own, since that is what each test begins with: nothing.
class InRedis final : public Fixture {
public:
    std::unique_ptr<Backend> open() override {
        std::string error;
        auto opened = store::open({.kind = Where::Kind::redis, .address = server_.url()}, error);
        EXPECT_NE(opened, nullptr) << error;
        return opened;
    }

private:
    test::RedisServer server_;
};

// In front of a file, as `parley serve` has it.
class Sealed final : public Fixture {
public:
    std::unique_ptr<Backend> open() override { return sealed(file_.open(), keys_, Seals::yes); }

private:
    const seal::KeyRing keys_ = seal::ring_of({"2026"});
    InSqlite file_;
};

template <class T>
std::unique_ptr<Fixture> create() {
    return std::make_unique<T>();
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::filesystem::remove_all(path_);
}

std::vector<FixtureKind> backends() {
    return {{"memory", create<InMemory>},
            {"sqlite", create<InSqlite>},
            {"sealed", create<Sealed>},
            {"redis", create<InRedis>}};
}

void Contract::settle(std::size_t heard) {
    ASSERT_TRUE(turn_until([&] { return recorder_.heard.size() >= heard; }))
        << "a question was not answered";
    ASSERT_EQ(recorder_.heard.size(), heard);
}

void Contract::close() {
    if (door_) {
        door_->stop();
        EXPECT_TRUE(turn_until([&] { return door_->idle(); }));
    }
    door_.reset();
    backend_.reset();
}

void Contract::reopen() {
    close();
    backend_ = fixture_->open();
    door_ = backend_->door(shard_);
}

std::uint64_t Contract::say(const std::string& conversation, const std::string& id,
                            const std::string& body, const std::string& sender) {
    return get(KeepMessage{.message = text(conversation, id, body, sender)}).order;
}

Message text(const std::string& conversation, const std::string& id, const std::string& body,
             const std::string& sender) {
    return {.id = id,
            .conversation = conversation,
            .sender = sender,
            .kind = MessageKind::text,
            .sent = at(0),
            .body = body};
}

}  // namespace parley::store
