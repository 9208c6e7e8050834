// Tokens: as any JWT library would make them.
#include "parley_load/token.h"

#include <cstdio>
#include <gtest/gtest.h>

namespace parley::load {
namespace {

TEST(Token, IsAnHs256Jwt) {
    // Made with Python's hmac and base64.
    EXPECT_EQ(sign_token("a secret of more than 16 bytes", "load-1",
                         std::chrono::system_clock::time_point{std::chrono::seconds{2000000000}}),
              "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
              "eyJ1c2VySWQiOiJsb2FkLTEiLCJ1aWQiOiJsb2FkLTEiLCJleHAiOjIwMDAwMDAwMDB9."
              "YHuM8HpM--K-UhwZrVjyiqOdAqCt-ZYRsd0c-H2yNEc");
}

TEST(Secret, LosesTheLineEndBehindIt) {
    const std::string path = testing::TempDir() + "secret";
    std::FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fputs("two words\r\n", file);
    std::fclose(file);
    EXPECT_EQ(*read_secret(path), "two words");
    EXPECT_EQ(std::remove(path.c_str()), 0);
    EXPECT_FALSE(read_secret(path));
    EXPECT_FALSE(read_secret("/dev/null"));
}

}  // namespace
}  // namespace parley::load
