// chat::Chat: texts, interactive messages, images and receipts, to users and to groups.
//
//   TEXT ─▶ Keeper: stored, then acknowledged ─▶ Delivery: to who is there now, or at its sign-in
//   DELIVERED, READ ─▶ Receipts ─▶ Delivery: back to the sender
//
// See docs/MESSAGES.md and docs/decisions/0016-words-are-stored-before-they-are-acknowledged.md.
#pragma once

#include "chat/delivery.h"
#include "chat/keeper.h"
#include "chat/receipts.h"
#include "session/post.h"

namespace parley::chat {

class Chat final {
public:
    struct Parts {
        Shard& shard;
        session::Sessions& sessions;
        session::Post& post;
        group::Listeners& listeners;
        group::Groups& groups;
        store::Store& store;
    };

    explicit Chat(const Parts& parts) noexcept;
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;
    ~Chat() = default;

    /// A session is about to sign in; it listens to more than before; it takes part no longer.
    void arrive(const session::Session& session) noexcept { delivery_.arrive(session); }
    void listens(session::Session& session) noexcept { delivery_.listens(session); }
    void leave(const session::Session& session) noexcept { delivery_.leave(session); }
    void on_pong(const session::Session& session, std::span<const std::byte> payload) noexcept {
        delivery_.on_pong(session, payload);
    }

    /// A text or an interactive message.
    void on_text(session::Session& from, const wire::Command& command) noexcept;
    void on_image(session::Session& from, const wire::Command& command) noexcept;
    /// DELIVERED or READ; between two users only.
    void on_receipt(session::Session& from, const wire::Command& command) noexcept {
        receipts_.on_receipt(from, command);
    }

    const Keeper& keeper() const noexcept { return keeper_; }
    const Delivery& delivery() const noexcept { return delivery_; }

private:
    Letter letter_of(session::Session& from, const wire::Command& command) noexcept;
    void send(Letter letter, const wire::Command& command, const wire::Event& event) noexcept;
    bool fits(session::Session& from) noexcept;
    bool may_send(session::Session& from, const wire::Command& command) noexcept;

    Shard& shard_;
    session::Post& post_;
    Delivery delivery_;
    Keeper keeper_;
    Receipts receipts_;
    WallTime last_id_{};  // ids of one shard differ even within a millisecond
    std::vector<std::byte> scratch_;
    std::vector<std::byte> body_;
};

}  // namespace parley::chat
