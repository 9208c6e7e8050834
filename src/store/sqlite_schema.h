// The tables of the embedded store, as each version adds to the one before.
#pragma once

#include <array>

namespace parley::store {

// Names are bytes, compared as such: BLOB keeps them so. Times are milliseconds since 1970.
inline constexpr std::array sqlite_migrations = {
    // users and groups; a group is there while it has members or settings, and a user's row lists
    // the ids of his groups as JSON: a table of them would name him once more
    "CREATE TABLE users(name BLOB PRIMARY KEY, device BLOB NOT NULL,"
    " groups TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID, STRICT;"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, settings BLOB) STRICT;"
    "CREATE TABLE members(grp INTEGER NOT NULL, user BLOB NOT NULL, role INTEGER NOT NULL,"
    " PRIMARY KEY(grp, user)) WITHOUT ROWID, STRICT;"
    // messages; `last` is the last order given, and stays when messages go
    "CREATE TABLE conversations(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,"
    " last INTEGER NOT NULL) STRICT;"
    "CREATE TABLE messages(conversation INTEGER NOT NULL, ord INTEGER NOT NULL, id BLOB NOT NULL,"
    " sender BLOB NOT NULL, kind INTEGER NOT NULL, sent INTEGER NOT NULL, edited INTEGER,"
    " deleted INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(conversation, ord))"
    " WITHOUT ROWID, STRICT;"
    "CREATE UNIQUE INDEX message_ids ON messages(conversation, id);"
    "CREATE TABLE receipts(conversation INTEGER NOT NULL, ord INTEGER NOT NULL,"
    " user BLOB NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY(conversation, ord, user, kind)) WITHOUT ROWID, STRICT;"
    "CREATE TABLE reactions(conversation INTEGER NOT NULL, ord INTEGER NOT NULL,"
    " user BLOB NOT NULL, emoji BLOB NOT NULL, PRIMARY KEY(conversation, ord, user, emoji))"
    " WITHOUT ROWID, STRICT;"
    // queues; `last` is the last seq given, `lost` the last that gave way unsettled
    "CREATE TABLE queues(user BLOB PRIMARY KEY, last INTEGER NOT NULL, lost INTEGER NOT NULL)"
    " WITHOUT ROWID, STRICT;"
    "CREATE TABLE queue(user BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,"
    " kind BLOB NOT NULL, body BLOB NOT NULL, conversation INTEGER, ord INTEGER,"
    " PRIMARY KEY(user, seq)) WITHOUT ROWID, STRICT;"
    "CREATE INDEX queue_messages ON queue(conversation, ord, user)"
    " WHERE conversation IS NOT NULL;"
    "CREATE INDEX queue_ages ON queue(at);"
    // tokens and recordings; a length is in nanoseconds
    "CREATE TABLE revoked(id BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE INDEX revoked_ends ON revoked(until);"
    "CREATE TABLE recordings(id BLOB PRIMARY KEY, conversation BLOB NOT NULL,"
    " sender BLOB NOT NULL, began INTEGER NOT NULL, length INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, file BLOB NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE INDEX recordings_of ON recordings(conversation, began, id);"
    "CREATE INDEX recordings_ages ON recordings(began, id);"
    // what was sent lately, by the key that makes it known when it is sent again
    "CREATE TABLE retries(conversation INTEGER NOT NULL, key BLOB NOT NULL, ord INTEGER NOT NULL,"
    " sent INTEGER NOT NULL, PRIMARY KEY(conversation, key)) WITHOUT ROWID, STRICT;"
    "CREATE INDEX retry_ages ON retries(sent);",
    // Never change one that was released: add another here.
};
inline constexpr int sqlite_version = static_cast<int>(sqlite_migrations.size());

}  // namespace parley::store
