// server::Download: one recording on its way to who asked for it.
//
//   opening ──▶ may it be heard? ──▶ head ──▶ piece ─▶ sent ─▶ piece … ──▶ end
//                  └─ no, or not there: 404
//   list ─────▶ may they be heard? ──▶ JSON
//                  └─ no: 403, whether or not there is such a group
//
// Files are read by the library's thread, a piece at a time, and the next when the one before has
// gone to the socket: so a reader of any pace holds two pieces at most. It lives on its user's home
// shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/intrusive_list.h"
#include "http/range.h"
#include "net/connection.h"
#include "record/library.h"
#include "session/admission.h"
#include "store/questions.h"

namespace parley::server {

class Downloads;

class Download final : private net::Connection::Owner {
public:
    Download(Downloads& all, std::uint64_t number, session::Admission admission,
             int descriptor) noexcept;
    Download(const Download&) = delete;
    Download& operator=(const Download&) = delete;
    ~Download() = default;

    /// Receives from now on; then one of these two follows.
    void open() noexcept { connection_.start(); }
    void start() noexcept;
    /// Turns it away: there is no room for it, or nobody to ask who may hear what.
    void refuse() noexcept { answer(503); }
    void abort() noexcept { connection_.abort(); }

    /// From the store: whether it may be heard, and the list that was asked for.
    void on_access(bool may_hear) noexcept;
    void on_list(const store::Recordings& page) noexcept;
    /// From the library: the source, null if there is none; and what was read of it.
    void on_read(std::unique_ptr<record::Source> source, seal::Bytes piece) noexcept;

    std::uint64_t number() const noexcept { return number_; }
    session::AddressMark address() const noexcept { return admission_.address; }
    const session::Identity& who() const noexcept { return admission_.identity; }
    /// Of the recording that was asked for; empty for a list.
    const std::string& id() const noexcept { return id_; }

    ListHook hook;  ///< of whoever keeps it

private:
    const session::Fetch& fetch() const noexcept;
    void on_received(std::span<std::byte>) noexcept override {}  // one request is answered
    void on_end() noexcept override {}                           // it may read on
    void on_closed() noexcept override;
    void on_too_slow() noexcept override { connection_.abort(); }
    void on_detached(int) noexcept override {}
    void on_due() noexcept { connection_.abort(); }
    void on_look() noexcept;

    void begin_list(std::string_view query) noexcept;
    void begin(std::unique_ptr<record::Source> source) noexcept;
    void send_sound() noexcept;
    void send_head(http::RangeAnswer answer, std::uint64_t size) noexcept;
    void answer(std::uint16_t status) noexcept;
    bool is_list() const noexcept { return id_.empty(); }
    bool send(std::span<const std::byte> bytes) noexcept;
    bool send(std::string_view text) noexcept { return send(std::as_bytes(std::span{text})); }
    void look_later() noexcept;
    void end() noexcept;

    Downloads& all_;
    const std::uint64_t number_;
    session::Admission admission_;  // it has a fetch
    std::string id_;
    store::GetRecordings page_;  // if it is a list
    net::Connection connection_;
    Timer due_;                               // it takes too long
    Timer look_;                              // whether the last piece has gone
    std::unique_ptr<record::Source> source_;  // while nothing is read
    http::Range range_;
    std::uint64_t left_ = 0;
    bool begun_ = false;
};

}  // namespace parley::server
