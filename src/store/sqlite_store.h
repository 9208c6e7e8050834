// store::SqliteStore: one shard's door to the embedded store.
//
// Answers come in a later turn, through the shard's mailbox, once what was asked has been
// committed. What waits for the file is bounded: beyond it a question is refused at once, and
// nothing of it is done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "shard/mailbox.h"
#include "store/sqlite_thread.h"
#include "store/store.h"

namespace parley::store {

class SqliteStore final : public Store {
public:
    /// The thread is all shards' and ends with the last that holds it.
    SqliteStore(std::shared_ptr<SqliteThread> thread, std::shared_ptr<Mailbox> mailbox);
    ~SqliteStore() override;

    void user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                        std::string_view device) noexcept override;
    void user_signed_out(std::string_view user) noexcept override;
    void add_member(StoreClient& client, Ticket ticket, std::string_view user,
                    std::string_view group) noexcept override;
    void remove_member(StoreClient& client, Ticket ticket, std::string_view user,
                       std::string_view group) noexcept override;
    void set_groups(StoreClient& client, Ticket ticket, std::string_view user,
                    std::span<const std::string> groups) noexcept override;

    /// Questions not yet answered, and the bytes of their names.
    std::size_t waiting() const noexcept;
    std::size_t waiting_bytes() const noexcept;

private:
    struct Outbox;
    struct Question;
    class SignIn;
    class Change;
    enum class What : std::uint8_t { add, remove, set };

    void change(StoreClient& client, Ticket ticket, std::string_view user, What what,
                std::span<const std::string_view> groups) noexcept;
    void submit(std::unique_ptr<Question> question) noexcept;

    std::shared_ptr<SqliteThread> thread_;
    std::shared_ptr<Mailbox> mailbox_;
    std::shared_ptr<Outbox> outbox_;
};

}  // namespace parley::store
