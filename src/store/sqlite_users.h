// store::SqliteUsers: users, their devices and groups, and the groups' settings.
#pragma once

#include "store/questions.h"
#include "store/sqlite_idle.h"

namespace parley::store {

class SqliteUsers {
public:
    /// With `idle`, users are forgotten as it says; it must outlive this.
    SqliteUsers(SqliteFile& file, SqliteIdle* idle) noexcept;
    bool ok() const noexcept;

    Result<SignedIn> answer(const SignIn& question) noexcept;
    Result<SignedIn> answer(const GetUser& question) noexcept;
    Result<Done> answer(const AddMember& question) noexcept;
    Result<Done> answer(const RemoveMember& question) noexcept;
    Result<Done> answer(const SetGroups& question) noexcept;
    Result<Done> answer(const SetRole& question) noexcept;
    Result<MemberRole> answer(const GetRole& question) noexcept;
    Result<Members> answer(const GetMembers& question) noexcept;
    Result<Done> answer(const SetSettings& question) noexcept;
    Result<Settings> answer(const GetSettings& question) noexcept;

private:
    Status know(std::string_view user) noexcept;
    /// Requires that the user has a row and is not in the group.
    Result<Done> add(std::string_view user, std::string_view group, Role role) noexcept;
    Result<Done> remove(std::string_view user, std::string_view group) noexcept;

    SqliteIdle* const idle_;
    Statement add_user_, drop_user_, get_device_, set_device_, get_groups_, count_groups_,
        get_role_, set_role_, add_group_, drop_group_, add_member_, list_group_, unlist_group_,
        remove_member_, get_members_, set_settings_, drop_settings_, get_settings_;
};

}  // namespace parley::store
