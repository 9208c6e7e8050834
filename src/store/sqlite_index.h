// store::SqliteIndex: revoked tokens, the index of recordings, and lists of all there is.
#pragma once

#include "store/questions.h"
#include "store/sqlite_file.h"

namespace parley::store {

class SqliteIndex {
public:
    explicit SqliteIndex(SqliteFile& file) noexcept;
    bool ok() const noexcept;

    Result<Done> answer(const RevokeToken& question) noexcept;
    Result<RevokedTokens> answer(const GetRevoked& question) noexcept;
    Result<Done> answer(const KeepRecording& question) noexcept;
    Result<Recordings> answer(const GetRecordings& question) noexcept;
    Result<OneRecording> answer(const GetRecording& question) noexcept;
    Result<Done> answer(const ForgetRecording& question) noexcept;
    Result<Names> answer(const List& question) noexcept;
    Result<Done> expire(WallTime before) noexcept;

private:
    Result<Recordings> read(Run& ask, std::uint32_t limit);
    Result<OneRecording> find(std::string_view id) noexcept;
    const Statement& list(List::What what) const noexcept;

    Statement revoke_, get_revoked_, drop_revoked_, keep_, get_, forget_, get_of_, get_all_,
        list_users_, list_groups_, list_conversations_, list_queues_;
};

}  // namespace parley::store
