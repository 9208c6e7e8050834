// store::SqliteMessages: conversations, their messages in order, receipts and reactions.
#pragma once

#include "store/sqlite_queue.h"

namespace parley::store {

class SqliteMessages {
public:
    SqliteMessages(SqliteFile& file, SqliteQueue& queue) noexcept;
    bool ok() const noexcept;

    Result<Kept> answer(const KeepMessage& question) noexcept;
    Result<History> answer(const GetHistory& question) noexcept;
    Result<OneMessage> answer(const GetMessage& question) noexcept;
    Result<Done> answer(const EditMessage& question) noexcept;
    Result<Done> answer(const DeleteMessage& question) noexcept;
    Result<Done> answer(const SetReceipt& question) noexcept;
    Result<Receipts> answer(const GetReceipts& question) noexcept;
    Result<Done> answer(const SetReaction& question) noexcept;
    Result<Reactions> answer(const GetReactions& question) noexcept;
    Result<Queued> answer(const Enqueue& question) noexcept;
    Result<Done> answer(const SettleMessage& question) noexcept;
    Result<Done> expire_retries(WallTime now) noexcept;

private:
    struct Conversation {
        std::int64_t id = 0;
        std::uint64_t last = 0;
    };

    Result<Conversation> find_or_make(std::string_view name) noexcept;
    /// Trouble::not_found if there is no such message.
    Result<MessagePlace> find(std::string_view conversation, std::string_view id) noexcept;
    Status write(const Message& message, const MessagePlace& place) noexcept;
    Result<bool> enqueue(const KeepMessage& question, const MessagePlace& place) noexcept;
    /// What was kept before under the id or the retry key; nothing if it is new.
    Result<std::optional<Kept>> find_kept(const KeepMessage& question,
                                          const Conversation& conversation) noexcept;

    SqliteQueue& queue_;
    Statement get_conversation_, add_conversation_, set_last_, find_, find_in_, add_, get_before_,
        get_after_, get_, edit_, wipe_, drop_receipts_, drop_reactions_, add_receipt_,
        get_receipts_, count_reactions_, add_reaction_, drop_reaction_, get_reactions_, find_retry_,
        add_retry_, drop_retries_;
};

}  // namespace parley::store
