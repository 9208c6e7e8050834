#include "store/sqlite_index.h"

#include <algorithm>

#include "store/store.h"

namespace parley::store {
namespace {

Recording read_recording(const Run& row) {
    return {
        .id = row.text(0),
        .conversation = row.text(1),
        .sender = row.text(2),
        .began = row.time(3),
        .length = Duration{row.number(4)},
        .bytes = row.count(5),
        .file = row.text(6),
    };
}

}  // namespace

SqliteIndex::SqliteIndex(SqliteFile& file) noexcept
    : revoke_(file,
              "INSERT INTO revoked VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET until=excluded.until"
              " WHERE excluded.until>until"),
      get_revoked_(file, "SELECT id, until FROM revoked WHERE id>? ORDER BY id LIMIT ?"),
      drop_revoked_(file,
                    "DELETE FROM revoked WHERE id IN"
                    " (SELECT id FROM revoked WHERE until<? ORDER BY until LIMIT ?)"),
      keep_(file, "INSERT OR REPLACE INTO recordings VALUES(?, ?, ?, ?, ?, ?, ?)"),
      get_(
          file,
          "SELECT id, conversation, sender, began, length, bytes, file FROM recordings WHERE id=?"),
      forget_(file, "DELETE FROM recordings WHERE id=?"),
      get_of_(file,
              "SELECT id, conversation, sender, began, length, bytes, file FROM recordings"
              " WHERE conversation=? AND (began, id)>(?, ?) ORDER BY began, id LIMIT ?"),
      get_all_(file,
               "SELECT id, conversation, sender, began, length, bytes, file FROM recordings"
               " WHERE (began, id)>(?, ?) ORDER BY began, id LIMIT ?"),
      list_users_(file, "SELECT name FROM users WHERE name>? ORDER BY name LIMIT ?"),
      list_groups_(file, "SELECT name FROM groups WHERE name>? ORDER BY name LIMIT ?"),
      list_conversations_(file,
                          "SELECT name FROM conversations WHERE name>? AND last>0"
                          " ORDER BY name LIMIT ?"),
      list_queues_(file, "SELECT user FROM queues WHERE user>? ORDER BY user LIMIT ?") {}

bool SqliteIndex::ok() const noexcept {
    const auto all = {&revoke_,
                      &get_revoked_,
                      &drop_revoked_,
                      &keep_,
                      &get_,
                      &forget_,
                      &get_of_,
                      &get_all_,
                      &list_users_,
                      &list_groups_,
                      &list_conversations_,
                      &list_queues_};
    return std::ranges::all_of(all, &Statement::ok);
}

Result<Done> SqliteIndex::answer(const RevokeToken& question) noexcept {
    return Run{revoke_}.bind(question.id).bind(question.until).done();
}

Result<RevokedTokens> SqliteIndex::answer(const GetRevoked& question) noexcept {
    RevokedTokens page;
    Run ask{get_revoked_};
    ask.bind(question.after).bind(question.limit + 1);
    while (ask.next()) {
        page.more = page.tokens.size() >= question.limit;
        if (!page.more) page.tokens.push_back({ask.text(0), ask.time(1)});
    }
    if (ask.failed()) return ask.error();
    return page;
}

Result<Done> SqliteIndex::expire(WallTime before) noexcept {
    return Run{drop_revoked_}.bind(before).bind(std::int64_t{expire_max}).done();
}

Result<Done> SqliteIndex::answer(const KeepRecording& question) noexcept {
    const Recording& recording = question.recording;
    return Run{keep_}
        .bind(recording.id)
        .bind(recording.conversation)
        .bind(recording.sender)
        .bind(recording.began)
        .bind(recording.length.count())
        .bind(recording.bytes)
        .bind(recording.file)
        .done();
}

Result<OneRecording> SqliteIndex::find(std::string_view id) noexcept {
    Run ask{get_};
    PARLEY_TRY(const bool found, ask.bind(id).row());
    if (!found) return OneRecording{};
    return OneRecording{read_recording(ask)};
}

Result<OneRecording> SqliteIndex::answer(const GetRecording& question) noexcept {
    return find(question.id);
}

// Where a recording that is gone was, nobody knows any more.
Result<Recordings> SqliteIndex::answer(const GetRecordings& question) noexcept {
    WallTime began{WallTime::duration::min()};
    if (!question.after.empty()) {
        PARLEY_TRY(const OneRecording last, find(question.after));
        if (!last.recording) return trouble(Trouble::not_found);
        began = last.recording->began;
    }
    const bool all = question.conversation.empty();
    Run ask{all ? get_all_ : get_of_};
    if (!all) ask.bind(question.conversation);
    ask.bind(began).bind(question.after).bind(question.limit + 1);
    return read(ask, question.limit);
}

Result<Recordings> SqliteIndex::read(Run& ask, std::uint32_t limit) {
    Recordings page;
    while (ask.next()) {
        page.more = page.recordings.size() >= limit;
        if (!page.more) page.recordings.push_back(read_recording(ask));
    }
    if (ask.failed()) return ask.error();
    return page;
}

Result<Done> SqliteIndex::answer(const ForgetRecording& question) noexcept {
    return Run{forget_}.bind(question.id).done();
}

const Statement& SqliteIndex::list(List::What what) const noexcept {
    switch (what) {
        case List::What::users:
            return list_users_;
        case List::What::groups:
            return list_groups_;
        case List::What::conversations:
            return list_conversations_;
        case List::What::queues:
            break;
    }
    return list_queues_;
}

Result<Names> SqliteIndex::answer(const List& question) noexcept {
    Names page;
    Run ask{list(question.what)};
    ask.bind(question.after).bind(question.limit + 1);
    while (ask.next()) {
        page.more = page.names.size() >= question.limit;
        if (!page.more) page.names.push_back(ask.text(0));
    }
    if (ask.failed()) return ask.error();
    return page;
}

}  // namespace parley::store
