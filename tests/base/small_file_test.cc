#include "base/small_file.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace parley {
namespace {

class SmallFile : public testing::Test {
protected:
    SmallFile() : folder_(testing::TempDir() + "parley-small-file-XXXXXX") {
        EXPECT_NE(mkdtemp(folder_.data()), nullptr);
        path = folder_ + "/file";
    }
    ~SmallFile() override {
        unlink(path.c_str());
        rmdir(folder_.c_str());
    }

    std::string path;
    std::string error;

private:
    std::string folder_;
};

TEST_F(SmallFile, IsReadWhole) {
    std::ofstream{path} << "sixteen bytes ok";
    EXPECT_EQ(read_small_file(path, 100, error), "sixteen bytes ok");
    std::ofstream{path} << "";
    EXPECT_EQ(read_small_file(path, 100, error), "");
}

TEST_F(SmallFile, ShowsThatItIsTooLarge) {
    std::ofstream{path} << std::string(1000, 'x');
    EXPECT_EQ(read_small_file(path, 100, error)->size(), 101U);
}

TEST_F(SmallFile, NamesItselfAndTheReason) {
    EXPECT_FALSE(read_small_file(path, 100, error));
    EXPECT_EQ(error, path + ": No such file or directory");
    EXPECT_FALSE(read_small_file("/", 100, error));
    EXPECT_EQ(error, "/: Is a directory");
    EXPECT_FALSE(read_small_file("/dev/zero", 100, error));
    EXPECT_NE(error.find("no file, and no pipe"), std::string::npos) << error;
}

TEST_F(SmallFile, MayNotBeAPipeThatNobodyWritesTo) {
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(read_small_file(path, 100, error));
    EXPECT_NE(error.find("a pipe that nobody writes to"), std::string::npos) << error;
}

TEST_F(SmallFile, MayBeAPipeWhoseWriterTakesItsTime) {
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const int writer = open(path.c_str(), O_RDWR);  // keeps the pipe until it was read
    std::optional<std::string> content;
    std::thread reads{[&] { content = read_small_file(path, 6, error); }};
    EXPECT_EQ(write(writer, "one ", 4), 4);
    EXPECT_EQ(write(writer, "two", 3), 3);
    reads.join();
    close(writer);
    EXPECT_EQ(content, "one two") << error;
}

TEST_F(SmallFile, MayBeWhatAShellMakesOfACommand) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    EXPECT_EQ(write(ends[1], "secret", 6), 6);
    close(ends[1]);
    EXPECT_EQ(read_small_file("/dev/fd/" + std::to_string(ends[0]), 100, error), "secret") << error;
    close(ends[0]);
}

}  // namespace
}  // namespace parley
