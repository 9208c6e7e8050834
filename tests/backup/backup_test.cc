// A store that goes to another one and comes back is the same.
#include "backup/backup.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "backends.h"
#include "backup/line.h"
#include "store/sqlite_check.h"
#include "support/redis_server.h"

namespace parley::backup {
namespace {

using store::at;

std::unique_ptr<Opened> open(const std::string& where) {
    std::string error;
    auto opened = Opened::open(where, Opened::Missing::create, error);
    EXPECT_NE(opened, nullptr) << error;
    return opened;
}

// A file in memory, for what reads and writes FILE.
class Text {
public:
    std::FILE* begin() { return file_ = open_memstream(&bytes_, &size_); }
    std::string end() {
        std::fclose(file_);
        std::string text(bytes_, size_);
        std::free(bytes_);
        return text;
    }

private:
    std::FILE* file_ = nullptr;
    char* bytes_ = nullptr;
    std::size_t size_ = 0;
};

std::string exported(Opened& store) {
    Text text;
    std::string error;
    EXPECT_TRUE(write(store, text.begin(), error)) << error;
    return text.end();
}

// Why it was refused; empty if it was not.
std::string import(Opened& store, std::string text, Into into = Into::empty) {
    std::FILE* file = fmemopen(text.data(), text.size(), "r");
    std::string error;
    const bool done = read(store, file, into, error);
    std::fclose(file);
    EXPECT_EQ(done, error.empty());
    return error;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

// Something of everything.
void fill(Opened& opened) {
    using namespace store;
    const std::string odd("\0\xff\"\\", 4);
    const auto put = [&opened](auto question) {
        EXPECT_TRUE(opened.ask(std::move(question)).ok());
    };
    put(SignIn{"ann", "phone"});
    put(SignIn{"bob", odd});
    put(AddMember{"ann", "fire", Role::owner});
    put(AddMember{"bob", "fire"});
    put(AddMember{"never signed in", "fire", Role::admin});
    put(AddMember{"bob", odd});
    put(SetSettings{"fire", R"({"record":true})"});
    const std::string fire = group_conversation("fire");
    for (int i = 0; i < 450; ++i) {
        Message message = text(fire, "id " + std::to_string(i), "body " + std::to_string(i) + odd);
        message.kind = static_cast<MessageKind>(i % 5);
        put(KeepMessage{message, QueueFor::members, {}});
    }
    put(EditMessage{fire, "id 3", "other words", at(9)});
    put(DeleteMessage{fire, "id 4"});
    put(SetReceipt{fire, "id 3", "bob", ReceiptKind::read, at(10)});
    put(SetReaction{fire, "id 3", "bob", "\xf0\x9f\x91\x8d"});
    put(Enqueue{.user = "ann",
                .kind = "read",
                .body = "raw" + odd,
                .at = at(11),
                .conversation = fire,
                .message = "id 3"});
    put(Enqueue{.user = "ann", .kind = "news", .body = "of nothing", .at = at(12)});
    put(SettleQueue{"ann", 1});
    put(Enqueue{.user = "carol", .kind = "news", .body = "settled", .at = at(12)});
    put(SettleQueue{"carol", 1});
    put(RevokeToken{"token", at(99)});
    put(KeepRecording{{.id = "burst",
                       .conversation = fire,
                       .sender = "ann",
                       .began = at(5),
                       .length = std::chrono::milliseconds{1234},
                       .bytes = 77,
                       .file = "fire/burst.opus"}});
}

class BackupTest : public testing::Test {
protected:
    BackupTest() { fill(*source); }
    std::string file(const char* name) const { return "sqlite:" + folder.file(name); }

    store::TemporaryFolder folder;
    std::unique_ptr<Opened> source = open(file("source.db"));
};

TEST_F(BackupTest, GoesThroughEveryStoreUnchanged) {
    const std::string original = exported(*source);
    EXPECT_GT(lines_of(original).size(), 450U + 10U);
    const test::RedisServer redis;
    std::string text = original;  // each reads what the one before has written
    for (const std::string& each :
         {std::string("memory"), redis.url(), file("second.db"), redis.url() + "/1"}) {
        SCOPED_TRACE(each);
        const auto other = open(each);
        ASSERT_EQ(import(*other, text), "");
        text = exported(*other);
        EXPECT_EQ(text, original);
        // The same again changes nothing, and needs to be asked for.
        EXPECT_NE(import(*other, original).find("--merge"), std::string::npos);
        EXPECT_EQ(import(*other, original, Into::any), "");
        EXPECT_EQ(exported(*other), original);
    }
}

TEST_F(BackupTest, GivesNewNumbersBehindTheOldOnes) {
    const auto other = open("memory");
    ASSERT_EQ(import(*other, exported(*source)), "");
    auto kept = other->ask(store::KeepMessage{.message = store::text("g:fire", "new")});
    EXPECT_EQ((*kept).order, 451U);
    auto queued =
        other->ask(store::Enqueue{.user = "carol", .kind = "news", .body = "x", .at = at(1)});
    EXPECT_EQ((*queued).seq, 2U);
}

TEST_F(BackupTest, SaysWhichLineItCannotRead) {
    const std::string whole = exported(*source);
    const auto refused = [&](const std::string& from, const std::string& to) {
        std::string text = whole;
        text.replace(text.find(from), from.size(), to);
        return import(*open("memory"), text);
    };
    EXPECT_EQ(refused(R"({"parley_export":1})", R"({"parley_export":2})"),
              "line 1: this is version 2, and 1 is known here");
    EXPECT_EQ(refused(R"({"parley_export":1})", "[]"), "line 1: it is no JSON object");
    EXPECT_EQ(refused(R"({"user":{"name":"ann")", R"({"user":{"name":7)"),
              "line 2: \"name\" is missing or is no such value");
    EXPECT_EQ(refused(R"({"user":)", R"({"uzer":)"),
              "line 2: it is nothing that this version knows");
    const std::size_t end = whole.rfind("{\"end\"");
    EXPECT_NE(import(*open("memory"), whole.substr(0, end)).find("without its last line"),
              std::string::npos);
    const std::vector<std::string> lines = lines_of(whole);
    EXPECT_NE(import(*open("memory"), lines.front() + "\n" + lines.back() + "\n").find("missing"),
              std::string::npos);
    EXPECT_NE(import(*open("memory"), lines.front() + "\n" + std::string(line_size_max + 1, 'x'))
                  .find("longer than any line"),
              std::string::npos);
}

TEST_F(BackupTest, CountsWhatThereIs) {
    Info info;
    std::string error;
    ASSERT_TRUE(count(*source, info, error)) << error;
    EXPECT_EQ(info.kind, "sqlite");
    EXPECT_GE(info.version, 1U);
    EXPECT_GT(info.bytes, 4096U);
    EXPECT_EQ(info.groups, 2U);
    EXPECT_EQ(info.conversations, 1U);
    EXPECT_EQ(info.messages, 450U);
    EXPECT_EQ(info.queued, 899U);
    EXPECT_EQ(info.recordings, 1U);
}

TEST_F(BackupTest, FindsNothingWrongWithAWholeStore) {
    std::vector<std::string> problems;
    std::string error;
    EXPECT_TRUE(verify(*source, problems, error)) << error;
    EXPECT_TRUE(problems.empty()) << problems.front();
}

TEST_F(BackupTest, FindsAHoleInAConversation) {
    store::Message message = store::text("g:police", "far");
    message.order = 5;
    ASSERT_TRUE(source->ask(store::KeepMessage{.message = message}).ok());
    std::vector<std::string> problems;
    std::string error;
    EXPECT_TRUE(verify(*source, problems, error));
    EXPECT_EQ(problems,
              std::vector<std::string>{"conversation g:police: message 5 follows message 0"});
}

// Numbers go on behind all that were given before (decision 0012): that is no hole.
TEST_F(BackupTest, FindsNothingWrongWithARedisThatWasEmptied) {
    const test::RedisServer redis;
    const auto other = open(redis.url());
    ASSERT_EQ(import(*other, exported(*source)), "");
    redis.ask("FLUSHALL");
    const store::KeepMessage question{.message = store::text("g:fire", "new")};
    EXPECT_FALSE(other->ask(question).ok()) << "it finds out by that";
    ASSERT_TRUE(other->ask(question).ok());
    const auto last = open(file("last.db"));
    ASSERT_EQ(import(*last, exported(*other)), "");
    for (Opened* each : {other.get(), last.get()}) {
        Info info;
        std::vector<std::string> problems;
        std::string error;
        ASSERT_TRUE(count(*each, info, error)) << error;
        EXPECT_EQ(info.messages, 1U);
        EXPECT_TRUE(verify(*each, problems, error)) << error;
        EXPECT_EQ(problems, std::vector<std::string>{});
    }
}

TEST_F(BackupTest, FindsAFileThatWasDamaged) {
    source.reset();
    const std::string path = folder.file("source.db");
    {
        std::FILE* raw = std::fopen(path.c_str(), "r+b");
        ASSERT_NE(raw, nullptr);
        std::fseek(raw, 4096, SEEK_SET);
        const std::string noise(20 * 4096, '\x5a');
        std::fwrite(noise.data(), 1, noise.size(), raw);
        std::fclose(raw);
    }
    std::vector<std::string> problems;
    store::check_sqlite(path, problems_max, problems);
    EXPECT_FALSE(problems.empty());
}

}  // namespace
}  // namespace parley::backup
