// inspect: what a store holds, and whether it is whole.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>

#include "backup/backup.h"
#include "backup/walk.h"
#include "store/sqlite_check.h"

namespace parley::backup {
namespace {

using What = store::List::What;

Result<bool> count_all(Opened& store, Info& info) {
    const auto count = [](std::uint64_t& number) {
        return [&number](const std::string&) -> Result<bool> {
            ++number;
            return true;
        };
    };
    PARLEY_TRY([[maybe_unused]] const bool users,
               for_each_name(store, What::users, count(info.users)));
    PARLEY_TRY([[maybe_unused]] const bool groups,
               for_each_name(store, What::groups, count(info.groups)));
    PARLEY_TRY(
        [[maybe_unused]] const bool conversations,
        for_each_name(store, What::conversations, [&](const std::string& name) -> Result<bool> {
            ++info.conversations;
            using Direction = store::GetHistory::Direction;
            store::GetHistory one{.conversation = name, .limit = 1};
            PARLEY_TRY(const store::History last, store.ask(one));
            one.direction = Direction::forwards;
            PARLEY_TRY(const store::History first, store.ask(one));
            if (first.messages.empty() || last.messages.empty()) return true;
            info.messages += last.messages.front().order - first.messages.front().order + 1;
            return true;
        }));
    PARLEY_TRY([[maybe_unused]] const bool queues,
               for_each_name(store, What::queues, [&](const std::string& name) -> Result<bool> {
                   store::GetQueue next{.user = name};
                   for (bool more = true; more;) {
                       PARLEY_TRY(const store::Queue page, store.ask(next));
                       info.queued += page.entries.size();
                       more = page.more;
                       if (more) next.after = page.entries.back().seq;
                   }
                   return true;
               }));
    store::GetRecordings next;
    for (bool more = true; more;) {
        PARLEY_TRY(const store::Recordings page, store.ask(next));
        info.recordings += page.recordings.size();
        more = page.more;
        if (more) next.after = page.recordings.back().id;
    }
    return true;
}

// Goes through everything and holds what belongs together against each other.
class Verifier final : public Visitor {
public:
    Verifier(Opened& store, std::vector<std::string>& problems) noexcept
        : store_(store), problems_(problems) {}

    bool visit(const store::Question& question) override {
        std::visit(
            [this](const auto& q) {
                if constexpr (requires { check(q); }) check(q);
            },
            question);
        return problems_.size() < problems_max;
    }

private:
    void say(std::string what) { problems_.push_back(std::move(what)); }

    void check(const store::KeepMessage& q) {
        const store::Message& m = q.message;
        if (m.conversation != conversation_) {
            conversation_ = m.conversation;
            order_ = 0;
        }
        const bool begins_anew = order_ == 0 && m.order > store::numbers_after_loss_min;
        if (m.order != order_ + 1 && !begins_anew) {
            say(fmt::format("conversation {}: message {} follows message {}", m.conversation,
                            m.order, order_));
        }
        order_ = m.order;
        if (m.deleted && !m.body.empty()) {
            say(fmt::format("conversation {}: message {} is deleted and has a body", m.conversation,
                            m.order));
        }
    }
    void check(const store::AddMember& q) {
        auto known = store_.ask(store::GetUser{q.user});
        if (!known || std::ranges::count((*known).groups, q.group) != 1) {
            say(fmt::format("group {} has the member {}, who does not have the group", q.group,
                            q.user));
        }
    }
    void check(const store::SignIn& q) {
        auto known = store_.ask(store::GetUser{q.user});
        if (!known) return;
        for (const std::string& group : (*known).groups) {
            auto role = store_.ask(store::GetRole{q.user, group});
            if (!role || !(*role).role) {
                say(fmt::format("user {} has the group {}, which does not have the member", q.user,
                                group));
            }
        }
    }
    void check(const store::Enqueue& q) {
        if (q.body.empty() && q.message.empty()) {
            say(fmt::format("queue of {}: entry {} is about a message that is not there", q.user,
                            q.seq));
        }
    }

    Opened& store_;
    std::vector<std::string>& problems_;
    std::string conversation_;
    std::uint64_t order_ = 0;
};

}  // namespace

bool count(Opened& store, Info& info, std::string& error) {
    switch (store.where().kind) {
        case store::Where::Kind::memory:
            info.kind = "memory";
            break;
        case store::Where::Kind::sqlite: {
            info.kind = "sqlite";
            std::error_code problem;
            const auto size = std::filesystem::file_size(store.where().address, problem);
            info.bytes = problem ? 0 : size;
            info.version = store::sqlite_version;
            break;
        }
        case store::Where::Kind::redis:
            info.kind = "redis";
            break;
    }
    const Result<bool> done = count_all(store, info);
    if (!done) error = fmt::format("the store cannot be read: {}", words_of(done.error()));
    return done.ok();
}

bool verify(Opened& store, std::vector<std::string>& problems, std::string& error) {
    if (store.where().kind == store::Where::Kind::sqlite) {
        store::check_sqlite(store.where().address, problems_max, problems);
        if (!problems.empty()) return true;  // what lies in such a file says nothing
    }
    Verifier verifier{store, problems};
    return walk(store, verifier, error) || error.empty();
}

}  // namespace parley::backup
