#include "backup/walk.h"

#include <fmt/format.h>

namespace parley::backup {
namespace {

using What = store::List::What;

class Walk {
public:
    Walk(Opened& store, Visitor& visitor) noexcept : store_(store), visitor_(visitor) {}

    Result<bool> all() {
        using Step = Result<bool> (Walk::*)(const std::string&);
        constexpr std::pair<What, Step> steps[] = {{What::users, &Walk::user},
                                                   {What::groups, &Walk::group},
                                                   {What::conversations, &Walk::conversation},
                                                   {What::queues, &Walk::queue}};
        for (const auto& step : steps) {
            const auto take = [&](const std::string& name) { return (this->*step.second)(name); };
            PARLEY_TRY(const bool go_on, for_each_name(store_, step.first, take));
            if (!go_on) return false;
        }
        PARLEY_TRY(const bool tokens_done, tokens());
        return tokens_done ? recordings() : Result<bool>{false};
    }

private:
    Result<bool> user(const std::string& name) {
        PARLEY_TRY(const store::SignedIn known, store_.ask(store::GetUser{name}));
        if (!known.previous_device) return true;
        return visitor_.visit(store::SignIn{name, *known.previous_device});
    }

    Result<bool> group(const std::string& name) {
        PARLEY_TRY(const store::Settings settings, store_.ask(store::GetSettings{name}));
        if (settings.json && !visitor_.visit(store::SetSettings{name, *settings.json})) {
            return false;
        }
        store::GetMembers next{.group = name, .after = {}};
        for (bool more = true; more;) {
            PARLEY_TRY(const store::Members page, store_.ask(next));
            for (const store::Member& each : page.members) {
                if (!visitor_.visit(store::AddMember{each.user, name, each.role})) return false;
            }
            more = page.more;
            if (more) next.after = page.members.back().user;
        }
        return true;
    }

    Result<bool> conversation(const std::string& name) {
        store::GetHistory next{.conversation = name,
                               .direction = store::GetHistory::Direction::forwards};
        for (bool more = true; more;) {
            PARLEY_TRY(const store::History page, store_.ask(next));
            for (const store::Message& each : page.messages) {
                PARLEY_TRY(const bool go_on, message(each));
                if (!go_on) return false;
            }
            more = page.more;
            if (more) next.from = page.messages.back().order;
        }
        return true;
    }

    Result<bool> message(const store::Message& message) {
        if (!visitor_.visit(store::KeepMessage{.message = message})) return false;
        if (message.deleted) return true;
        PARLEY_TRY(const store::Receipts receipts,
                   store_.ask(store::GetReceipts{message.conversation, message.id}));
        for (const store::Receipt& each : receipts.receipts) {
            if (!visitor_.visit(store::SetReceipt{message.conversation, message.id, each.user,
                                                  each.kind, each.at})) {
                return false;
            }
        }
        PARLEY_TRY(const store::Reactions reactions,
                   store_.ask(store::GetReactions{message.conversation, message.id}));
        for (const store::Reaction& each : reactions.reactions) {
            if (!visitor_.visit(store::SetReaction{.conversation = message.conversation,
                                                   .id = message.id,
                                                   .user = each.user,
                                                   .emoji = each.emoji})) {
                return false;
            }
        }
        return true;
    }

    // A queue without entries still has the last number it gave.
    Result<bool> queue(const std::string& user) {
        store::GetQueue next{.user = user};
        std::uint64_t last_seq = 0;
        for (bool more = true; more;) {
            PARLEY_TRY(const store::Queue page, store_.ask(next));
            for (const store::QueueEntry& each : page.entries) {
                store::Enqueue entry{.user = user,
                                     .kind = each.kind,
                                     .body = each.body,
                                     .at = each.at,
                                     .seq = each.seq};
                if (each.message) entry.conversation = each.message->conversation;
                if (each.message) entry.message = each.message->id;
                if (!visitor_.visit(entry)) return false;
                next.after = each.seq;
            }
            more = page.more;
            last_seq = page.last_seq;
        }
        if (next.after > 0 || last_seq == 0) return true;
        return visitor_.visit(store::SettleQueue{user, last_seq});
    }

    Result<bool> tokens() {
        store::GetRevoked next;
        for (bool more = true; more;) {
            PARLEY_TRY(const store::RevokedTokens page, store_.ask(next));
            for (const store::RevokedToken& each : page.tokens) {
                if (!visitor_.visit(store::RevokeToken{each.id, each.until})) return false;
            }
            more = page.more;
            if (more) next.after = page.tokens.back().id;
        }
        return true;
    }

    Result<bool> recordings() {
        store::GetRecordings next;
        for (bool more = true; more;) {
            PARLEY_TRY(const store::Recordings page, store_.ask(next));
            for (const store::Recording& each : page.recordings) {
                if (!visitor_.visit(store::KeepRecording{each})) return false;
            }
            more = page.more;
            if (more) next.after = page.recordings.back().id;
        }
        return true;
    }

    Opened& store_;
    Visitor& visitor_;
};

}  // namespace

bool walk(Opened& store, Visitor& visitor, std::string& error) {
    Result<bool> done = Walk{store, visitor}.all();
    if (!done) error = fmt::format("the store cannot be read: {}", words_of(done.error()));
    return done && *done;
}

}  // namespace parley::backup
