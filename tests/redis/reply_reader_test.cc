// What a Redis says, split anywhere, and what a hostile one may try (requirement V20).
#include "redis/reply_reader.h"

#include <gtest/gtest.h>
#include <string>

#include "redis/limits.h"

namespace parley::redis {
namespace {

void feed(ReplyReader& reader, std::string_view text) {
    reader.feed(std::as_bytes(std::span{text}));
}

/// In one line, so that answers can be compared.
std::string text_of(const Reply& reply) {
    switch (reply.kind) {
        case Reply::Kind::nothing:
            return "nil";
        case Reply::Kind::text:
            return "'" + reply.text + "'";
        case Reply::Kind::status:
            return "+" + reply.text;
        case Reply::Kind::error:
            return "-" + reply.text;
        case Reply::Kind::integer:
            return std::to_string(reply.integer);
        case Reply::Kind::array:
            break;
    }
    std::string out = "[";
    for (const Reply& each : reply.elements)
        out += text_of(each) + " ";
    return out + "]";
}

constexpr std::string_view session =
    "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$-1\r\n$0\r\n\r\n*-1\r\n*0\r\n"
    "*3\r\n$1\r\nx\r\n*2\r\n:1\r\n*1\r\n+y\r\n$-1\r\n";
constexpr std::string_view session_read =
    "+OK;-ERR no;-42;'a\r\nbc';nil;'';nil;[];['x' [1 [+y ] ] nil ];";

TEST(ReplyReader, ReadsEveryKindOfAnswerHoweverItIsSplit) {
    for (std::size_t size = 1; size <= session.size(); ++size) {
        ReplyReader reader;
        std::string read;
        for (std::size_t at = 0; at < session.size(); at += size) {
            feed(reader, session.substr(at, size));
            while (const auto reply = reader.next())
                read += text_of(*reply) + ";";
        }
        EXPECT_EQ(read, session_read) << size;
        EXPECT_FALSE(reader.is_broken());
    }
}

bool breaks(std::string_view text) {
    ReplyReader reader;
    feed(reader, text);
    while (reader.next()) {
    }
    return reader.is_broken();
}

TEST(ReplyReader, GivesUpOnWhatNoRedisSays) {
    for (const char* text :
         {"*2147483647\r\n", "*2147483648\r\n", "*-2\r\n", "$-2\r\n", "$9223372036854775808\r\n",
          "?\r\n", "hello\r\n", ":x\r\n", "$x\r\n",
          "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"}) {
        EXPECT_TRUE(breaks(text)) << text;
    }
    std::string deep;
    for (int i = 0; i < 10'000; ++i)
        deep += "*1\r\n";
    EXPECT_TRUE(breaks(deep));
}

TEST(ReplyReader, BoundsTheElementsOfAnAnswerHoweverTheyAreNested) {
    EXPECT_TRUE(breaks("*" + std::to_string(reply_elements_max + 1) + "\r\n"));
    EXPECT_FALSE(breaks("*" + std::to_string(reply_elements_max) + "\r\n"));
    const std::string half = "*" + std::to_string(reply_elements_max / 2) + "\r\n";
    EXPECT_TRUE(breaks("*3\r\n" + half + half));
    EXPECT_TRUE(breaks(half + half + half));
}

TEST(ReplyReader, CountsTheElementsOfEachAnswerAnew) {
    ReplyReader reader;
    std::string answer = "*1000\r\n";
    for (int i = 0; i < 1000; ++i)
        answer += ":1\r\n";
    for (std::size_t i = 0; i < 2 * reply_elements_max / 1000; ++i) {
        feed(reader, answer);
        EXPECT_TRUE(reader.next().has_value());
    }
}

/// Whether it breaks while so much comes, in pieces as a ring hands them up.
bool breaks_within(std::string head, char filler, std::size_t bytes) {
    ReplyReader reader;
    feed(reader, head);
    const std::string piece(4096, filler);
    for (std::size_t fed = 0; fed < bytes; fed += piece.size()) {
        feed(reader, piece);
        static_cast<void>(reader.next());
        if (reader.is_broken()) return true;
    }
    return false;
}

TEST(ReplyReader, BoundsLinesThatDoNotEnd) {
    for (const char* head : {"+", "-", ":", "$", "*", "*1\r\n+", "*1\r\n$"})
        EXPECT_TRUE(breaks_within(head, '1', 4 * reply_line_max)) << head;
}

TEST(ReplyReader, TakesLongTextsButNotEndlessOnes) {
    EXPECT_FALSE(breaks_within("$4000000\r\n", 'x', 3'000'000));
    EXPECT_TRUE(breaks_within("$2000000000\r\n", 'x', reply_bytes_max + 8192));
}

TEST(ReplyReader, SaysNothingMoreOnceBroken) {
    ReplyReader reader;
    feed(reader, "?\r\n");
    EXPECT_FALSE(reader.next().has_value());
    feed(reader, "+OK\r\n");
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.is_broken());
}

TEST(Faults, AreToldByTheFirstWord) {
    EXPECT_EQ(fault_of("LOADING Redis is loading the dataset in memory"), Fault::loading);
    EXPECT_EQ(fault_of("READONLY You can't write against a read only replica."), Fault::read_only);
    EXPECT_EQ(fault_of("MISCONF Redis is configured to save"), Fault::cannot_save);
    EXPECT_EQ(fault_of("OOM command not allowed"), Fault::out_of_memory);
    EXPECT_EQ(fault_of("NOAUTH Authentication required."), Fault::not_allowed);
    EXPECT_EQ(fault_of("NOSCRIPT No matching script."), Fault::no_script);
    EXPECT_EQ(fault_of("LOADINGS"), Fault::other);
    EXPECT_EQ(fault_of(""), Fault::other);
}

}  // namespace
}  // namespace parley::redis
