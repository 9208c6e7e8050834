// The contract of store::Store, asked of every backend. A new backend adds itself to the list at
// the end, with what it takes to create it and to wait for its answers.
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

#include "recorder.h"
#include "store/limits.h"
#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/store.h"

namespace parley::store {
namespace {

/// One backend under test, empty.
class Backend {
public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;
    virtual Store& store() = 0;
    /// Returns when every question asked so far is answered.
    virtual void settle() = 0;
};

struct BackendKind {
    const char* name;
    std::unique_ptr<Backend> (*create)();
};

class Contract : public testing::TestWithParam<BackendKind> {
protected:
    Store& store() { return backend_->store(); }

    Answer last() {
        backend_->settle();
        EXPECT_FALSE(recorder_.answers.empty());
        return recorder_.answers.back();
    }
    Answer sign_in(std::string_view user, std::string_view device) {
        store().user_signed_in(recorder_, Ticket{1}, user, device);
        return last();
    }
    Answer add(std::string_view user, std::string_view group) {
        store().add_member(recorder_, Ticket{2}, user, group);
        return last();
    }
    Answer remove(std::string_view user, std::string_view group) {
        store().remove_member(recorder_, Ticket{3}, user, group);
        return last();
    }
    Answer set(std::string_view user, const std::vector<std::string>& groups) {
        store().set_groups(recorder_, Ticket{4}, user, groups);
        return last();
    }
    std::vector<std::string> groups_of(std::string_view user) {
        const Answer answer = sign_in(user, "probe");
        EXPECT_TRUE(answer.signed_in.has_value());
        return answer.signed_in ? answer.signed_in->groups : std::vector<std::string>{};
    }
    static std::vector<std::string> numbered(std::size_t count) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i)
            names.push_back("group " + std::to_string(i));
        return names;
    }

    std::unique_ptr<Backend> backend_ = GetParam().create();
    Recorder recorder_;
};

using Names = std::vector<std::string>;

TEST_P(Contract, KnowsNothingOfAUserAtTheFirstSignIn) {
    const Answer answer = sign_in("ann", "phone");
    ASSERT_TRUE(answer.signed_in.has_value());
    EXPECT_FALSE(answer.signed_in->previous_device.has_value());
    EXPECT_TRUE(answer.signed_in->groups.empty());
}

TEST_P(Contract, AnswersThePreviousDeviceAndStoresTheNewOne) {
    sign_in("ann", "phone");
    EXPECT_EQ(sign_in("ann", "tablet").signed_in->previous_device, "phone");
    EXPECT_EQ(sign_in("ann", "tablet").signed_in->previous_device, "tablet");
    EXPECT_EQ(sign_in("ann", "phone").signed_in->previous_device, "tablet");
}

TEST_P(Contract, KeepsDeviceAndGroupsAcrossASignOut) {
    sign_in("ann", "phone");
    add("ann", "fire");
    store().user_signed_out("ann");
    const Answer answer = sign_in("ann", "phone");
    EXPECT_EQ(answer.signed_in->previous_device, "phone");
    EXPECT_EQ(answer.signed_in->groups, Names{"fire"});
}

TEST_P(Contract, TakesASignOutOfAnUnknownUser) {
    store().user_signed_out("nobody");
    store().user_signed_out("");
    EXPECT_TRUE(groups_of("nobody").empty());
}

TEST_P(Contract, AddsAndRemovesMembers) {
    EXPECT_FALSE(add("ann", "fire").error.has_value());
    EXPECT_FALSE(add("ann", "police").error.has_value());
    EXPECT_EQ(groups_of("ann"), (Names{"fire", "police"}));
    EXPECT_FALSE(remove("ann", "fire").error.has_value());
    EXPECT_EQ(groups_of("ann"), Names{"police"});
}

TEST_P(Contract, CountsAMembershipOnceHoweverOftenItIsAdded) {
    add("ann", "fire");
    EXPECT_FALSE(add("ann", "fire").error.has_value());
    EXPECT_EQ(groups_of("ann"), Names{"fire"});
    remove("ann", "fire");
    EXPECT_TRUE(groups_of("ann").empty());
}

