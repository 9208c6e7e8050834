// session::Opening: a connection from accept until it is known who is there.
//
//   reading the head ── upgrade, token accepted ──▶ detaching ──▶ Gate::on_admitted()
//        │                                                         (then the home shard's)
//        ├── plain HTTP, refused, malformed ──▶ answering ──▶ Gate::on_opening_gone()
//        └── opening_max passed ───────────────────────────────▲
//
// It sends nothing to those it admits: their answer is sent by the shard they go to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "http/request_head.h"
#include "net/connection.h"
#include "net/tls_source.h"
#include "session/admission.h"
#include "session/auth.h"
#include "session/origins.h"

namespace parley::session {

/// What `GET /readyz` answers.
struct Readiness {
    bool wants_connections = true;
    std::string_view text;
};

class Opening final : private net::Connection::Owner {
public:
    /// What becomes of openings. Both calls end the opening, which is then to be destroyed.
    class Gate {
    public:
        virtual void on_admitted(Opening& opening, Admission admission,
                                 int descriptor) noexcept = 0;
        virtual void on_opening_gone(Opening& opening) noexcept = 0;
        /// Counts why somebody was not let in.
        virtual void on_refused(Refusal reason) noexcept = 0;
        /// What `GET /healthz` answers: why this server wants no connections; empty if it does.
        virtual std::string_view unready() const noexcept = 0;
        /// The same, and how the store and recordings do.
        virtual Readiness readiness() const noexcept = 0;

    protected:
        ~Gate() = default;
    };
    /// How connections are told apart.
    enum class Admit : std::uint8_t {
        by_token,  ///< a token says who it is
        anybody,   ///< no token is asked for; the user is the empty name
    };
    struct Policy {
        const Authenticator& authenticator;
        const Origins& origins;
        Admit admit = Admit::by_token;
        ws::Deflate deflate = ws::Deflate::off;
        const net::tls::Source* tls = nullptr;  ///< null: connections are plain
        /// From accept to the end of the request head, whatever drips in meanwhile (C1).
        Duration opening_max = std::chrono::seconds{5};
        bool serves_recordings = false;
    };

    Opening(net::Shared& shared, int descriptor, const Policy& policy, Gate& gate) noexcept;
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;
    ~Opening() = default;

    void start(AddressMark address) noexcept;
    /// Answers before anything was asked, and closes: for who cannot be taken in. The status's own
    /// words are the body.
    void turn_away(std::uint16_t status, std::chrono::seconds retry_after) noexcept;
    /// Where it came from, for whoever counts.
    AddressMark address() const noexcept { return admission_.address; }
    /// Closes without an answer, as at shutdown.
    void abort() noexcept { connection_.abort(); }

    ListHook hook;  ///< of whoever keeps it

private:
    void on_received(std::span<std::byte> bytes) noexcept override;
    void on_end() noexcept override;
    void on_not_tls(std::span<const std::byte> bytes) noexcept override;
    void on_closed() noexcept override;
    void on_too_slow() noexcept override { connection_.abort(); }
    void on_detached(int descriptor) noexcept override;
    void on_timer() noexcept;
    void keep(std::span<const std::byte> bytes) noexcept;
    void on_head(const http::RequestHead& head) noexcept;
    void on_upgrade(const http::RequestHead& head) noexcept;
    void answer(std::string_view reply) noexcept;
    bool sign_in(std::string_view token) noexcept;
    void on_fetch(const http::RequestHead& head, std::string_view target) noexcept;
    void answer_plain(const http::RequestHead& head) noexcept;
    bool page_may_connect(const http::RequestHead& head) const;
    void refuse(Refusal reason) noexcept;
    void refuse_page() noexcept;

    net::Shared& shared_;
    const Policy& policy_;
    Gate& gate_;
    net::Connection connection_;
    http::HeadParser parser_;
    Timer timer_;
    Admission admission_;
    bool answered_ = false;  // an answer is on its way, or none will be given
    bool admitted_ = false;
    bool overflowed_ = false;  // over TLS: more than early_bytes_max before it was answered
};

}  // namespace parley::session
