// backends: the stores that the contract is asked of. A new one adds itself to backends(), with
// what it takes to make it, empty, and to wait for its answers.
#pragma once

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "recorder.h"
#include "shard/shard.h"
#include "store/backend.h"
#include "support/ring_loop.h"

namespace parley::store {

/// A folder that goes with the object.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    std::string file(const char* name) const { return (path_ / name).string(); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// One backend under test, and what it needs around it. Empty at first.
class Fixture {
public:
    Fixture() = default;
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    virtual ~Fixture() = default;

    /// Opens the store once more, as a process does that starts: what lasts is there.
    virtual std::unique_ptr<Backend> open() = 0;
    /// Whether what was kept is there after the last that had it open has ended.
    virtual bool lasts() const { return true; }
};

struct FixtureKind {
    const char* name;
    std::unique_ptr<Fixture> (*create)();
};
/// For INSTANTIATE_TEST_SUITE_P.
std::vector<FixtureKind> backends();

/// A test of the contract: a shard with its door to the backend.
class Contract : public testing::TestWithParam<FixtureKind> {
protected:
    using Strings = std::vector<std::string>;

    Contract() { reopen(); }
    ~Contract() override { close(); }

    /// Asks, and turns the shard until the answer is there.
    template <class Q>
    Result<typename Q::Answer> ask(Q question) {
        const std::size_t before = recorder_.heard.size();
        store().ask(recorder_, Ticket{1}, std::move(question));
        settle(before + 1);
        Result<Answer> answer = std::move(recorder_.heard.back().answer);
        if (!answer) return answer.error();
        auto* held = std::get_if<typename Q::Answer>(&*answer);
        EXPECT_NE(held, nullptr) << "another answer than the question names";
        return std::move(*held);
    }
    /// The same for a question that must succeed.
    template <class Q>
    typename Q::Answer get(Q question) {
        auto answer = ask(std::move(question));
        EXPECT_TRUE(answer.ok());
        return answer ? std::move(*answer) : typename Q::Answer{};
    }
    /// Nothing, or why it failed.
    template <class Q>
    std::optional<Error> error_of(Q question) {
        const auto answer = ask(std::move(question));
        if (answer) return {};
        return answer.error();
    }

    /// Turns the shard until `done()`; false if that does not come about.
    template <class Done>
    bool turn_until(Done done) {
        const Instant give_up = shard_.ring().now() + test::patience_max;
        while (!done()) {
            if (shard_.ring().now() >= give_up) return false;
            shard_.turn(shard_.now() + std::chrono::milliseconds{100});
        }
        return true;
    }
    /// Turns the shard until so many answers have been heard.
    void settle(std::size_t heard);
    Store& store() { return *door_; }
    /// Ends the store and opens it anew.
    void reopen();
    void close();
    bool lasts() const { return fixture_->lasts(); }

    std::vector<std::string> groups_of(const std::string& user) {
        auto groups = get(GetUser{user}).groups;
        std::ranges::sort(groups);
        return groups;
    }
    /// Keeps a text of `sender` with this id; its order.
    std::uint64_t say(const std::string& conversation, const std::string& id,
                      const std::string& body = "hello", const std::string& sender = "ann");

    Fabric fabric_{{.shards = 1, .hash_key = {}}};
    Shard shard_{ShardId{0}, fabric_, test::open_ring({}), {}};
    const std::unique_ptr<Fixture> fixture_ = GetParam().create();
    Recorder recorder_;
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<Store> door_;
};

/// The message as `say` has it.
Message text(const std::string& conversation, const std::string& id,
             const std::string& body = "hello", const std::string& sender = "ann");

constexpr WallTime at(int seconds) {
    return WallTime{std::chrono::seconds{1'700'000'000 + seconds}};
}

}  // namespace parley::store

/// Once in each file of the contract's tests.
#define PARLEY_ASK_ALL_BACKENDS()                                                  \
    INSTANTIATE_TEST_SUITE_P(Backends, Contract, testing::ValuesIn(backends()),    \
                             [](const testing::TestParamInfo<FixtureKind>& kind) { \
                                 return std::string(kind.param.name);              \
                             })
