// store::SqliteQueue: what waits for each user.
//
//   queues  user, last seq given, last seq that gave way          never shrinks
//   queue   user, seq, a body or a message's place                1,000 numbers wide at most
#pragma once

#include "store/questions.h"
#include "store/sqlite_file.h"

namespace parley::store {

/// Where a message is in the tables.
struct MessagePlace {
    std::int64_t conversation = 0;
    std::int64_t order = 0;
};

class SqliteQueue {
public:
    explicit SqliteQueue(SqliteFile& file) noexcept;
    bool ok() const noexcept;

    /// `place`: of the message that the entry is about, if it is about one.
    Result<Queued> add(const Enqueue& entry, const std::optional<MessagePlace>& place) noexcept;
    /// An entry about the message for every member of the group but the sender. False, and nothing
    /// done, if those are more than queued_users_max.
    Result<bool> add_for_members(std::string_view group, const Message& message,
                                 const MessagePlace& place) noexcept;
    Result<Done> drop(const MessagePlace& place) noexcept;
    Result<Done> drop(const MessagePlace& place, std::string_view user) noexcept;

    Result<Queue> answer(const GetQueue& question) noexcept;
    Result<Done> answer(const SettleQueue& question) noexcept;
    Result<Done> expire(WallTime before) noexcept;

private:
    Result<std::uint64_t> next_seq(const Enqueue& entry) noexcept;
    Status make_room(std::string_view user, std::uint64_t seq) noexcept;

    Statement next_, get_ends_, set_last_, set_lost_, add_, trim_, count_members_, next_of_members_,
        lose_of_members_, trim_members_, add_members_, drop_, drop_one_, settle_, get_, get_old_,
        drop_entry_;
};

/// The message in a row whose columns from `first` on are ord, id, sender, kind, sent, edited,
/// deleted, body.
Message read_message(const Run& row, int first, std::string conversation);

}  // namespace parley::store
