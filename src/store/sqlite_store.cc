#include "store/sqlite_store.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/names.h"

namespace parley::store {

// What is on its way. Used by the shard's thread alone; questions still under way when the store
// ends find it closed, and answer nobody.
struct SqliteStore::Outbox {
    std::size_t questions = 0;
    std::size_t bytes = 0;
    bool open = true;
};

struct SqliteStore::Question : SqliteJob {
    Question(const SqliteStore& store, StoreClient& asker, Ticket number, std::string_view who)
        : SqliteJob(store.mailbox_),
          outbox(store.outbox_),
          client(asker),
          ticket(number),
          user(who),
          size(who.size()) {}

    /// It still takes its turn: answers come in the order asked.
    void refuse(Limit limit) noexcept { refused = limit_error(limit); }

    bool carry_out(SqliteDatabase& database) noexcept final {
        error = refused;
        return refused || ask(database);
    }
    virtual bool ask(SqliteDatabase& database) noexcept = 0;
    void open() noexcept final {
        --outbox->questions;
        outbox->bytes -= size;
        if (outbox->open) answer();
    }
    void fail(Error why) noexcept final { error = why; }
    virtual void answer() noexcept = 0;

    /// Keeps why the file failed; a limit is an answer like any other.
    template <class T>
    bool keep(Result<T>& result) noexcept {
        error.reset();
        if (!result) error = result.error();
        return result.ok() || error->domain == Error::Domain::limit;
    }

    std::shared_ptr<Outbox> outbox;
    StoreClient& client;
    const Ticket ticket;
    const std::string user;
    std::size_t size;              // of all names
    std::optional<Error> refused;  // before it was asked
    std::optional<Error> error;    // why it was not done
};

class SqliteStore::SignIn final : public Question {
public:
    SignIn(const SqliteStore& store, StoreClient& asker, Ticket number, std::string_view who,
           std::string_view device)
        : Question(store, asker, number, who), device_(device) {
        size += device.size();
    }
    bool ask(SqliteDatabase& database) noexcept override {
        Result<SignedIn> result = database.sign_in(user, device_);
        if (!keep(result)) return false;
        if (result) known_ = std::move(*result);
        return true;
    }
    void answer() noexcept override {
        if (error) return client.on_signed_in(ticket, *error);
        client.on_signed_in(ticket, std::move(known_));
    }

private:
    const std::string device_;
    SignedIn known_;
};

class SqliteStore::Change final : public Question {
public:
    Change(const SqliteStore& store, StoreClient& asker, Ticket number, std::string_view who,
           What what, std::span<const std::string_view> groups)
        : Question(store, asker, number, who), what_(what), groups_(groups.begin(), groups.end()) {
        for (const std::string& group : groups_)
            size += group.size();
    }
    bool ask(SqliteDatabase& database) noexcept override {
        Status result = make(database);
        return keep(result);
    }
    void answer() noexcept override {
        if (error) return client.on_stored(ticket, *error);
        client.on_stored(ticket, Ok{});
    }

private:
    Status make(SqliteDatabase& database) noexcept {
        switch (what_) {
            case What::add:
                return database.add_member(user, groups_.front());
            case What::remove:
                return database.remove_member(user, groups_.front());
            case What::set:
                break;
        }
        return database.set_groups(user, groups_);
    }

    const What what_;
    const std::vector<std::string> groups_;
};

SqliteStore::SqliteStore(std::shared_ptr<SqliteThread> thread, std::shared_ptr<Mailbox> mailbox)
    : thread_(std::move(thread)),
      mailbox_(std::move(mailbox)),
      outbox_(std::make_shared<Outbox>()) {}

SqliteStore::~SqliteStore() {
    outbox_->open = false;
}

std::size_t SqliteStore::waiting() const noexcept {
    return outbox_->questions;
}

std::size_t SqliteStore::waiting_bytes() const noexcept {
    return outbox_->bytes;
}

void SqliteStore::submit(std::unique_ptr<Question> question) noexcept {
    if (outbox_->questions >= outbox_questions_max ||
        outbox_->bytes + question->size > outbox_bytes_max) {
        question->error = limit_error(Limit::outbox);
        return question->answer();
    }
    ++outbox_->questions;
    outbox_->bytes += question->size;
    thread_->submit(std::move(question));
}

void SqliteStore::user_signed_in(StoreClient& client, Ticket ticket, std::string_view user,
                                 std::string_view device) noexcept {
    auto question = std::make_unique<SignIn>(*this, client, ticket, user, device);
    if (!is_name(user) || !is_name(device)) question->refuse(Limit::name);
    submit(std::move(question));
}

// Nobody is ever forgotten here.
void SqliteStore::user_signed_out(std::string_view) noexcept {}

void SqliteStore::change(StoreClient& client, Ticket ticket, std::string_view user, What what,
                         std::span<const std::string_view> groups) noexcept {
    auto question = std::make_unique<Change>(*this, client, ticket, user, what, groups);
    if (!is_name(user) || !std::ranges::all_of(groups, is_name)) {
        question->refuse(Limit::name);
    } else if (groups.size() > groups_per_user_max) {
        question->refuse(Limit::groups);
    }
    submit(std::move(question));
}

void SqliteStore::add_member(StoreClient& client, Ticket ticket, std::string_view user,
                             std::string_view group) noexcept {
    change(client, ticket, user, What::add, {&group, 1});
}

void SqliteStore::remove_member(StoreClient& client, Ticket ticket, std::string_view user,
                                std::string_view group) noexcept {
    change(client, ticket, user, What::remove, {&group, 1});
}

void SqliteStore::set_groups(StoreClient& client, Ticket ticket, std::string_view user,
                             std::span<const std::string> groups) noexcept {
    change(client, ticket, user, What::set, distinct(groups));
}

}  // namespace parley::store