TEST_P(Contract, RemovesAMemberWhoIsNoneWithoutComplaint) {
    EXPECT_FALSE(remove("ann", "fire").error.has_value());
    sign_in("ann", "phone");
    EXPECT_FALSE(remove("ann", "fire").error.has_value());
}

TEST_P(Contract, ReplacesAllGroupsAtOnce) {
    add("ann", "fire");
    EXPECT_FALSE(set("ann", {"police", "harbour", "police"}).error.has_value());
    EXPECT_EQ(groups_of("ann"), (Names{"harbour", "police"}));
    EXPECT_FALSE(set("ann", {}).error.has_value());
    EXPECT_TRUE(groups_of("ann").empty());
}

TEST_P(Contract, KeepsUsersApart) {
    add("ann", "fire");
    add("bob", "police");
    sign_in("ann", "phone");
    EXPECT_EQ(groups_of("bob"), Names{"police"});
    EXPECT_EQ(groups_of("ann"), Names{"fire"});
    EXPECT_TRUE(groups_of("Ann").empty());
}

TEST_P(Contract, TakesAnyBytesAsANameAndConfusesNone) {
    const Names names = {"__proto__",
                         "constructor",
                         std::string("a\0b", 3),
                         "a",
                         "a ",
                         "a*",
                         "\r\nSET x y",
                         "'; DROP TABLE users;--",
                         "\xff\xfe",
                         "u.1",
                         "%",
                         "\xe2\x80\xae",
                         "[a]"};
    for (const std::string& name : names)
        add(name, "group of " + name);
    for (const std::string& name : names)
        EXPECT_EQ(groups_of(name), Names{"group of " + name});
    for (const std::string& name : names) {
        add("ann", name);
        EXPECT_EQ(sign_in("bob", name).error, std::nullopt);
        EXPECT_EQ(sign_in("bob", name).signed_in->previous_device, name);
    }
    Names sorted = names;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(groups_of("ann"), sorted);
}

TEST_P(Contract, RefusesEmptyAndOverlongNames) {
    const std::string longest(name_size_max, 'n');
    const std::string too_long = longest + 'n';
    const Error refused = limit_error(Limit::name);
    EXPECT_EQ(sign_in(longest, longest).error, std::nullopt);
    EXPECT_EQ(add(longest, longest).error, std::nullopt);
    EXPECT_EQ(groups_of(longest), Names{longest});
    for (const std::string& bad : {std::string(), too_long}) {
        EXPECT_EQ(sign_in(bad, "phone").error, refused);
        EXPECT_EQ(sign_in("ann", bad).error, refused);
        EXPECT_EQ(add(bad, "fire").error, refused);
        EXPECT_EQ(add("ann", bad).error, refused);
        EXPECT_EQ(remove(bad, "fire").error, refused);
        EXPECT_EQ(remove("ann", bad).error, refused);
        EXPECT_EQ(set(bad, {"fire"}).error, refused);
        EXPECT_EQ(set("ann", {"fire", bad}).error, refused);
    }
    EXPECT_FALSE(sign_in("ann", "phone").signed_in->previous_device.has_value());
    EXPECT_TRUE(groups_of("ann").empty());
}

TEST_P(Contract, RefusesOneGroupTooManyAndChangesNothing) {
    const Names full = numbered(groups_per_user_max);
    EXPECT_EQ(set("ann", full).error, std::nullopt);
    EXPECT_EQ(add("ann", "one more").error, limit_error(Limit::groups));
    EXPECT_EQ(add("ann", full.front()).error, std::nullopt);
    EXPECT_EQ(set("ann", numbered(groups_per_user_max + 1)).error, limit_error(Limit::groups));
    EXPECT_EQ(groups_of("ann").size(), groups_per_user_max);
    remove("ann", full.front());
    EXPECT_EQ(add("ann", "one more").error, std::nullopt);
}

TEST_P(Contract, CountsRepeatedNamesOnceTowardsTheLimit) {
    Names names = numbered(groups_per_user_max);
    names.push_back(names.front());
    EXPECT_EQ(set("ann", names).error, std::nullopt);
    EXPECT_EQ(groups_of("ann").size(), groups_per_user_max);
}

