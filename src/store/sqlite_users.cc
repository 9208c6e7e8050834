#include "store/sqlite_users.h"

#include <algorithm>

#include "store/store.h"

namespace parley::store {

SqliteUsers::SqliteUsers(SqliteFile& file, SqliteIdle* idle) noexcept
    : idle_(idle),
      add_user_(file, "INSERT OR IGNORE INTO users(name, device) VALUES(?, x'')"),
      drop_user_(file, "DELETE FROM users WHERE name=?"),
      get_device_(file, "SELECT device FROM users WHERE name=?"),
      set_device_(file, "UPDATE users SET device=? WHERE name=?"),
      get_groups_(file,
                  "SELECT g.name FROM users u, json_each(u.groups) e JOIN groups g ON g.id=e.value"
                  " WHERE u.name=?"),
      count_groups_(file, "SELECT json_array_length(groups) FROM users WHERE name=?"),
      get_role_(file,
                "SELECT role FROM members"
                " WHERE user=? AND grp=(SELECT id FROM groups WHERE name=?)"),
      set_role_(file,
                "UPDATE members SET role=?"
                " WHERE user=? AND grp=(SELECT id FROM groups WHERE name=?)"),
      add_group_(file, "INSERT OR IGNORE INTO groups(name) VALUES(?)"),
      drop_group_(file,
                  "DELETE FROM groups WHERE name=? AND settings IS NULL"
                  " AND NOT EXISTS(SELECT 1 FROM members WHERE grp=groups.id)"),
      add_member_(file, "INSERT INTO members SELECT id, ?, ? FROM groups WHERE name=?"),
      list_group_(file,
                  "UPDATE users SET groups=json_insert(groups, '$[#]',"
                  " (SELECT id FROM groups WHERE name=?)) WHERE name=?"),
      unlist_group_(file,
                    "UPDATE users SET groups=(SELECT json_group_array(value) FROM json_each(groups)"
                    " WHERE value<>(SELECT id FROM groups WHERE name=?)) WHERE name=?"),
      remove_member_(file,
                     "DELETE FROM members"
                     " WHERE user=? AND grp=(SELECT id FROM groups WHERE name=?)"),
      get_members_(file,
                   "SELECT user, role FROM members WHERE grp=(SELECT id FROM groups WHERE name=?)"
                   " AND user>? ORDER BY user LIMIT ?"),
      set_settings_(file,
                    "INSERT INTO groups(name, settings) VALUES(?, ?)"
                    " ON CONFLICT(name) DO UPDATE SET settings=excluded.settings"),
      drop_settings_(file, "UPDATE groups SET settings=NULL WHERE name=? AND settings IS NOT NULL"),
      get_settings_(file, "SELECT settings FROM groups WHERE name=? AND settings IS NOT NULL") {}

bool SqliteUsers::ok() const noexcept {
    const auto all = {&add_user_,    &drop_user_,    &get_device_,    &set_device_,
                      &get_groups_,  &count_groups_, &get_role_,      &set_role_,
                      &add_group_,   &drop_group_,   &add_member_,    &remove_member_,
                      &get_members_, &set_settings_, &drop_settings_, &get_settings_,
                      &list_group_,  &unlist_group_};
    return std::ranges::all_of(all, &Statement::ok);
}

// From now on the user has a row.
Status SqliteUsers::know(std::string_view user) noexcept {
    PARLEY_TRY(const Done added, Run{add_user_}.bind(user).done());
    if (!added.changed || idle_ == nullptr) return Ok{};
    PARLEY_TRY(const bool room, idle_->make_room());
    if (room) return Ok{};
    PARLEY_TRY([[maybe_unused]] const Done dropped, Run{drop_user_}.bind(user).done());
    return limit_error(Limit::users);
}

Result<Done> SqliteUsers::add(std::string_view user, std::string_view group, Role role) noexcept {
    PARLEY_TRY([[maybe_unused]] const Done there, Run{add_group_}.bind(group).done());
    PARLEY_TRY([[maybe_unused]] const Done listed, Run{list_group_}.bind(group).bind(user).done());
    return Run{add_member_}.bind(user).bind(static_cast<std::uint64_t>(role)).bind(group).done();
}

Result<Done> SqliteUsers::remove(std::string_view user, std::string_view group) noexcept {
    PARLEY_TRY(const Done removed, Run{remove_member_}.bind(user).bind(group).done());
    if (!removed.changed) return removed;
    PARLEY_TRY([[maybe_unused]] const Done listed,
               Run{unlist_group_}.bind(group).bind(user).done());
    PARLEY_TRY([[maybe_unused]] const Done dropped, Run{drop_group_}.bind(group).done());
    return removed;
}

Result<SignedIn> SqliteUsers::answer(const GetUser& question) noexcept {
    SignedIn known;
    Run device{get_device_};
    PARLEY_TRY(const bool found, device.bind(question.user).row());
    if (found && device.size(0) > 0) known.previous_device = device.text(0);
    Run groups{get_groups_};
    groups.bind(question.user);
    while (groups.next())
        known.groups.push_back(groups.text(0));
    if (groups.failed()) return groups.error();
    return known;
}

Result<SignedIn> SqliteUsers::answer(const SignIn& question) noexcept {
    PARLEY_TRY([[maybe_unused]] const Ok there, know(question.user));
    PARLEY_TRY(SignedIn known, answer(GetUser{question.user}));
    if (known.previous_device != question.device) {  // most come back with the device they had
        PARLEY_TRY([[maybe_unused]] const Done stored,
                   Run{set_device_}.bind(question.device).bind(question.user).done());
    }
    if (idle_ != nullptr) {
        PARLEY_TRY([[maybe_unused]] const Done came, idle_->came(question.user));
    }
    return known;
}

Result<Done> SqliteUsers::answer(const AddMember& question) noexcept {
    {
        Run ask{get_role_};
        PARLEY_TRY(const bool is_member, ask.bind(question.user).bind(question.group).row());
        if (is_member) return Done{.changed = false};
        Run count{count_groups_};
        PARLEY_TRY(const bool known, count.bind(question.user).row());
        if (known && count.count(0) >= groups_per_user_max) return limit_error(Limit::groups);
    }
    PARLEY_TRY([[maybe_unused]] const Ok there, know(question.user));
    if (idle_ != nullptr) {
        PARLEY_TRY([[maybe_unused]] const Done in_use, idle_->use(question.user));
    }
    return add(question.user, question.group, question.role);
}

Result<Done> SqliteUsers::answer(const RemoveMember& question) noexcept {
    PARLEY_TRY(const Done removed, remove(question.user, question.group));
    if (idle_ != nullptr && removed.changed) {
        PARLEY_TRY([[maybe_unused]] const Done settled, idle_->settle(question.user));
    }
    return removed;
}

Result<Done> SqliteUsers::answer(const SetGroups& question) noexcept {
    PARLEY_TRY(SignedIn known, answer(GetUser{question.user}));
    // Being in no group is what an unknown user already is: nothing to keep.
    if (known.groups.empty() && question.groups.empty()) return Done{.changed = false};
    PARLEY_TRY([[maybe_unused]] const Ok there, know(question.user));
    bool changed = false;
    for (const std::string& group : known.groups) {
        if (std::ranges::binary_search(question.groups, group)) continue;
        PARLEY_TRY([[maybe_unused]] const Done removed, remove(question.user, group));
        changed = true;
    }
    for (const std::string& group : question.groups) {
        if (std::ranges::find(known.groups, group) != known.groups.end()) continue;
        PARLEY_TRY([[maybe_unused]] const Done added, add(question.user, group, Role::member));
        changed = true;
    }
    if (idle_ != nullptr) {
        PARLEY_TRY([[maybe_unused]] const Done settled, question.groups.empty()
                                                            ? idle_->settle(question.user)
                                                            : idle_->use(question.user));
    }
    return Done{changed};
}

Result<Done> SqliteUsers::answer(const SetRole& question) noexcept {
    const auto role = static_cast<std::uint64_t>(question.role);
    PARLEY_TRY(const Done set,
               Run{set_role_}.bind(role).bind(question.user).bind(question.group).done());
    if (!set.changed) return trouble(Trouble::not_found);
    return set;
}

Result<MemberRole> SqliteUsers::answer(const GetRole& question) noexcept {
    Run ask{get_role_};
    PARLEY_TRY(const bool found, ask.bind(question.user).bind(question.group).row());
    if (!found) return MemberRole{};
    return MemberRole{static_cast<Role>(ask.number(0))};
}

Result<Members> SqliteUsers::answer(const GetMembers& question) noexcept {
    Members page;
    Run ask{get_members_};
    ask.bind(question.group).bind(question.after).bind(question.limit + 1);
    while (ask.next()) {
        page.more = page.members.size() >= question.limit;
        if (!page.more) page.members.push_back({ask.text(0), static_cast<Role>(ask.number(1))});
    }
    if (ask.failed()) return ask.error();
    return page;
}

Result<Done> SqliteUsers::answer(const SetSettings& question) noexcept {
    if (!question.json.empty()) {
        return Run{set_settings_}.bind(question.group).bind(question.json).done();
    }
    PARLEY_TRY(const Done forgotten, Run{drop_settings_}.bind(question.group).done());
    PARLEY_TRY([[maybe_unused]] const Done dropped, Run{drop_group_}.bind(question.group).done());
    return forgotten;
}

Result<Settings> SqliteUsers::answer(const GetSettings& question) noexcept {
    Run ask{get_settings_};
    PARLEY_TRY(const bool found, ask.bind(question.group).row());
    if (!found) return Settings{};
    return Settings{ask.text(0)};
}

}  // namespace parley::store
