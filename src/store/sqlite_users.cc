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
      get_groups_(file, "SELECT grp FROM members WHERE user=?"),
      count_groups_(file, "SELECT count(*) FROM members WHERE user=?"),
      get_role_(file, "SELECT role FROM members WHERE user=? AND grp=?"),
      set_role_(file, "UPDATE members SET role=? WHERE user=? AND grp=?"),
      add_member_(file, "INSERT INTO members VALUES(?, ?, ?)"),
      remove_member_(file, "DELETE FROM members WHERE user=? AND grp=?"),
      get_members_(file,
                   "SELECT user, role FROM members WHERE grp=? AND user>? ORDER BY user LIMIT ?"),
      set_settings_(file,
                    "INSERT INTO settings VALUES(?, ?)"
                    " ON CONFLICT(grp) DO UPDATE SET json=excluded.json"),
      drop_settings_(file, "DELETE FROM settings WHERE grp=?"),
      get_settings_(file, "SELECT json FROM settings WHERE grp=?") {}

bool SqliteUsers::ok() const noexcept {
    const auto all = {&add_user_,      &drop_user_,     &get_device_,  &set_device_,
                      &get_groups_,    &count_groups_,  &get_role_,    &set_role_,
                      &add_member_,    &remove_member_, &get_members_, &set_settings_,
                      &drop_settings_, &get_settings_};
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
        PARLEY_TRY([[maybe_unused]] const bool counted, count.bind(question.user).row());
        if (count.count(0) >= groups_per_user_max) return limit_error(Limit::groups);
    }
    PARLEY_TRY([[maybe_unused]] const Ok there, know(question.user));
    if (idle_ != nullptr) {
        PARLEY_TRY([[maybe_unused]] const Done in_use, idle_->use(question.user));
    }
    const auto role = static_cast<std::uint64_t>(question.role);
    return Run{add_member_}.bind(question.user).bind(question.group).bind(role).done();
}

Result<Done> SqliteUsers::answer(const RemoveMember& question) noexcept {
    PARLEY_TRY(const Done removed,
               Run{remove_member_}.bind(question.user).bind(question.group).done());
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
        PARLEY_TRY([[maybe_unused]] const Done removed,
                   Run{remove_member_}.bind(question.user).bind(group).done());
        changed = true;
    }
    for (const std::string& group : question.groups) {
        if (std::ranges::find(known.groups, group) != known.groups.end()) continue;
        PARLEY_TRY([[maybe_unused]] const Done added,
                   Run{add_member_}.bind(question.user).bind(group).bind(std::int64_t{0}).done());
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
    if (question.json.empty()) return Run{drop_settings_}.bind(question.group).done();
    return Run{set_settings_}.bind(question.group).bind(question.json).done();
}

Result<Settings> SqliteUsers::answer(const GetSettings& question) noexcept {
    Run ask{get_settings_};
    PARLEY_TRY(const bool found, ask.bind(question.group).row());
    if (!found) return Settings{};
    return Settings{ask.text(0)};
}

}  // namespace parley::store
