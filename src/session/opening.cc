#include "session/opening.h"

#include <cstring>
#include <utility>

#include "http/reply.h"
#include "session/credentials.h"
#include "session/limits.h"
#include "ws/handshake.h"

namespace parley::session {
namespace {

// What the VoicePing router says of itself: clients of its kind look for it.
constexpr std::string_view welcome = "Welcome to VoicePing Router 1.0.0";

Credentials credentials_of(const http::RequestHead& head, std::string& protocols) {
    const auto value = [&head](std::string_view name) {
        return head.find(name).value_or(std::string_view{});
    };
    auto list = head.list("sec-websocket-protocol");
    while (const auto entry = list.next()) {
        if (!protocols.empty()) protocols += ',';
        protocols += *entry;
    }
    return find_credentials({.token = value("token"),
                             .voicepingtoken = value("voicepingtoken"),
                             .device_id = value("device_id"),
                             .deviceid = value("deviceid"),
                             .protocols = protocols,
                             .authorization = value("authorization")});
}

}  // namespace

Opening::Opening(net::Shared& shared, int descriptor, const Policy& policy, Gate& gate) noexcept
    : shared_(shared),
      policy_(policy),
      gate_(gate),
      connection_(shared, descriptor, *this),
      timer_(Timer::Handler::to<&Opening::on_timer>(*this)) {
    connection_.take_pieces();
    if (policy.tls != nullptr) {
        connection_.secure(std::make_unique<net::tls::Channel>(*policy.tls));
    }
}

void Opening::start(AddressMark address) noexcept {
    admission_.address = address;
    shared_.shard.timers().start(timer_, shared_.shard.now() + policy_.opening_max);
    connection_.start();
}

void Opening::turn_away(std::uint16_t status, std::chrono::seconds retry_after) noexcept {
    connection_.start();
    answer(http::format({.status = status,
                         .body = http::reason_phrase(status),
                         .then = http::Reply::Then::close,
                         .retry_after = retry_after}));
}

void Opening::on_timer() noexcept {
    connection_.abort();
}

void Opening::on_end() noexcept {
    if (!admitted_) connection_.close_after_sending();
}

// Most likely a browser, or a client whose URL says ws: it is told. Anything else is dropped.
void Opening::on_not_tls(std::span<const std::byte> bytes) noexcept {
    const auto first = std::to_integer<char>(bytes.front());
    if (first < 'A' || first > 'Z') return;
    answer(http::format({.status = 400,
                         .body = "This port speaks TLS: connect with https:// or wss://.\n",
                         .then = http::Reply::Then::close}));
}

void Opening::on_received(std::span<std::byte> bytes) noexcept {
    if (admitted_) return keep(bytes);
    if (answered_) return;
    const auto progress = parser_.feed(bytes);
    if (progress.status == http::HeadParser::Status::need_more) return;
    if (progress.status == http::HeadParser::Status::failed) {
        const http::Failure& failure = parser_.failure();
        return answer(http::format(
            {.status = failure.status, .body = failure.text, .then = http::Reply::Then::close}));
    }
    keep(bytes.subspan(progress.consumed));
    on_head(parser_.head());
}

void Opening::keep(std::span<const std::byte> bytes) noexcept {
    if (admission_.received.size() + bytes.size() > early_bytes_max) {
        overflowed_ = true;
        return;
    }
    admission_.received.insert(admission_.received.end(), bytes.begin(), bytes.end());
}

void Opening::on_head(const http::RequestHead& head) noexcept {
    if (ws::wants_upgrade(head)) return on_upgrade(head);
    answer_plain(head);
}

void Opening::on_upgrade(const http::RequestHead& head) noexcept {
    ws::Handshake handshake = ws::examine(head);
    if (const auto* refusal = std::get_if<ws::Refuse>(&handshake)) {
        return answer(ws::refuse_reply(*refusal));
    }
    if (!page_may_connect(head)) return refuse_page();
    std::string protocols;
    const Credentials credentials = credentials_of(head, protocols);
    if (policy_.admit == Admit::by_token && !sign_in(credentials.token)) return;
    admission_.device = credentials.device;
    auto& accept = std::get<ws::Accept>(handshake);
    accept.deflate = ws::negotiate_deflate(head, policy_.deflate);  // it has signed in by now
    admission_.deflate = accept.deflate;
    admission_.reply = ws::accept_reply(accept, credentials.subprotocol);
    admitted_ = true;
    connection_.detach();
}

bool Opening::sign_in(std::string_view token) noexcept {
    // The time of day as it is, not Shard::wall_now(): a clock that was ahead for a moment must not
    // make every token look expired until it has caught up.
    Verdict verdict = policy_.authenticator.verify(token, shared_.shard.ring().wall_now());
    if (!verdict) {
        refuse(verdict.refusal());
        return false;
    }
    admission_.identity = std::move(verdict.identity());
    return true;
}

// Who may hear it is known where the user lives, and goes on there.
void Opening::on_fetch(const http::RequestHead& head, std::string_view target) noexcept {
    if (!page_may_connect(head)) return refuse_page();
    std::string protocols;
    if (!sign_in(credentials_of(head, protocols).token)) return;
    admission_.fetch = {std::string{target},
                        std::string{head.find("range").value_or(std::string_view{})},
                        head.method() == "HEAD"};
    admitted_ = true;
    connection_.detach();
}

// Two origins are one too many to choose from.
bool Opening::page_may_connect(const http::RequestHead& head) const {
    const auto origin = head.find("origin");
    if (!origin) return true;
    return head.count("origin") == 1 &&
           policy_.origins.allows(*origin, head.find("host").value_or(std::string_view{}));
}

void Opening::refuse_page() noexcept {
    gate_.on_refused(Refusal::foreign_origin);
    answer(ws::refuse_reply({.status = 403,
                             .body = "pages of this origin may not connect: start the server with "
                                     "--allow-origin ORIGIN",
                             .reason = text(Refusal::foreign_origin)}));
}

void Opening::refuse(Refusal reason) noexcept {
    gate_.on_refused(reason);
    answer(ws::refuse_reply({.status = 401, .body = http_body(reason), .reason = text(reason)}));
}

void Opening::answer_plain(const http::RequestHead& head) noexcept {
    http::Reply reply{.then = http::Reply::Then::close};
    const bool is_head = head.method() == "HEAD";
    constexpr std::string_view recordings = "/recordings/";
    const bool is_fetch = policy_.serves_recordings && policy_.admit == Admit::by_token &&
                          (is_head || head.method() == "GET") &&
                          head.path().starts_with(recordings);
    if (is_fetch) return on_fetch(head, head.path().substr(recordings.size()));
    if (is_head) reply.body_is = http::Reply::Body::omitted;
    if (head.method() != "GET" && !is_head) {
        reply.status = 403;
        reply.body = "Forbidden";
    } else if (head.target() == "/") {
        reply.body = welcome;
    } else if (head.target() == "/healthz") {
        const std::string_view why_not = gate_.unready();
        reply.status = why_not.empty() ? 200 : 503;
        reply.body = why_not.empty() ? "ok" : why_not;
    } else if (head.target() == "/readyz") {
        const Readiness readiness = gate_.readiness();
        reply.status = readiness.wants_connections ? 200 : 503;
        reply.body = readiness.text;
    } else {
        reply.status = 404;
        reply.body = "Not Found";
    }
    answer(http::format(reply));
}

void Opening::answer(std::string_view reply) noexcept {
    answered_ = true;
    FrameRef frame = shared_.shard.frames().allocate(reply.size());
    if (!frame) return connection_.abort();
    std::memcpy(frame.space().data(), reply.data(), reply.size());
    frame.set_size(reply.size());
    connection_.send(frame, net::Delivery::lasting);
    connection_.close_after_sending();
}

void Opening::on_closed() noexcept {
    gate_.on_opening_gone(*this);
}

void Opening::on_detached(int descriptor) noexcept {
    admission_.channel = connection_.take_channel();
    const bool is_lost = admission_.channel && !admission_.channel->is_open();  // it left meanwhile
    if (overflowed_ || is_lost) {
        shared_.shard.ring().close(descriptor);
        return gate_.on_opening_gone(*this);
    }
    gate_.on_admitted(*this, std::move(admission_), descriptor);
}

}  // namespace parley::session
