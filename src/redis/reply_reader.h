// redis::ReplyReader: bytes of a Redis to whole answers, however they are split.
//
// hiredis knows the protocol; what an answer may cost is bounded here, since the Redis may be a
// hostile one (requirement V20): length, elements, depth, and lines that do not end.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "redis/reply.h"

struct redisReader;

namespace parley::redis {

class ReplyReader {
public:
    ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;
    ~ReplyReader();

    /// Takes in what has come. Then call next() until it gives nothing.
    void feed(std::span<const std::byte> bytes);
    /// The next whole answer; nothing if more must come first, or if is_broken().
    std::optional<Reply> next();
    /// What came is no answer, or too large a one: nothing can be understood any more.
    bool is_broken() const noexcept { return broken_; }

private:
    struct Free {
        void operator()(redisReader* reader) const noexcept;
    };

    bool is_too_long() const noexcept;

    std::size_t elements_ = 0;  // of the answer that is being read
    std::unique_ptr<redisReader, Free> reader_;
    bool broken_ = false;

    friend struct ReplyMaker;
};

}  // namespace parley::redis
