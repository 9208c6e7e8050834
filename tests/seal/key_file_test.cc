#include "seal/key_file.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "seal/bodies.h"
#include "seal/keys.h"

namespace parley::seal {
namespace {

class KeyFiles : public testing::Test {
protected:
    KeyFiles() : folder_(testing::TempDir() + "parley-keys-XXXXXX") {
        EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    }
    ~KeyFiles() override { std::filesystem::remove_all(folder_); }

    std::string path(const char* name) const { return folder_ + "/" + name; }
    std::string file(const char* name, const std::string& content) {
        std::ofstream{path(name), std::ios::binary} << content;
        chmod(path(name).c_str(), 0600);
        return path(name);
    }
    std::string error_;

private:
    std::string folder_;
};

const std::string hex_key(64, 'b');

TEST_F(KeyFiles, NameTheirKeysAndTheFirstSeals) {
    KeyRing keys;
    ASSERT_TRUE(load_keys(
        file("keys", "# two\n\n2026:" + hex_key + "\n2025: " + std::string(42, 'B') + "A=\r\n"),
        keys, error_))
        << error_;
    ASSERT_EQ(keys.keys().size(), 2U);
    EXPECT_EQ(keys.first().id, "2026");
    EXPECT_NE(keys.find("2025"), nullptr);
    EXPECT_NE(keys.find("2025")->mark, keys.first().mark);
}

TEST_F(KeyFiles, MayBeOneKeyAsItIs) {
    KeyRing raw;
    ASSERT_TRUE(load_keys(file("raw", std::string(32, '\xbb')), raw, error_)) << error_;
    KeyRing text;
    ASSERT_TRUE(load_keys(file("text", hex_key), text, error_)) << error_;
    EXPECT_EQ(raw.first().id, text.first().id);  // named after what it is
    EXPECT_EQ(raw.first().mark, text.first().mark);
}

TEST_F(KeyFiles, ThatAreNoneAreRefusedWithoutSayingWhatStandsThere) {
    for (const std::string& content :
         {std::string{}, std::string{"# nothing\n"}, std::string{"a:" + hex_key + "\na:" + hex_key},
          "bad id:" + hex_key, "a:" + hex_key.substr(2), "a:" + hex_key + "zz",
          std::string(20'000, '#')}) {
        KeyRing keys;
        EXPECT_FALSE(load_keys(file("bad", content), keys, error_)) << content;
        EXPECT_NE(error_, "");
        EXPECT_EQ(error_.find("bbbb"), std::string::npos) << error_;
    }
}

TEST_F(KeyFiles, ThatOthersMayReadAreRefused) {
    const std::string keys_file = file("keys", hex_key);
    chmod(keys_file.c_str(), 0640);
    KeyRing keys;
    EXPECT_FALSE(load_keys(keys_file, keys, error_));
    EXPECT_NE(error_.find("chmod 600"), std::string::npos) << error_;
}

TEST_F(KeyFiles, AreMadeForTheirOwnerAloneAndNeverTwice) {
    ASSERT_TRUE(make_key_file(path("new"), error_)) << error_;
    struct stat about {};
    ASSERT_EQ(stat(path("new").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    KeyRing keys;
    ASSERT_TRUE(load_keys(path("new"), keys, error_)) << error_;
    EXPECT_FALSE(make_key_file(path("new"), error_));
    KeyRing again;
    ASSERT_TRUE(load_keys(path("new"), again, error_));
    EXPECT_EQ(again.first().mark, keys.first().mark);
}

TEST_F(KeyFiles, AreKnownByTheirMarks) {
    const std::string marks = path("marks");
    EXPECT_FALSE(has_marks(marks));
    ASSERT_TRUE(check_marks(marks, ring_of({"2025"}), error_)) << error_;
    EXPECT_TRUE(has_marks(marks));
    ASSERT_TRUE(check_marks(marks, ring_of({"2025"}), error_)) << error_;
    // Rotation: a new first key, the old one stays.
    ASSERT_TRUE(check_marks(marks, ring_of({"2026", "2025"}), error_)) << error_;
    ASSERT_TRUE(check_marks(marks, ring_of({"2026", "2025"}), error_)) << error_;
    EXPECT_FALSE(check_marks(marks, ring_of({"2026"}), error_));
    EXPECT_NE(error_.find("'2025'"), std::string::npos) << error_;
}

TEST_F(KeyFiles, WithAWrongKeyUnderARightNameAreRefused) {
    const std::string marks = path("marks");
    ASSERT_TRUE(check_marks(marks, ring_of({"a"}), error_));
    KeyRing wrong;
    Secret other;
    wrong.add("a", other);
    EXPECT_FALSE(check_marks(marks, wrong, error_));
    EXPECT_NE(error_.find("not the one"), std::string::npos) << error_;
}

}  // namespace
}  // namespace parley::seal
