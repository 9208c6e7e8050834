// What the embedded store adds to the contract: that it lasts, group commit, its bound, its files.
#include "store/sqlite_store.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <thread>

#include "recorder.h"
#include "store/limits.h"

namespace parley::store {
namespace {

class SqliteTest : public testing::Test {
protected:
    SqliteTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "parley-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        path = folder / "parley.db";
    }
    ~SqliteTest() override { std::filesystem::remove_all(folder); }

    std::unique_ptr<SqliteDatabase> open() {
        error.clear();
        return SqliteDatabase::open(path.string(), error);
    }
    std::shared_ptr<SqliteThread> start() {
        auto database = open();
        EXPECT_NE(database, nullptr) << error;
        return std::make_shared<SqliteThread>(std::move(database));
    }
    void execute(const char* text) {
        sqlite3* file = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(file, text, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(file);
    }
    void settle(const SqliteStore& store) {
        while (store.waiting() > 0) {
            if (mailbox->empty()) std::this_thread::yield();
            mailbox->deliver();
        }
    }

    std::filesystem::path folder;
    std::filesystem::path path;
    std::string error;
    std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(ring::Waker{});
    Recorder recorder;
};

TEST_F(SqliteTest, KeepsWhatWasAnsweredBeyondItsEnd) {
    {
        SqliteStore store{start(), mailbox};
        store.user_signed_in(recorder, Ticket{1}, "ann", "phone");
        store.add_member(recorder, Ticket{2}, "ann", "fire");
        settle(store);
    }
    SqliteStore store{start(), mailbox};
    store.user_signed_in(recorder, Ticket{3}, "ann", "tablet");
    settle(store);
    ASSERT_EQ(recorder.answers.size(), 3U);
    ASSERT_TRUE(recorder.answers[2].signed_in.has_value());
    EXPECT_EQ(recorder.answers[2].signed_in->previous_device, "phone");
    EXPECT_EQ(recorder.answers[2].signed_in->groups, std::vector<std::string>{"fire"});
}

TEST_F(SqliteTest, CarriesOutWhatItAcceptedBeforeItEnds) {
    {
        auto thread = start();
        SqliteStore store{thread, mailbox};
        for (int i = 0; i < 100; ++i)
            store.add_member(recorder, Ticket{1}, "ann", "group " + std::to_string(i));
    }
    mailbox->deliver();
    EXPECT_TRUE(recorder.answers.empty());  // nobody is there to be told
    SqliteStore store{start(), mailbox};
    store.user_signed_in(recorder, Ticket{2}, "ann", "phone");
    settle(store);
    EXPECT_EQ(recorder.answers.back().signed_in->groups.size(), 100U);
}

TEST_F(SqliteTest, RefusesAtOnceWhatIsMoreThanItsOutboxHolds) {
    const std::string longest(name_size_max, 'n');
    SqliteStore store{start(), mailbox};
    const std::size_t fits = outbox_bytes_max / (2 * name_size_max);
    for (std::size_t i = 0; i < fits; ++i)
        store.add_member(recorder, Ticket{1}, longest, longest);
    // Nothing was delivered yet, so all of it still counts.
    EXPECT_EQ(store.waiting(), fits);
    EXPECT_EQ(store.waiting_bytes(), outbox_bytes_max);
    EXPECT_TRUE(recorder.answers.empty());
    store.add_member(recorder, Ticket{2}, "ann", "fire");
    ASSERT_EQ(recorder.answers.size(), 1U);
    EXPECT_EQ(recorder.answers[0].error, limit_error(Limit::outbox));
    settle(store);
    EXPECT_EQ(store.waiting_bytes(), 0U);
    store.add_member(recorder, Ticket{3}, "ann", "fire");
    settle(store);
    EXPECT_EQ(recorder.answers.back().error, std::nullopt);
}

// A job that the file fails, as one that no longer fits on the disk.
class Spoilt final : public SqliteJob {
public:
    Spoilt(std::shared_ptr<Mailbox> home, int& opened)
        : SqliteJob(std::move(home)), opened_(opened) {}
    bool carry_out(SqliteDatabase& database) noexcept override {
        EXPECT_TRUE(database.add_member("ann", "half done").ok());
        return false;
    }
    void fail(Error) noexcept override {}
    void open() noexcept override { ++opened_; }

private:
    int& opened_;
};

TEST_F(SqliteTest, WhatOneJobSpoilsIsNoLossToOthers) {
    int opened = 0;
    {
        auto thread = start();
        SqliteStore store{thread, mailbox};
        for (int i = 0; i < 50; ++i) {
            store.add_member(recorder, Ticket{1}, "ann", "group " + std::to_string(i));
            thread->submit(std::make_unique<Spoilt>(mailbox, opened));
        }
        settle(store);
        for (const Answer& answer : recorder.answers)
            EXPECT_EQ(answer.error, std::nullopt);
    }
    mailbox->deliver();
    EXPECT_EQ(opened, 50);
    SqliteStore store{start(), mailbox};
    store.user_signed_in(recorder, Ticket{2}, "ann", "phone");
    settle(store);
    const auto& groups = recorder.answers.back().signed_in->groups;
    EXPECT_EQ(groups.size(), 50U);
    EXPECT_EQ(std::ranges::count(groups, "half done"), 0);
}

TEST_F(SqliteTest, SaysWhyAFileCannotBeUsed) {
    path = folder / "no such folder" / "parley.db";
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("folder must exist"), std::string::npos) << error;

    path = folder / "not a store";
    std::ofstream{path} << std::string(5000, 'x');
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("no SQLite file"), std::string::npos) << error;
}

TEST_F(SqliteTest, LeavesTheFileOfANewerVersionAlone) {
    ASSERT_NE(open(), nullptr) << error;
    execute("PRAGMA user_version=1000");
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("newer Parley"), std::string::npos) << error;
}

}  // namespace
}  // namespace parley::store
