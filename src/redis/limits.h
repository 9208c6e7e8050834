// redis limits: how much is waited for, how long, and what a Redis may answer.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/time.h"

namespace parley::redis {

/// From the question to its answer, whatever stands between: a chat is told "not stored" within two
/// seconds (requirement H4). A connection that leaves a question open so long is given up.
constexpr Duration answer_max = std::chrono::seconds{2};

/// A connection on which nothing was said for so long is asked whether it lives.
constexpr Duration idle_max = std::chrono::seconds{1};

/// Between two attempts to connect, doubled from the first to the last, each drawn from its upper
/// half: many shards and servers do not come back at once, and each is back within two seconds
/// after Redis is (requirement H4).
constexpr Duration retry_min = std::chrono::milliseconds{100};
constexpr Duration retry_max = std::chrono::milliseconds{1500};

/// TCP's handshake, by the dialer: in a data centre a millisecond. What is lost once is sent again
/// after a second.
constexpr Duration connect_max = std::chrono::milliseconds{1500};

/// What waits for Redis on one shard (requirement H4). Beyond: refused at once.
constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;
constexpr std::size_t waiting_questions_max = 40'000;

/// What leaves as one piece: a few turns' worth of questions; and what may wait below before the
/// next is handed down, so that little is copied twice.
constexpr std::size_t piece_bytes_max = std::size_t{64} << 10;

/// One answer. The largest that is asked for is a page of a hundred messages of 512 KiB.
constexpr std::size_t reply_bytes_max = std::size_t{64} << 20;
/// Elements of one answer, those of its arrays' arrays included: a page has a dozen for each
/// message, the members of a group are the largest set.
constexpr std::size_t reply_elements_max = 250'000;
/// A status, an error, a number or the head of a text. Longer ones come from no Redis.
constexpr std::size_t reply_line_max = std::size_t{16} << 10;

}  // namespace parley::redis
