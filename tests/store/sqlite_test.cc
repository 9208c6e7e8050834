// What the embedded store adds to the contract: which files it takes, and what a page of history
// costs.
#include <fstream>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "backends.h"
#include "store/sqlite_database.h"

namespace parley::store {
namespace {

class Sqlite : public testing::Test {
protected:
    std::unique_ptr<SqliteDatabase> open() {
        error.clear();
        return SqliteDatabase::open(path, error);
    }
    void execute(const char* text) {
        sqlite3* file = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(file, text, nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(file);
    }

    TemporaryFolder folder;
    const std::string path = folder.file("parley.db");
    std::string error;
};

TEST_F(Sqlite, LeavesAFileOfANewerVersionAsItIs) {
    ASSERT_NE(open(), nullptr) << error;
    execute("PRAGMA user_version=1000");
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("newer Parley"), std::string::npos) << error;
    EXPECT_NE(error.find(path), std::string::npos) << error;
    execute("SELECT * FROM users");
}

TEST_F(Sqlite, RefusesAFileThatIsNoDatabase) {
    std::ofstream{path} << std::string(10'000, 'x');
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("no SQLite file"), std::string::npos) << error;
}

TEST_F(Sqlite, RefusesAFileWithOtherTables) {
    execute("CREATE TABLE users(something); PRAGMA user_version=1");
    EXPECT_EQ(open(), nullptr);
    EXPECT_NE(error.find("not those of its version"), std::string::npos) << error;
}

TEST_F(Sqlite, SaysWhatToDoWhenItsFolderIsMissing) {
    EXPECT_EQ(SqliteDatabase::open(folder.file("missing/parley.db"), error), nullptr);
    EXPECT_NE(error.find("its folder must exist"), std::string::npos) << error;
}

TEST_F(Sqlite, WritesAheadAndWaitsForTheDisk) {
    const auto file = SqliteFile::open(path, error);
    ASSERT_NE(file, nullptr) << error;
    const Statement mode{*file, "PRAGMA journal_mode"};
    const Statement synchronous{*file, "PRAGMA synchronous"};
    store::Run first{mode};
    ASSERT_TRUE(first.next());
    EXPECT_EQ(first.text(0), "wal");
    store::Run second{synchronous};
    ASSERT_TRUE(second.next());
    EXPECT_EQ(second.number(0), 2);  // FULL
}

// Counted in steps of SQLite's machine and in pages looked at, so that no clock decides.
class Paging : public Sqlite {
protected:
    struct Cost {
        int steps = 0;
        int pages = 0;
    };
    static constexpr std::uint64_t messages_count = 20'000;

    void fill() {
        ASSERT_TRUE(file->execute("BEGIN"));
        for (std::uint64_t i = 1; i <= messages_count; ++i) {
            ASSERT_TRUE(
                messages.answer(KeepMessage{.message = text("g:fire", std::to_string(i))}).ok());
        }
        ASSERT_TRUE(file->execute("COMMIT"));
    }
    Cost cost_of(std::uint64_t before) {
        look();
        auto page =
            messages.answer(GetHistory{.conversation = "g:fire", .from = before, .limit = 50});
        EXPECT_EQ((*page).messages.size(), 50U);
        return look();
    }
    // Since it was looked at last.
    Cost look() {
        Cost cost;
        for (sqlite3_stmt* each = nullptr; (each = sqlite3_next_stmt(file->get(), each));)
            cost.steps += sqlite3_stmt_status(each, SQLITE_STMTSTATUS_VM_STEP, 1);
        for (const int what : {SQLITE_DBSTATUS_CACHE_HIT, SQLITE_DBSTATUS_CACHE_MISS}) {
            int count = 0;
            int highest = 0;
            sqlite3_db_status(file->get(), what, &count, &highest, 1);
            cost.pages += count;
        }
        return cost;
    }

    const std::unique_ptr<SqliteFile> file = SqliteFile::open(path, error);
    SqliteQueue queue{*file};
    SqliteMessages messages{*file, queue};
};

TEST_F(Paging, CostsTheSameAtTheStartAndAtTheEndOfHistory) {
    fill();
    const Cost end = cost_of(0);
    ASSERT_GT(end.steps, 0);
    ASSERT_GT(end.pages, 0);
    for (const std::uint64_t before : {messages_count / 2, std::uint64_t{52}}) {
        const Cost cost = cost_of(before);
        EXPECT_EQ(cost.steps, end.steps) << before;
        EXPECT_NEAR(cost.pages, end.pages, 4) << before;  // a page more where it begins in one
    }
}

}  // namespace
}  // namespace parley::store
