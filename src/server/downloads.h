// server::Downloads: the recordings that are being sent by one shard.
#pragma once

#include <cstdint>
#include <memory>

#include "record/library.h"
#include "server/download.h"
#include "store/store.h"

namespace parley::server {

/// Of one shard at a time: each holds two pieces of 64 KiB and a chunk, so these are 13 MiB.
/// Beyond: 503 with Retry-After.
inline constexpr std::size_t downloads_max = 64;

class Downloads final : private store::StoreClient {
public:
    enum class MayHear : std::uint8_t { no, yes, ask_store };
    /// Who may hear what: `ask_store` where only a member of the group may.
    class Access {
    public:
        virtual MayHear may_hear(const session::Identity& who,
                                 const record::Talk& talk) noexcept = 0;
        /// For whoever counts addresses.
        virtual void on_download_gone(session::AddressMark address) noexcept = 0;

    protected:
        ~Access() = default;
    };

    /// `library` null: begin() is not called.
    Downloads(net::Shared& net, record::Library* library, store::Store& store,
              Access& access) noexcept
        : net_(net), library_(library), store_(store), access_(access) {}
    Downloads(const Downloads&) = delete;
    Downloads& operator=(const Downloads&) = delete;
    virtual ~Downloads() = default;

    /// Takes over the descriptor of who asks for a recording.
    void begin(session::Admission admission, int descriptor) noexcept;
    /// Cuts all.
    void abort() noexcept;

private:
    friend class Download;
    class Job;

    void ask_access(Download& download, const record::Talk& talk) noexcept;
    void ask_list(const Download& download, store::GetRecordings page) noexcept;
    void on_answer(store::Ticket ticket, Result<store::Answer> answer) noexcept override;
    Download* find(std::uint64_t number) noexcept;
    void read(const Download& download, std::unique_ptr<record::Source> source) noexcept;
    void on_read(std::uint64_t number, std::unique_ptr<record::Source> source,
                 seal::Bytes piece) noexcept;
    void on_gone(Download& download) noexcept;

    net::Shared& net_;
    record::Library* const library_;
    store::Store& store_;
    Access& access_;
    IntrusiveList<Download, &Download::hook> list_;
    std::size_t size_ = 0;
    std::uint64_t last_ = 0;
};

}  // namespace parley::server
