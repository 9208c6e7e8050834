#include "store/sqlite_messages.h"

#include <algorithm>
#include <utility>

#include "store/store.h"

namespace parley::store {
namespace {

// 0 stands for the end; SQLite's numbers have a sign.
std::int64_t before(std::uint64_t order) noexcept {
    return order == 0 || order > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(order);
}

}  // namespace

SqliteMessages::SqliteMessages(SqliteFile& file, SqliteQueue& queue) noexcept
    : queue_(queue),
      get_conversation_(file, "SELECT id, last FROM conversations WHERE name=?"),
      add_conversation_(file, "INSERT INTO conversations(name, last) VALUES(?, 0) RETURNING id"),
      set_last_(file, "UPDATE conversations SET last=? WHERE id=?"),
      find_(file,
            "SELECT m.conversation, m.ord FROM conversations c"
            " JOIN messages m ON m.conversation=c.id WHERE c.name=? AND m.id=?"),
      find_in_(file, "SELECT ord FROM messages WHERE conversation=? AND id=?"),
      add_(file, "INSERT INTO messages VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      get_before_(file,
                  "SELECT ord, id, sender, kind, sent, edited, deleted, body FROM messages"
                  " WHERE conversation=? AND ord<? ORDER BY ord DESC LIMIT ?"),
      get_after_(file,
                 "SELECT ord, id, sender, kind, sent, edited, deleted, body FROM messages"
                 " WHERE conversation=? AND ord>? ORDER BY ord LIMIT ?"),
      get_(file,
           "SELECT ord, id, sender, kind, sent, edited, deleted, body FROM messages"
           " WHERE conversation=? AND ord=?"),
      edit_(file,
            "UPDATE messages SET body=?, edited=? WHERE conversation=? AND ord=? AND deleted=0"),
      wipe_(file,
            "UPDATE messages SET body=x'', deleted=1 WHERE conversation=? AND ord=?"
            " AND deleted=0"),
      drop_receipts_(file, "DELETE FROM receipts WHERE conversation=? AND ord=?"),
      drop_reactions_(file, "DELETE FROM reactions WHERE conversation=? AND ord=?"),
      add_receipt_(file, "INSERT OR IGNORE INTO receipts VALUES(?, ?, ?, ?, ?)"),
      get_receipts_(file,
                    "SELECT user, kind, at FROM receipts WHERE conversation=? AND ord=?"
                    " ORDER BY user, kind"),
      count_reactions_(file, "SELECT count(*) FROM reactions WHERE conversation=? AND ord=?"),
      add_reaction_(file, "INSERT OR IGNORE INTO reactions VALUES(?, ?, ?, ?)"),
      drop_reaction_(file,
                     "DELETE FROM reactions WHERE conversation=? AND ord=? AND user=? AND emoji=?"),
      get_reactions_(file,
                     "SELECT user, emoji FROM reactions WHERE conversation=? AND ord=?"
                     " ORDER BY user, emoji"),
      find_retry_(file,
                  "SELECT m.ord, m.id FROM retries r JOIN messages m"
                  " ON m.conversation=r.conversation AND m.ord=r.ord"
                  " WHERE r.conversation=? AND r.key=? AND r.sent>?"),
      add_retry_(file, "INSERT OR REPLACE INTO retries VALUES(?, ?, ?, ?)"),
      drop_retries_(
          file,
          "DELETE FROM retries WHERE (conversation, key) IN"
          " (SELECT conversation, key FROM retries WHERE sent<=? ORDER BY sent LIMIT ?)") {}

bool SqliteMessages::ok() const noexcept {
    const auto all = {&get_conversation_,
                      &add_conversation_,
                      &set_last_,
                      &find_,
                      &find_in_,
                      &add_,
                      &get_before_,
                      &get_after_,
                      &get_,
                      &edit_,
                      &wipe_,
                      &drop_receipts_,
                      &drop_reactions_,
                      &add_receipt_,
                      &get_receipts_,
                      &count_reactions_,
                      &add_reaction_,
                      &drop_reaction_,
                      &get_reactions_,
                      &find_retry_,
                      &add_retry_,
                      &drop_retries_};
    return std::ranges::all_of(all, &Statement::ok);
}

Result<SqliteMessages::Conversation> SqliteMessages::find_or_make(std::string_view name) noexcept {
    {
        Run ask{get_conversation_};
        PARLEY_TRY(const bool found, ask.bind(name).row());
        if (found) return Conversation{ask.number(0), ask.count(1)};
    }
    Run add{add_conversation_};
    PARLEY_TRY([[maybe_unused]] const bool added, add.bind(name).row());
    const Conversation made{add.number(0), 0};
    PARLEY_TRY([[maybe_unused]] const Done done, add.done());
    return made;
}

Result<MessagePlace> SqliteMessages::find(std::string_view conversation,
                                          std::string_view id) noexcept {
    Run ask{find_};
    PARLEY_TRY(const bool found, ask.bind(conversation).bind(id).row());
    if (!found) return trouble(Trouble::not_found);
    return MessagePlace{ask.number(0), ask.number(1)};
}

Result<std::optional<Kept>> SqliteMessages::find_kept(const KeepMessage& question,
                                                      const Conversation& conversation) noexcept {
    {
        Run ask{find_in_};
        PARLEY_TRY(const bool found, ask.bind(conversation.id).bind(question.message.id).row());
        if (found) return std::optional{Kept{ask.count(0), true, question.message.id, false}};
    }
    if (question.retry_key.empty()) return std::optional<Kept>{};
    const auto since =
        std::chrono::floor<WallTime::duration>(question.message.sent - retry_age_max);
    Run ask{find_retry_};
    PARLEY_TRY(const bool found,
               ask.bind(conversation.id).bind(question.retry_key).bind(since).row());
    if (!found) return std::optional<Kept>{};
    return std::optional{Kept{ask.count(0), true, ask.text(1), false}};
}

Result<Kept> SqliteMessages::answer(const KeepMessage& question) noexcept {
    const Message& message = question.message;
    PARLEY_TRY(const Conversation conversation, find_or_make(message.conversation));
    PARLEY_TRY(std::optional<Kept> before, find_kept(question, conversation));
    if (before) return std::move(*before);
    const std::uint64_t order = message.order == 0 ? conversation.last + 1 : message.order;
    if (order <= conversation.last || order >= INT64_MAX) return limit_error(Limit::order);
    const MessagePlace place{conversation.id, static_cast<std::int64_t>(order)};
    PARLEY_TRY([[maybe_unused]] const Done counted,
               Run{set_last_}.bind(order).bind(conversation.id).done());
    PARLEY_TRY([[maybe_unused]] const Ok written, write(message, place));
    PARLEY_TRY(const bool queued, enqueue(question, place));
    if (!question.retry_key.empty()) {
        PARLEY_TRY([[maybe_unused]] const Done known, Run{add_retry_}
                                                          .bind(place.conversation)
                                                          .bind(question.retry_key)
                                                          .bind(place.order)
                                                          .bind(message.sent)
                                                          .done());
    }
    return Kept{order, false, message.id, queued};
}

Status SqliteMessages::write(const Message& message, const MessagePlace& place) noexcept {
    PARLEY_TRY([[maybe_unused]] const Done added,
               Run{add_}
                   .bind(place.conversation)
                   .bind(place.order)
                   .bind(message.id)
                   .bind(message.sender)
                   .bind(static_cast<std::uint64_t>(message.kind))
                   .bind(message.sent)
                   .bind(message.edited)
                   .bind(std::uint64_t{message.deleted})
                   .bind(message.body)
                   .done());
    return Ok{};
}

Result<bool> SqliteMessages::enqueue(const KeepMessage& question,
                                     const MessagePlace& place) noexcept {
    const Message& message = question.message;
    switch (question.queue_for) {
        case QueueFor::nobody:
            return false;
        case QueueFor::members: {
            const auto group = group_of(message.conversation);
            return group ? queue_.add_for_members(*group, message, place) : Result<bool>{false};
        }
        case QueueFor::users:
            break;
    }
    for (const std::string& user : question.users) {
        const Enqueue entry{.user = user, .kind = "message", .body = {}, .at = message.sent};
        PARLEY_TRY([[maybe_unused]] const Queued queued, queue_.add(entry, place));
    }
    return true;
}

Result<History> SqliteMessages::answer(const GetHistory& question) noexcept {
    History page;
    std::int64_t conversation = 0;
    {
        Run ask{get_conversation_};
        PARLEY_TRY(const bool found, ask.bind(question.conversation).row());
        if (!found) return page;
        conversation = ask.number(0);
    }
    const bool forwards = question.direction == GetHistory::Direction::forwards;
    Run ask{forwards ? get_after_ : get_before_};
    ask.bind(conversation);
    if (forwards) {
        ask.bind(static_cast<std::int64_t>(std::min<std::uint64_t>(question.from, INT64_MAX)));
    } else {
        ask.bind(before(question.from));
    }
    ask.bind(question.limit + 1);
    std::size_t bytes = 0;
    while (ask.next()) {
        page.more = page.messages.size() >= question.limit || bytes >= page_bytes_max;
        if (page.more) break;
        page.messages.push_back(read_message(ask, 0, question.conversation));
        bytes += page.messages.back().body.size();
    }
    if (ask.failed()) return ask.error();
    if (!forwards) std::ranges::reverse(page.messages);
    return page;
}

Result<OneMessage> SqliteMessages::answer(const GetMessage& question) noexcept {
    const Result<MessagePlace> found = find(question.conversation, question.id);
    if (!found && is_failure(found.error())) return found.error();
    if (!found) return OneMessage{};
    Result<MessagePlace> place = found;
    Run ask{get_};
    PARLEY_TRY([[maybe_unused]] const bool there,
               ask.bind((*place).conversation).bind((*place).order).row());
    return OneMessage{read_message(ask, 0, question.conversation)};
}

Result<Done> SqliteMessages::answer(const EditMessage& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    PARLEY_TRY(const Done edited, Run{edit_}
                                      .bind(question.body)
                                      .bind(question.edited)
                                      .bind(place.conversation)
                                      .bind(place.order)
                                      .done());
    if (!edited.changed) return trouble(Trouble::not_found);
    return edited;
}

Result<Done> SqliteMessages::answer(const DeleteMessage& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    PARLEY_TRY(const Done wiped, Run{wipe_}.bind(place.conversation).bind(place.order).done());
    if (!wiped.changed) return wiped;
    for (const Statement* each : {&drop_receipts_, &drop_reactions_}) {
        PARLEY_TRY([[maybe_unused]] const Done dropped,
                   Run{*each}.bind(place.conversation).bind(place.order).done());
    }
    PARLEY_TRY([[maybe_unused]] const Done unqueued, queue_.drop(place));
    return wiped;
}

Result<Done> SqliteMessages::answer(const SetReceipt& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    return Run{add_receipt_}
        .bind(place.conversation)
        .bind(place.order)
        .bind(question.user)
        .bind(static_cast<std::uint64_t>(question.kind))
        .bind(question.at)
        .done();
}

Result<Receipts> SqliteMessages::answer(const GetReceipts& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    Receipts all;
    Run ask{get_receipts_};
    ask.bind(place.conversation).bind(place.order);
    while (ask.next())
        all.receipts.push_back({ask.text(0), static_cast<ReceiptKind>(ask.number(1)), ask.time(2)});
    if (ask.failed()) return ask.error();
    return all;
}

Result<Done> SqliteMessages::answer(const SetReaction& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    if (question.on) {
        Run count{count_reactions_};
        PARLEY_TRY([[maybe_unused]] const bool counted,
                   count.bind(place.conversation).bind(place.order).row());
        if (count.count(0) >= reactions_per_message_max) return limit_error(Limit::reactions);
    }
    return Run{question.on ? add_reaction_ : drop_reaction_}
        .bind(place.conversation)
        .bind(place.order)
        .bind(question.user)
        .bind(question.emoji)
        .done();
}

Result<Reactions> SqliteMessages::answer(const GetReactions& question) noexcept {
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.id));
    Reactions all;
    Run ask{get_reactions_};
    ask.bind(place.conversation).bind(place.order);
    while (ask.next())
        all.reactions.push_back({ask.text(0), ask.text(1)});
    if (ask.failed()) return ask.error();
    return all;
}

Result<Queued> SqliteMessages::answer(const Enqueue& question) noexcept {
    if (question.message.empty()) return queue_.add(question, {});
    PARLEY_TRY(const MessagePlace place, find(question.conversation, question.message));
    return queue_.add(question, place);
}

Result<Done> SqliteMessages::answer(const SettleMessage& question) noexcept {
    const Result<MessagePlace> found = find(question.conversation, question.message);
    if (!found && is_failure(found.error())) return found.error();
    if (!found) return Done{.changed = false};
    Result<MessagePlace> place = found;
    return queue_.drop(*place, question.user);
}

Result<Done> SqliteMessages::expire_retries(WallTime now) noexcept {
    const auto before = std::chrono::floor<WallTime::duration>(now - retry_age_max);
    return Run{drop_retries_}.bind(before).bind(std::int64_t{expire_max}).done();
}

}  // namespace parley::store
