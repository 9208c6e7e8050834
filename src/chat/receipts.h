// chat::Receipts: DELIVERED and READ, on their way back to who sent the message.
//
//   receiver's home: it has got this ─▶ settled            (Delivery)
//     └─▶ sender's home: kept with the message, and in the sender's queue ─▶ sent, as anything kept
//
// A receipt for what was never kept, and one that the store cannot take, is passed on as it is.
#pragma once

#include <unordered_map>

#include "chat/delivery.h"
#include "session/post.h"

namespace parley::chat {

class Receipts final : private store::StoreClient {
public:
    Receipts(Shard& shard, store::Store& store, Delivery& delivery) noexcept;
    Receipts(const Receipts&) = delete;
    Receipts& operator=(const Receipts&) = delete;
    ~Receipts() = default;

    void on_receipt(session::Session& from, const wire::Command& command) noexcept;

private:
    struct Waiting {
        UserKey to{};
        std::string conversation, id;
        std::string body;
    };

    void on_record(ShardId from, std::span<std::byte> record) noexcept;
    void keep(store::ReceiptKind kind, const std::vector<std::string_view>& parts) noexcept;
    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;
    void pass_on(const Waiting& waiting, bool queued) noexcept;

    Shard& shard_;
    store::Store& store_;
    Delivery& delivery_;
    std::unordered_map<std::uint64_t, Waiting> waiting_;  // by ticket
    std::uint64_t tickets_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace parley::chat
