// chat::Chat: texts, interactive messages, images and receipts, to users and to groups.
//
//   TEXT ─▶ its id and an acknowledgement to the sender ─▶ to the receiver, or the group's home
//
// Nothing is kept yet: who is not there does not get it (the store's issue adds that).
#pragma once

#include "group/groups.h"
#include "session/post.h"

namespace parley::chat {

class Chat {
public:
    Chat(Shard& shard, group::Groups& groups, session::Post& post) noexcept;
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;
    ~Chat() = default;

    /// A text or an interactive message.
    void on_text(session::Session& from, const wire::Command& command) noexcept;
    void on_image(session::Session& from, const wire::Command& command) noexcept;
    /// DELIVERED or READ; between two users only.
    void on_receipt(const wire::Command& command) noexcept;

private:
    struct Sent {
        GroupKey group{};
        UserKey from{};
    };

    void pass_on(session::Session& from, const wire::Event& event, std::string_view to) noexcept;
    void on_group_message(ShardId from, std::span<std::byte> record) noexcept;
    void broadcast(const Sent& sent, const wire::Event& event) noexcept;
    bool fits(session::Session& from) noexcept;
    void acknowledge(session::Session& from, const wire::Command& command,
                     std::string_view id) noexcept;
    bool may_send(session::Session& from, const wire::Command& command) noexcept;
    std::string message_id(const wire::Command& command) noexcept;

    Shard& shard_;
    group::Groups& groups_;
    session::Post& post_;
    WallTime last_id_{};  // ids of one shard differ even within a millisecond
    std::vector<std::byte> scratch_;
};

}  // namespace parley::chat
