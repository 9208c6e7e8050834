#include "store/sqlite_queue.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "store/store.h"

namespace parley::store {

static_assert(queue_per_user_max == 1000, "the statements below say so in their own words");

SqliteQueue::SqliteQueue(SqliteFile& file) noexcept
    : next_(file,
            "INSERT INTO queues VALUES(?, 1, 0) ON CONFLICT(user) DO UPDATE SET last=last+1"
            " RETURNING last"),
      get_ends_(file, "SELECT last, lost FROM queues WHERE user=?"),
      set_last_(file,
                "INSERT INTO queues VALUES(?, ?, 0) ON CONFLICT(user) DO UPDATE SET"
                " last=excluded.last"),
      set_lost_(file, "UPDATE queues SET lost=max(lost, ?) WHERE user=?"),
      add_(file, "INSERT INTO queue VALUES(?, ?, ?, ?, ?, ?, ?)"),
      trim_(file, "DELETE FROM queue WHERE user=? AND seq<=?"),
      count_members_(file,
                     "SELECT count(*) FROM (SELECT 1 FROM members"
                     " WHERE grp=(SELECT id FROM groups WHERE name=?) AND user<>? LIMIT ?)"),
      next_of_members_(file,
                       "INSERT INTO queues SELECT user, 1, 0 FROM members"
                       " WHERE grp=(SELECT id FROM groups WHERE name=?) AND user<>?"
                       " ON CONFLICT(user) DO UPDATE SET last=last+1"),
      lose_of_members_(file,
                       "UPDATE queues SET lost=last-1000 WHERE last>1000"
                       " AND user IN (SELECT user FROM members"
                       " WHERE grp=(SELECT id FROM groups WHERE name=?) AND user<>?)"
                       " AND EXISTS(SELECT 1 FROM queue q"
                       " WHERE q.user=queues.user AND q.seq=queues.last-1000)"),
      trim_members_(file,
                    "DELETE FROM queue WHERE (user, seq) IN"
                    " (SELECT s.user, s.last-1000 FROM members m JOIN queues s ON s.user=m.user"
                    " WHERE m.grp=(SELECT id FROM groups WHERE name=?) AND m.user<>?)"),
      add_members_(file,
                   "INSERT INTO queue SELECT m.user, s.last, ?3, CAST('message' AS BLOB), x'', ?4,"
                   " ?5 FROM members m JOIN queues s ON s.user=m.user"
                   " WHERE m.grp=(SELECT id FROM groups WHERE name=?1) AND m.user<>?2"),
      drop_(file, "DELETE FROM queue WHERE conversation=? AND ord=?"),
      drop_one_(file, "DELETE FROM queue WHERE conversation=? AND ord=? AND user=?"),
      settle_(file, "DELETE FROM queue WHERE user=? AND seq<=?"),
      get_(file,
           "SELECT q.seq, q.at, q.kind, q.body, c.name, m.ord, m.id, m.sender, m.kind, m.sent,"
           " m.edited, m.deleted, m.body FROM queue q"
           " LEFT JOIN conversations c ON c.id=q.conversation"
           " LEFT JOIN messages m ON m.conversation=q.conversation AND m.ord=q.ord"
           " WHERE q.user=? AND q.seq>? ORDER BY q.seq LIMIT ?"),
      get_old_(file, "SELECT user, seq FROM queue WHERE at<? ORDER BY at LIMIT ?"),
      drop_entry_(file, "DELETE FROM queue WHERE user=? AND seq=?") {}

bool SqliteQueue::ok() const noexcept {
    const auto all = {
        &next_,        &get_ends_,      &set_last_,        &set_lost_,        &add_,
        &trim_,        &count_members_, &next_of_members_, &lose_of_members_, &trim_members_,
        &add_members_, &drop_,          &drop_one_,        &settle_,          &get_,
        &get_old_,     &drop_entry_};
    return std::ranges::all_of(all, &Statement::ok);
}

Result<std::uint64_t> SqliteQueue::next_seq(const Enqueue& entry) noexcept {
    if (entry.seq == 0) {
        Run next{next_};
        PARLEY_TRY([[maybe_unused]] const bool given, next.bind(entry.user).row());
        const std::uint64_t seq = next.count(0);
        PARLEY_TRY([[maybe_unused]] const Done stored, next.done());
        return seq;
    }
    {
        Run ends{get_ends_};
        PARLEY_TRY(const bool found, ends.bind(entry.user).row());
        if (found && entry.seq <= ends.count(0)) return limit_error(Limit::order);
    }
    PARLEY_TRY([[maybe_unused]] const Done stored,
               Run{set_last_}.bind(entry.user).bind(entry.seq).done());
    return entry.seq;
}

Result<Queued> SqliteQueue::add(const Enqueue& entry,
                                const std::optional<MessagePlace>& place) noexcept {
    PARLEY_TRY(const std::uint64_t seq, next_seq(entry));
    Run add{add_};
    add.bind(entry.user).bind(seq).bind(entry.at).bind(entry.kind).bind(entry.body);
    if (place) add.bind(place->conversation).bind(place->order);
    PARLEY_TRY([[maybe_unused]] const Done added, add.done());
    PARLEY_TRY([[maybe_unused]] const Ok room, make_room(entry.user, seq));
    return Queued{seq};
}

Status SqliteQueue::make_room(std::string_view user, std::uint64_t seq) noexcept {
    if (seq <= queue_per_user_max) return Ok{};
    const std::uint64_t lost = seq - queue_per_user_max;
    PARLEY_TRY(const Done trimmed, Run{trim_}.bind(user).bind(lost).done());
    if (!trimmed.changed) return Ok{};
    PARLEY_TRY([[maybe_unused]] const Done said, Run{set_lost_}.bind(lost).bind(user).done());
    return Ok{};
}

Result<bool> SqliteQueue::add_for_members(std::string_view group, const Message& message,
                                          const MessagePlace& place) noexcept {
    {
        Run count{count_members_};
        count.bind(group).bind(message.sender).bind(queued_users_max + 1);
        PARLEY_TRY([[maybe_unused]] const bool counted, count.row());
        if (count.count(0) > queued_users_max) return false;
    }
    for (const Statement* each : {&next_of_members_, &lose_of_members_, &trim_members_}) {
        PARLEY_TRY([[maybe_unused]] const Done done,
                   Run{*each}.bind(group).bind(message.sender).done());
    }
    PARLEY_TRY([[maybe_unused]] const Done added, Run{add_members_}
                                                      .bind(group)
                                                      .bind(message.sender)
                                                      .bind(message.sent)
                                                      .bind(place.conversation)
                                                      .bind(place.order)
                                                      .done());
    return true;
}

Result<Done> SqliteQueue::drop(const MessagePlace& place) noexcept {
    return Run{drop_}.bind(place.conversation).bind(place.order).done();
}

Result<Done> SqliteQueue::drop(const MessagePlace& place, std::string_view user) noexcept {
    return Run{drop_one_}.bind(place.conversation).bind(place.order).bind(user).done();
}

Result<Done> SqliteQueue::answer(const SettleQueue& question) noexcept {
    return Run{settle_}.bind(question.user).bind(question.up_to).done();
}

Result<Queue> SqliteQueue::answer(const GetQueue& question) noexcept {
    Queue page;
    Run ends{get_ends_};
    PARLEY_TRY(const bool known, ends.bind(question.user).row());
    if (!known) return page;
    page.last_seq = ends.count(0);
    page.lost_up_to = ends.count(1);

    Run ask{get_};
    ask.bind(question.user).bind(question.after).bind(question.limit + 1);
    std::size_t bytes = 0;
    while (!page.more && ask.next()) {
        page.more = page.entries.size() >= question.limit || bytes >= page_bytes_max;
        if (page.more) break;
        QueueEntry entry{ask.count(0), ask.time(1), ask.text(2), ask.text(3), {}};
        if (!ask.is_null(5)) entry.message = read_message(ask, 5, ask.text(4));
        bytes += entry.body.size() + (entry.message ? entry.message->body.size() : 0);
        page.entries.push_back(std::move(entry));
    }
    if (ask.failed()) return ask.error();
    return page;
}

Result<Done> SqliteQueue::expire(WallTime before) noexcept {
    std::vector<std::pair<std::string, std::uint64_t>> old;
    {
        Run ask{get_old_};
        ask.bind(before).bind(std::int64_t{expire_max});
        while (ask.next())
            old.emplace_back(ask.text(0), ask.count(1));
        if (ask.failed()) return ask.error();
    }
    for (const auto& [user, seq] : old) {
        PARLEY_TRY([[maybe_unused]] const Done dropped,
                   Run{drop_entry_}.bind(user).bind(seq).done());
        PARLEY_TRY([[maybe_unused]] const Done said, Run{set_lost_}.bind(seq).bind(user).done());
    }
    return Done{!old.empty()};
}

Message read_message(const Run& row, int first, std::string conversation) {
    Message message{
        .id = row.text(first + 1),
        .conversation = std::move(conversation),
        .sender = row.text(first + 2),
        .kind = static_cast<MessageKind>(row.number(first + 3)),
        .sent = row.time(first + 4),
        .order = row.count(first),
        .body = row.text(first + 7),
        .edited = {},
        .deleted = row.number(first + 6) != 0,
    };
    if (!row.is_null(first + 5)) message.edited = row.time(first + 5);
    return message;
}

}  // namespace parley::store