TEST_P(Contract, AnswersEachQuestionOnceWithItsTicketAndInOrder) {
    const Names fire = {"fire"};
    store().user_signed_in(recorder_, Ticket{10}, "ann", "phone");
    store().add_member(recorder_, Ticket{~0ULL}, "ann", "fire");
    store().remove_member(recorder_, Ticket{0}, "ann", "fire");
    store().set_groups(recorder_, Ticket{7}, "ann", fire);
    store().user_signed_in(recorder_, Ticket{7}, "ann", "");
    backend_->settle();
    ASSERT_EQ(recorder_.answers.size(), 5U);
    const Ticket expected[] = {Ticket{10}, Ticket{~0ULL}, Ticket{0}, Ticket{7}, Ticket{7}};
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(recorder_.answers[i].ticket, expected[i]);
    EXPECT_TRUE(recorder_.answers[0].signed_in.has_value());
    EXPECT_EQ(recorder_.answers[4].error, limit_error(Limit::name));
}

TEST_P(Contract, AnswersTheClientThatAsked) {
    Recorder other;
    store().add_member(recorder_, Ticket{1}, "ann", "fire");
    store().user_signed_in(other, Ticket{2}, "ann", "phone");
    backend_->settle();
    ASSERT_EQ(recorder_.answers.size(), 1U);
    ASSERT_EQ(other.answers.size(), 1U);
    EXPECT_EQ(other.answers[0].signed_in->groups, Names{"fire"});
}

TEST_P(Contract, DoesNotReadNamesAfterTheCall) {
    {
        auto user = std::make_unique<std::string>("ann");
        auto group = std::make_unique<std::string>("a group with a name of some length");
        store().add_member(recorder_, Ticket{1}, *user, *group);
        *user = "xxx";
        *group = "yyy";
    }
    EXPECT_EQ(groups_of("ann"), Names{"a group with a name of some length"});
}

/// Asks again from within an answer, as a login that joins groups does.
class Joiner final : public StoreClient {
public:
    explicit Joiner(Store& store) : store_(store) {}
    void on_signed_in(Ticket ticket, Result<SignedIn> answer) noexcept override {
        if (!answer) return;
        for (const std::string& group : (*answer).groups) {
            store_.add_member(*this, ticket, "ann", group + " again");
        }
    }
    void on_stored(Ticket, Status answer) noexcept override { stored += answer.ok() ? 1 : 0; }

    int stored = 0;

private:
    Store& store_;
};

TEST_P(Contract, TakesQuestionsFromWithinAnAnswer) {
    set("ann", numbered(20));
    Joiner joiner(store());
    store().user_signed_in(joiner, Ticket{1}, "ann", "phone");
    backend_->settle();
    EXPECT_EQ(joiner.stored, 20);
    EXPECT_EQ(groups_of("ann").size(), 40U);
}

class InMemory final : public Backend {
public:
    Store& store() override { return store_; }
    void settle() override {}

private:
    MemoryStore store_{MemoryStoreOptions{users_max_default, HashKey::random()}};
};

class InSqlite final : public Backend {
public:
    Store& store() override { return store_; }
    void settle() override {
        while (store_.waiting() > 0) {
            if (mailbox_->empty()) std::this_thread::yield();
            mailbox_->deliver();
        }
    }

private:
    static std::unique_ptr<SqliteDatabase> open() {
        std::string error;
        auto database = SqliteDatabase::open(":memory:", error);
        EXPECT_NE(database, nullptr) << error;
        return database;
    }

    std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>(ring::Waker{});
    SqliteStore store_{std::make_shared<SqliteThread>(open()), mailbox_};
};

template <class T>
std::unique_ptr<Backend> create() {
    return std::make_unique<T>();
}

INSTANTIATE_TEST_SUITE_P(Backends, Contract,
                         testing::Values(BackendKind{"memory", create<InMemory>},
                                         BackendKind{"sqlite", create<InSqlite>}),
                         [](const testing::TestParamInfo<BackendKind>& kind) {
                             return std::string(kind.param.name);
                         });

}  // namespace
}  // namespace parley::store
